import { sortedBy } from './order.ts'
import type { Privilege } from './privilege.ts'

/** The kinds of object that have an ACL, under the words PostgreSQL's manual has for them. */
export type ObjectKind =
  | 'database'
  | 'tablespace'
  | 'parameter'
  | 'schema'
  | 'table'
  | 'column'
  | 'sequence'
  | 'function'
  | 'procedure'
  | 'large object'
  | 'type'
  | 'language'
  | 'foreign-data wrapper'
  | 'foreign server'

/** How pgsr treats one kind of object. */
export interface ObjectKindRow {
  /** What the parts of such an object's name are. */
  readonly parts: readonly string[]
  /** How GRANT and REVOKE name the kind. */
  readonly grantKeyword: string
  /** How ALTER … OWNER TO names the kind; `undefined` when such an object has no owner of its own. */
  readonly ownerKeyword?: string
  /** Every privilege that GRANT accepts for the kind, on some version. */
  readonly privileges: readonly Privilege[]
  /** The privileges that a caller may ask for. */
  readonly grantable?: readonly Privilege[]
  /** Its facts belong to the whole cluster, not to one database. */
  readonly shared?: boolean
  /** ACL items that nothing asks for are revoked; otherwise they are listed as unmanaged. */
  readonly managesPrivileges?: boolean
  /** Ownerships that nothing asks for are moved; otherwise they are listed as unmanaged. */
  readonly managesOwnership?: boolean
}

/**
 * Every kind of object, a row each. `table` stands for everything that GRANT … ON TABLE accepts but sequences: tables, partitioned tables, views,
 * materialized views and foreign tables.
 * @see https://www.postgresql.org/docs/current/ddl-priv.html
 */
export const objectKinds: Readonly<Record<ObjectKind, ObjectKindRow>> = {
  database: {
    parts: ['database'],
    grantKeyword: 'DATABASE',
    ownerKeyword: 'DATABASE',
    privileges: ['CREATE', 'CONNECT', 'TEMPORARY'],
    grantable: ['CONNECT'],
    shared: true,
    managesPrivileges: true,
  },
  tablespace: {
    parts: ['tablespace'],
    grantKeyword: 'TABLESPACE',
    ownerKeyword: 'TABLESPACE',
    privileges: ['CREATE'],
    shared: true,
  },
  parameter: {
    parts: ['parameter'],
    grantKeyword: 'PARAMETER',
    privileges: ['SET', 'ALTER SYSTEM'],
    shared: true,
  },
  schema: {
    parts: ['schema'],
    grantKeyword: 'SCHEMA',
    ownerKeyword: 'SCHEMA',
    privileges: ['USAGE', 'CREATE'],
    grantable: ['USAGE', 'CREATE'],
    managesPrivileges: true,
    managesOwnership: true,
  },
  table: {
    parts: ['schema', 'table'],
    grantKeyword: 'TABLE',
    ownerKeyword: 'TABLE',
    privileges: ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'],
    grantable: ['SELECT'],
    managesPrivileges: true,
    managesOwnership: true,
  },
  column: {
    parts: ['schema', 'table', 'column'],
    grantKeyword: 'TABLE',
    privileges: ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'],
    managesPrivileges: true,
  },
  sequence: {
    parts: ['schema', 'sequence'],
    grantKeyword: 'SEQUENCE',
    ownerKeyword: 'SEQUENCE',
    privileges: ['USAGE', 'SELECT', 'UPDATE'],
  },
  function: {
    parts: ['schema', 'function', 'arguments'],
    grantKeyword: 'FUNCTION',
    ownerKeyword: 'FUNCTION',
    privileges: ['EXECUTE'],
  },
  procedure: {
    parts: ['schema', 'procedure', 'arguments'],
    grantKeyword: 'PROCEDURE',
    ownerKeyword: 'PROCEDURE',
    privileges: ['EXECUTE'],
  },
  'large object': {
    parts: ['oid'],
    grantKeyword: 'LARGE OBJECT',
    ownerKeyword: 'LARGE OBJECT',
    privileges: ['SELECT', 'UPDATE'],
  },
  type: {
    parts: ['schema', 'type'],
    grantKeyword: 'TYPE',
    ownerKeyword: 'TYPE',
    privileges: ['USAGE'],
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
  },
  'foreign server': {
    parts: ['foreign server'],
    grantKeyword: 'FOREIGN SERVER',
    ownerKeyword: 'SERVER',
    privileges: ['USAGE'],
  },
}

/** Names one object of the cluster or of the current database. */
export interface ObjectName {
  readonly kind: ObjectKind
  /** The unquoted parts, from the outside in: schema before table. */
  readonly name: readonly string[]
}

/** The schema that an object is in; `undefined` for what is in none, as a schema itself. */
export const schemaOf = ({ kind, name }: ObjectName): string | undefined =>
  objectKinds[kind].parts.length > 1 ? name[0] : undefined

/** One text for one object, usable as a key: no name can hold NUL. */
export const objectKey = (object: ObjectName): string => `${object.kind}\0${object.name.join('\0')}`

/** The names of some objects, each once, in an order of their own. */
export const distinctObjects = (objects: readonly ObjectName[]): readonly ObjectName[] =>
  sortedBy(
    new Map(objects.map(({ kind, name }) => [objectKey({ kind, name }), { kind, name }])).values(),
    objectKey,
  )
