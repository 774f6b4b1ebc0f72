import { type ObjectKind } from '@pgsr/planner'
import { schemaOf } from '@pgsr/planner/internal'
import { type RawBuilder, sql } from 'kysely'
import type { PgCatalog } from './pg-catalog.ts'
import { catalogOid, constant } from './constant.ts'
import { isArray, typeText } from './type-text.ts'

type Catalog = keyof PgCatalog

/** How one catalog stores its kinds of object. A row of the catalog is `o` in the SQL below. */
export interface ObjectCatalog {
  /** The kinds of object in the catalog. */
  readonly kinds: readonly ObjectKind[]
  readonly catalog: Catalog
  /** The catalog that dependencies name, if it is another one. */
  readonly dependency?: Catalog
  /** The columns of the name and of the schema’s oid. */
  readonly nameColumn: string
  readonly schema?: string
  readonly acl?: string
  /** Whether a row is an object of a kind, if not all rows are. */
  readonly is?: (kind: ObjectKind, version: number) => RawBuilder<boolean>
  /** The same for a row that the scope names, as row `w` of the requested names, if that accepts more. */
  readonly isNamed?: (kind: ObjectKind, version: number) => RawBuilder<boolean>
  /** How an object that the scope names is found, if not by the column of its name. */
  readonly lookUp?: RawBuilder<unknown>
  /** The first version with the catalog. */
  readonly since?: number
}

/** A catalog of objects with an owner and an ACL. */
export interface AclCatalog extends ObjectCatalog {
  readonly acl: string
  /** The column of the owner; `bootstrap` if such objects have no owner. */
  readonly owner: string
  /** The letter of the kind for `acldefault`. */
  readonly letter: string
  /** Other columns that are read. */
  readonly columns?: (version: number) => readonly string[]
  /** The name without the schema, if it is not the column of the name. */
  readonly name?: RawBuilder<string>
  /** Further parts of the name. */
  readonly more?: RawBuilder<readonly string[]>
  /** The schema and name of the table whose owner the object always has. */
  readonly follows?: RawBuilder<readonly string[] | null>
  /** Whether anything can be granted on a row, if not on all rows. */
  readonly isGrantable?: RawBuilder<boolean>
  /** The foreign-data wrapper of a foreign server. */
  readonly wrapper?: RawBuilder<string>
}

/** Procedures exist from 11 on. Before that every routine is a function. */
const isRoutine = (kind: ObjectKind, version: number): RawBuilder<boolean> => {
  if (version < 110000) return sql`true`
  return kind === 'procedure' ? sql`o.prokind = 'p'` : sql`o.prokind <> 'p'`
}

/** Nothing can be granted on array types and shell types, nor, from 17 on, on multiranges, which follow their range. */
const isGrantableType = (_kind: ObjectKind, version: number): RawBuilder<boolean> =>
  sql`o.typisdefined and not ${isArray('o')} ${version < 170000 ? sql`` : sql`and o.typtype <> 'm'`}`

/** A shell type can be owned. */
const isNamedType = (kind: ObjectKind, version: number): RawBuilder<boolean> =>
  sql`(w.owned and not o.typisdefined or ${isGrantableType(kind, version)})`

const parameter = sql`a.oid, 0, a.paracl, false
  from requested_name as w join pg_catalog.pg_parameter_acl as a on a.parname = w.first
  where w.kind = 'parameter'`

const largeObject = sql`o.oid, 0, o.lomacl, w.owned
  from requested_name as w
  join pg_catalog.pg_largeobject_metadata as o on o.oid = w.first::oid
  where w.kind = 'large object'`

const subscription = sql`a.objid, 0, null::aclitem[], w.owned
  from requested_name as w
  cross join session as s
  join pg_catalog.pg_subscription as o on o.subname = w.first::name and o.subdbid = s.database
  cross join lateral pg_catalog.pg_get_object_address('subscription', array[o.subname::text], '{}') as a
  where w.kind = 'subscription'`

const isInSchema = (kind: ObjectKind): boolean => schemaOf({ kind, name: [''] }) !== undefined

/** A catalog whose columns begin with a prefix, as those of PostgreSQL do: `spcname`, `pronamespace`. */
const ownerCatalog = (
  kinds: readonly [ObjectKind, ...ObjectKind[]],
  name: keyof PgCatalog,
  prefix: string,
  rest: Partial<ObjectCatalog> = {},
): ObjectCatalog => ({
  kinds,
  catalog: name,
  nameColumn: `${prefix}name`,
  ...(isInSchema(kinds[0]) && { schema: `${prefix}namespace` }),
  ...rest,
})

const aclCatalog = (
  kinds: readonly [ObjectKind, ...ObjectKind[]],
  name: keyof PgCatalog,
  prefix: string,
  letter: string,
  rest: Partial<AclCatalog> = {},
): AclCatalog => ({
  ...ownerCatalog(kinds, name, prefix),
  owner: `${prefix}owner`,
  acl: `${prefix}acl`,
  letter,
  ...rest,
})

/**
 * The catalogs of objects that have an owner and an ACL, except relations.
 * @see https://www.postgresql.org/docs/current/catalogs.html
 */
