import { inKeyOrder } from '../util/collections.ts'
import type { Privilege } from './privilege.ts'

/** How statements and messages spell a name that is more than quoted parts with dots between them. */
export type NameSyntax = 'routine' | 'operator' | 'for access method' | 'setting' | 'oid'

/** How pgsr treats one kind of object. */
export interface ObjectKindRow {
  /** The parts of such an object's name. */
  readonly parts: readonly string[]
  /** What further parts are, of which there can be any number: the argument types of a routine. */
  readonly more?: string
  /** How the parts are spelled as one name. Default: as a qualified name. */
  readonly syntax?: NameSyntax
  /** The mode before each argument type of a routine, so that only input arguments are meant. */
  readonly argumentMode?: 'IN'
  /** How GRANT and REVOKE name the kind; left out if such an object has no ACL. */
  readonly grantKeyword?: string
  /** How ALTER … OWNER TO names the kind; left out if such an object has no owner of its own. */
  readonly ownerKeyword?: string
  /** Every privilege that GRANT accepts for the kind in some version. */
  readonly privileges: readonly Privilege[]
  /** It belongs to the whole cluster, not to one database. */
  readonly shared?: true
  /** A pattern can stand for objects of this kind in a schema. */
  readonly matchable?: true
  /**
   * Before this version, as in `server_version_num`, only superusers can own such an object; a million means always.
   */
  readonly ownedBySuperusersBefore?: number
  /** Such an object holds no code that could run with its owner’s rights. Tables are looked at one by one. */
  readonly inert?: true
  /**
   * Such an object does things on its own with its owner’s rights, so it never goes to a role that the caller
   * has not named.
   */
  readonly actsByItself?: true
  /** The first version that has the kind, as in `server_version_num`. */
  readonly since?: number
}

const table = {
  database: {
    parts: ['database'],
    grantKeyword: 'DATABASE',
    ownerKeyword: 'DATABASE',
    privileges: ['CREATE', 'CONNECT', 'TEMPORARY'],
    shared: true,
    inert: true,
  },
  tablespace: {
    parts: ['tablespace'],
    grantKeyword: 'TABLESPACE',
    ownerKeyword: 'TABLESPACE',
    privileges: ['CREATE'],
    shared: true,
    inert: true,
  },
  parameter: {
    parts: ['parameter'],
    syntax: 'setting',
    grantKeyword: 'PARAMETER',
    privileges: ['SET', 'ALTER SYSTEM'],
    shared: true,
    since: 150000,
  },
  schema: {
    parts: ['schema'],
    grantKeyword: 'SCHEMA',
    ownerKeyword: 'SCHEMA',
    privileges: ['USAGE', 'CREATE'],
    inert: true,
  },
  table: {
    parts: ['schema', 'table'],
    grantKeyword: 'TABLE',
    ownerKeyword: 'TABLE',
    privileges: ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'],
    matchable: true,
  },
  column: {
    parts: ['schema', 'table', 'column'],
    grantKeyword: 'TABLE',
    privileges: ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'],
    matchable: true,
  },
  sequence: {
    parts: ['schema', 'sequence'],
    grantKeyword: 'SEQUENCE',
    ownerKeyword: 'SEQUENCE',
    privileges: ['USAGE', 'SELECT', 'UPDATE'],
    matchable: true,
    inert: true,
  },
  function: {
    parts: ['schema', 'function'],
    more: 'argument type',
    syntax: 'routine',
    grantKeyword: 'FUNCTION',
    ownerKeyword: 'FUNCTION',
    privileges: ['EXECUTE'],
    matchable: true,
  },
  procedure: {
    parts: ['schema', 'procedure'],
    more: 'argument type',
    syntax: 'routine',
    // Without a mode, PostgreSQL 14 and later also look for a procedure that has OUT arguments among these.
    argumentMode: 'IN',
    grantKeyword: 'PROCEDURE',
    ownerKeyword: 'PROCEDURE',
    privileges: ['EXECUTE'],
    matchable: true,
    since: 110000,
  },
  'large object': {
    parts: ['oid'],
    syntax: 'oid',
    grantKeyword: 'LARGE OBJECT',
    ownerKeyword: 'LARGE OBJECT',
    privileges: ['SELECT', 'UPDATE'],
    inert: true,
  },
  type: {
    parts: ['schema', 'type'],
    grantKeyword: 'TYPE',
    ownerKeyword: 'TYPE',
    privileges: ['USAGE'],
    matchable: true,
  },
  language: {
    parts: ['language'],
    grantKeyword: 'LANGUAGE',
    ownerKeyword: 'LANGUAGE',
    privileges: ['USAGE'],
  },
  'foreign-data wrapper': {
    parts: ['foreign-data wrapper'],
    grantKeyword: 'FOREIGN DATA WRAPPER',
    ownerKeyword: 'FOREIGN DATA WRAPPER',
    privileges: ['USAGE'],
    ownedBySuperusersBefore: 1_000_000,
  },
  'foreign server': {
    parts: ['foreign server'],
    grantKeyword: 'FOREIGN SERVER',
    ownerKeyword: 'SERVER',
    privileges: ['USAGE'],
    inert: true,
  },
  operator: {
    parts: ['schema', 'operator', 'left type', 'right type'],
    syntax: 'operator',
    ownerKeyword: 'OPERATOR',
    privileges: [],
  },
  'operator class': {
    parts: ['schema', 'operator class', 'access method'],
    syntax: 'for access method',
    ownerKeyword: 'OPERATOR CLASS',
    privileges: [],
  },
  'operator family': {
    parts: ['schema', 'operator family', 'access method'],
    syntax: 'for access method',
    ownerKeyword: 'OPERATOR FAMILY',
    privileges: [],
  },
  collation: { parts: ['schema', 'collation'], ownerKeyword: 'COLLATION', privileges: [] },
  conversion: { parts: ['schema', 'conversion'], ownerKeyword: 'CONVERSION', privileges: [] },
  'text search configuration': {
    parts: ['schema', 'text search configuration'],
    ownerKeyword: 'TEXT SEARCH CONFIGURATION',
    privileges: [],
  },
  'text search dictionary': {
    parts: ['schema', 'text search dictionary'],
    ownerKeyword: 'TEXT SEARCH DICTIONARY',
    privileges: [],
  },
  'statistics object': {
    parts: ['schema', 'statistics object'],
    ownerKeyword: 'STATISTICS',
    privileges: [],
    since: 100000,
  },
  publication: { parts: ['publication'], ownerKeyword: 'PUBLICATION', privileges: [], since: 100000 },
  subscription: {
    parts: ['subscription'],
    ownerKeyword: 'SUBSCRIPTION',
    privileges: [],
    ownedBySuperusersBefore: 160000,
    actsByItself: true,
    since: 100000,
  },
  'event trigger': {
    parts: ['event trigger'],
    ownerKeyword: 'EVENT TRIGGER',
    privileges: [],
    ownedBySuperusersBefore: 1_000_000,
    actsByItself: true,
  },
} as const