export const aclCatalogs: readonly AclCatalog[] = [
  aclCatalog(['database'], 'pg_catalog.pg_database', 'dat', 'd', { owner: 'datdba' }),
  aclCatalog(['tablespace'], 'pg_catalog.pg_tablespace', 'spc', 't'),
  aclCatalog(['schema'], 'pg_catalog.pg_namespace', 'nsp', 'n'),
  aclCatalog(['function', 'procedure'], 'pg_catalog.pg_proc', 'pro', 'f', {
    is: isRoutine,
    columns: (version) => ['proargtypes', ...(version >= 110000 ? ['prokind'] : [])],
    // The argument types distinguish routines of the same name, whatever their kind.
    more: sql`array(
      select ${typeText(sql`a.type`)}
      from pg_catalog.unnest(o.proargtypes) with ordinality as a(type, number) order by a.number
    )`,
  }),
  aclCatalog(['large object'], 'pg_catalog.pg_largeobject_metadata', 'lom', 'L', {
    dependency: 'pg_catalog.pg_largeobject',
    nameColumn: 'oid',
    name: sql`t.objid`,
    lookUp: largeObject,
  }),
  aclCatalog(['type'], 'pg_catalog.pg_type', 'typ', 'T', {
    is: isGrantableType,
    isNamed: isNamedType,
    columns: () => ['typrelid', 'typisdefined'],
    isGrantable: sql`o.typisdefined`,
    // The row type of a table.
    follows: sql`(
      select array[n.nspname, c.relname]::text[]
      from pg_catalog.pg_class as c
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where c.oid = o.typrelid and c.relkind <> 'c'
    )`,
  }),
  aclCatalog(['language'], 'pg_catalog.pg_language', 'lan', 'l'),
  aclCatalog(['foreign-data wrapper'], 'pg_catalog.pg_foreign_data_wrapper', 'fdw', 'F'),
  aclCatalog(['foreign server'], 'pg_catalog.pg_foreign_server', 'srv', 'S', {
    columns: () => ['srvfdw'],
    wrapper: sql`(select f.fdwname::text from pg_catalog.pg_foreign_data_wrapper as f where f.oid = o.srvfdw)`,
  }),
  // A parameter has no owner. The bootstrap superuser is recorded as the grantor.
  aclCatalog(['parameter'], 'pg_catalog.pg_parameter_acl', 'par', 'p', {
    lookUp: parameter,
    owner: 'bootstrap',
    since: 150000,
  }),
]

/** The catalogs of objects that have an owner but no ACL. */
export const ownerCatalogs: readonly ObjectCatalog[] = [
  ownerCatalog(['operator'], 'pg_catalog.pg_operator', 'opr'),
  ownerCatalog(['operator class'], 'pg_catalog.pg_opclass', 'opc'),
  ownerCatalog(['operator family'], 'pg_catalog.pg_opfamily', 'opf'),
  ownerCatalog(['collation'], 'pg_catalog.pg_collation', 'coll'),
  ownerCatalog(['conversion'], 'pg_catalog.pg_conversion', 'con'),
  ownerCatalog(['text search configuration'], 'pg_catalog.pg_ts_config', 'cfg'),
  ownerCatalog(['text search dictionary'], 'pg_catalog.pg_ts_dict', 'dict'),
  ownerCatalog(['statistics object'], 'pg_catalog.pg_statistic_ext', 'stx', { since: 100000 }),
  ownerCatalog(['publication'], 'pg_catalog.pg_publication', 'pub', { since: 100000 }),
  ownerCatalog(['event trigger'], 'pg_catalog.pg_event_trigger', 'evt'),
  // Before 14 most sessions may not read the oid of a subscription.
  ownerCatalog(['subscription'], 'pg_catalog.pg_subscription', 'sub', {
    lookUp: subscription,
    since: 100000,
  }),
]

const all: readonly ObjectCatalog[] = [...aclCatalogs, ...ownerCatalogs]

/** The catalog of a kind of object, except relations and columns. */
export const catalogOf = (kind: ObjectKind): ObjectCatalog => all.find(({ kinds }) => kinds.includes(kind))!

/** The catalogs that exist in a version. */
export const existing = <Row extends ObjectCatalog>(rows: readonly Row[], version: number): readonly Row[] =>
  rows.filter(({ since = 0 }) => version >= since)

/** The catalog as dependencies name it. */
export const dependencyOf = ({ catalog, dependency = catalog }: ObjectCatalog): RawBuilder<unknown> =>
  catalogOid(dependency)

/** Its name, without the schema. */
export const dependencyNameOf = ({ catalog, dependency = catalog }: ObjectCatalog): string =>
  dependency.replace(/^pg_catalog\./, '')

/** The kind of a row, which depends on the row if its catalog has several kinds. */
export const kindOf = ({ kinds, is }: ObjectCatalog, version: number): RawBuilder<string> => {
  const [first, ...others] = kinds
  if (is === undefined || others.length === 0 || version < 110000) return constant(first!)
  const cases = others.map((kind) => sql`when ${is(kind, version)} then ${constant(kind)}`)
  return sql`case ${sql.join(cases, sql` `)} else ${constant(first!)} end`
}

const objectCatalogs: ReadonlySet<string> = new Set([
  'pg_class',
  'pg_default_acl',
  ...all.map(dependencyNameOf),
])

/** Whether objects with an owner or an ACL, or default privileges, are in a catalog, which dependencies name. */
export const isObjectCatalog = (catalog: string): boolean => objectCatalogs.has(catalog)