/** The kinds of object that have an owner or an ACL, named as in PostgreSQL's manual. */
export type ObjectKind = keyof typeof table

/** The privileges that a kind of object can have. */
export type PrivilegeOn<Kind extends ObjectKind> = (typeof table)[Kind]['privileges'][number]

/** The kinds of object that have privileges. */
export type GrantableKind = {
  [Kind in ObjectKind]: PrivilegeOn<Kind> extends never ? never : Kind
}[ObjectKind]

/** The kinds of object that have an owner of their own. */
export type OwnableKind = {
  [Kind in ObjectKind]: (typeof table)[Kind] extends { readonly ownerKeyword: string } ? Kind : never
}[ObjectKind]

/** The kinds of object that a pattern can stand for. */
export type MatchableKind = {
  [Kind in ObjectKind]: (typeof table)[Kind] extends { readonly matchable: true } ? Kind : never
}[ObjectKind]

/** The kinds of object in a schema that have an owner of their own. */
export type KindInSchema = {
  [Kind in OwnableKind]: (typeof table)[Kind]['parts'] extends readonly ['schema', string, ...string[]]
    ? Kind
    : never
}[OwnableKind]

type Texts<Parts extends readonly string[]> = { [Index in keyof Parts]: string }

/** The parts of the name of an object of a kind, as arguments of a function; the argument types of a routine are a list. */
export type NameParts<Kind extends ObjectKind> = [
  ...Texts<(typeof table)[Kind]['parts']>,
  ...((typeof table)[Kind] extends { readonly more: string } ? [argumentTypes: readonly string[]] : []),
]

/**
 * Every kind of object that has an owner or an ACL, one row each. `table` stands for everything that GRANT …
 * ON TABLE accepts except sequences: tables, partitioned tables, views, materialized views and foreign
 * tables; `function` for aggregates and window functions too; `type` for domains.
 * @see https://www.postgresql.org/docs/current/ddl-priv.html
 */
export const objectKinds: Readonly<Record<ObjectKind, ObjectKindRow>> = table

export const isObjectKind = (kind: unknown): kind is ObjectKind =>
  typeof kind === 'string' && Object.hasOwn(objectKinds, kind)

/** Names one object of the cluster or of the current database. */
export interface ObjectName<Kind extends ObjectKind = ObjectKind> {
  readonly kind: Kind
  /**
   * The unquoted parts, from the outside in: schema before table. Types of arguments are as `typeName` spells them, and
   * a large object's only part is its oid.
   */
  readonly name: readonly string[]
}

/** The schema that an object is in; `undefined` if it is in none, as a schema itself. */
export const schemaOf = ({ kind, name }: ObjectName): string | undefined =>
  kind !== 'schema' && objectKinds[kind].parts[0] === 'schema' ? name[0] : undefined

export const isKindInSchema = (kind: ObjectKind): kind is KindInSchema =>
  objectKinds[kind].ownerKeyword !== undefined && schemaOf({ kind, name: [''] }) !== undefined

/** `tables`, `operator classes`, `operator families`. */
export const plural = (kind: ObjectKind): string => `${kind.replace(/y$/, 'ie').replace(/s$/, 'se')}s`

/** Whether an object contains others, which a role can access or create only with a privilege on it. */
export const isContainer = ({ kind }: Pick<ObjectName, 'kind'>): boolean =>
  kind === 'schema' || kind === 'database'

/** A key that is unique to an object: no name can hold NUL. */
export const objectKey = ({ kind, name }: ObjectName): string =>
  name.reduce((key, part) => `${key}\0${part}`, kind as string)

/** The names of some objects, each once, in canonical order. */
export const distinctObjects = (objects: readonly ObjectName[]): readonly ObjectName[] => {
  const byKey = new Map<string, ObjectName>()
  for (const { kind, name } of objects) byKey.set(objectKey({ kind, name }), { kind, name })
  return inKeyOrder(byKey)
}
