import type { ObjectKind } from '@pgsr/planner'
import { type RawBuilder, sql } from 'kysely'
import type { PgCatalog } from '../catalog.ts'
import { catalogOid, constant } from './constant.ts'
import { isArray, typeText } from './type-text.ts'

type Catalog = keyof PgCatalog

/** Where one catalog keeps what its kinds of object have: its columns are those of the row `o`. */
export interface ObjectCatalog {
  /** The kinds of object that are in it. */
  readonly kinds: readonly ObjectKind[]
  readonly catalog: Catalog
  /** The catalog that dependencies name instead. */
  readonly dependency?: Catalog
  /** The column of the name, and that of the schema’s oid. */
  readonly nameColumn: string
  readonly schema?: string
  readonly acl?: string
  /** Whether a row is of a kind, where the catalog has several. */
  readonly is?: (kind: ObjectKind, version: number) => RawBuilder<boolean>
  /** The same of one that is named, in the row `w` of what the scope names, where that is more. */
  readonly isNamed?: (kind: ObjectKind, version: number) => RawBuilder<boolean>
  /** How one is found that the scope names, where that is not by its name. */
  readonly lookUp?: RawBuilder<unknown>
  /** The version that has the catalog first. */
  readonly since?: number
}

/** The catalog of objects with an owner and an ACL. */
export interface AclCatalog extends ObjectCatalog {
  readonly acl: string
  /** The column of the owner; `bootstrap` where nobody owns such an object. */
  readonly owner: string
  /** What `acldefault` calls the kind. */
  readonly letter: string
  /** The other columns that are used. */
  readonly columns?: (version: number) => readonly string[]
  /** The name, where it is not in the column of the name alone; without the schema. */
  readonly name?: RawBuilder<string>
  /** Further parts of the name. */
  readonly more?: RawBuilder<readonly string[]>
  /** The table whose owner the object always has, as schema and name. */
  readonly follows?: RawBuilder<readonly string[] | null>
  /** Whether anything can be granted on one, where that is not so of all. */
  readonly isGrantable?: RawBuilder<boolean>
  /** Of a foreign server: its foreign-data wrapper. */
  readonly wrapper?: RawBuilder<string>
}

/** Procedures came with 11; before, there were only functions of several sorts. */
const isRoutine = (kind: ObjectKind, version: number): RawBuilder<boolean> => {
  if (version < 110000) return sql`true`
  return kind === 'procedure' ? sql`o.prokind = 'p'` : sql`o.prokind <> 'p'`
}

/** Nothing is granted on arrays and on what is only declared, and from 17 on a multirange follows its range. */
const isGrantableType = (_kind: ObjectKind, version: number): RawBuilder<boolean> =>
  sql`o.typisdefined and not ${isArray('o')} ${version < 170000 ? sql`` : sql`and o.typtype <> 'm'`}`

/** What is only declared has an owner. */
const isNamedType = (kind: ObjectKind, version: number): RawBuilder<boolean> =>
  sql`(w.owned and not o.typisdefined or ${isGrantableType(kind, version)})`

const parameter = sql`a.oid, 0, a.paracl, false
  from wanted as w join pg_catalog.pg_parameter_acl as a on a.parname = w.first
  where w.kind = 'parameter'`

const largeObject = sql`o.oid, 0, o.lomacl, w.owned
  from wanted as w
  join pg_catalog.pg_largeobject_metadata as o on o.oid = w.first::oid
  where w.kind = 'large object'`

/**
 * A row for each catalog of objects that have an owner and an ACL, but for relations.
 * @see https://www.postgresql.org/docs/current/catalogs.html
 */
export const aclCatalogs: readonly AclCatalog[] = [
  {
    kinds: ['database'],
    catalog: 'pg_catalog.pg_database',
    nameColumn: 'datname',
    owner: 'datdba',
    acl: 'datacl',
    letter: 'd',
  },
  {
    kinds: ['tablespace'],
    catalog: 'pg_catalog.pg_tablespace',
    nameColumn: 'spcname',
    owner: 'spcowner',
    acl: 'spcacl',
    letter: 't',
  },
  {
    kinds: ['schema'],
    catalog: 'pg_catalog.pg_namespace',
    nameColumn: 'nspname',
    owner: 'nspowner',
    acl: 'nspacl',
    letter: 'n',
  },
  {
    kinds: ['function', 'procedure'],
    is: isRoutine,
    catalog: 'pg_catalog.pg_proc',
    columns: (version) => ['proargtypes', ...(version >= 110000 ? ['prokind'] : [])],
    nameColumn: 'proname',
    // The types of its arguments tell it from others of the name, whatever sort of routine it is.
    more: sql`array(
      select ${typeText(sql`a.type`)}
      from pg_catalog.unnest(o.proargtypes) with ordinality as a(type, number) order by a.number
    )`,
    schema: 'pronamespace',
    owner: 'proowner',
    acl: 'proacl',
    letter: 'f',
  },
  {
    kinds: ['large object'],
    catalog: 'pg_catalog.pg_largeobject_metadata',
    dependency: 'pg_catalog.pg_largeobject',
    nameColumn: 'oid',
    name: sql`t.objid`,
    lookUp: largeObject,
    owner: 'lomowner',
    acl: 'lomacl',
    letter: 'L',
  },
  {
    kinds: ['type'],
    is: isGrantableType,
    isNamed: isNamedType,
    catalog: 'pg_catalog.pg_type',
    columns: () => ['typrelid', 'typisdefined'],
    isGrantable: sql`o.typisdefined`,
    nameColumn: 'typname',
    schema: 'typnamespace',
    owner: 'typowner',
    acl: 'typacl',
    letter: 'T',
    // The type of a table's rows.
    follows: sql`(
      select array[n.nspname, c.relname]::text[]
      from pg_catalog.pg_class as c
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where c.oid = o.typrelid and c.relkind <> 'c'
    )`,
  },
  {
    kinds: ['language'],
    catalog: 'pg_catalog.pg_language',
    nameColumn: 'lanname',
    owner: 'lanowner',
    acl: 'lanacl',
    letter: 'l',
  },
  {
    kinds: ['foreign-data wrapper'],
    catalog: 'pg_catalog.pg_foreign_data_wrapper',
    nameColumn: 'fdwname',
    owner: 'fdwowner',
    acl: 'fdwacl',
    letter: 'F',
  },
  {
    kinds: ['foreign server'],
    catalog: 'pg_catalog.pg_foreign_server',
    columns: () => ['srvfdw'],
    nameColumn: 'srvname',
    owner: 'srvowner',
    acl: 'srvacl',
    letter: 'S',
    wrapper: sql`(select f.fdwname::text from pg_catalog.pg_foreign_data_wrapper as f where f.oid = o.srvfdw)`,
  },
  {
    // Nobody owns a parameter; what is granted on one is recorded as the bootstrap superuser's.
    kinds: ['parameter'],
    catalog: 'pg_catalog.pg_parameter_acl',
    nameColumn: 'parname',
    lookUp: parameter,
    owner: 'bootstrap',
    acl: 'paracl',
    letter: 'p',
    since: 150000,
  },
]

/** The catalogs of objects that have an owner and no ACL. */
export const ownerCatalogs: readonly ObjectCatalog[] = [
  {
    kinds: ['operator'],
    catalog: 'pg_catalog.pg_operator',
    nameColumn: 'oprname',
    schema: 'oprnamespace',
  },
  {
    kinds: ['operator class'],
    catalog: 'pg_catalog.pg_opclass',
    nameColumn: 'opcname',
    schema: 'opcnamespace',
  },
  {
    kinds: ['operator family'],
    catalog: 'pg_catalog.pg_opfamily',
    nameColumn: 'opfname',
    schema: 'opfnamespace',
  },
  {
    kinds: ['collation'],
    catalog: 'pg_catalog.pg_collation',
    nameColumn: 'collname',
    schema: 'collnamespace',
  },
  {
    kinds: ['conversion'],
    catalog: 'pg_catalog.pg_conversion',
    nameColumn: 'conname',
    schema: 'connamespace',
  },
  {
    kinds: ['text search configuration'],
    catalog: 'pg_catalog.pg_ts_config',
    nameColumn: 'cfgname',
    schema: 'cfgnamespace',
  },
  {
    kinds: ['text search dictionary'],
    catalog: 'pg_catalog.pg_ts_dict',
    nameColumn: 'dictname',
    schema: 'dictnamespace',
  },
  {
    kinds: ['statistics object'],
    catalog: 'pg_catalog.pg_statistic_ext',
    nameColumn: 'stxname',
    schema: 'stxnamespace',
    since: 100000,
  },
  {
    kinds: ['publication'],
    catalog: 'pg_catalog.pg_publication',
    nameColumn: 'pubname',
    since: 100000,
  },
  {
    kinds: ['event trigger'],
    catalog: 'pg_catalog.pg_event_trigger',
    nameColumn: 'evtname',
  },
  {
    // Before 14 most sessions may not read its oid.
    kinds: ['subscription'],
    catalog: 'pg_catalog.pg_subscription',
    nameColumn: 'subname',
    lookUp: sql`a.objid, 0, null::aclitem[], w.owned
      from wanted as w
      cross join session as s
      join pg_catalog.pg_subscription as o on o.subname = w.first::name and o.subdbid = s.database
      cross join lateral pg_catalog.pg_get_object_address('subscription', array[o.subname::text], '{}') as a
      where w.kind = 'subscription'`,
    since: 100000,
  },
]

const all: readonly ObjectCatalog[] = [...aclCatalogs, ...ownerCatalogs]

/** The catalog of the objects of a kind, but for relations and columns. */
export const catalogOf = (kind: ObjectKind): ObjectCatalog => all.find(({ kinds }) => kinds.includes(kind))!

/** Those of some catalogs that servers of a version have. */
export const existing = <Row extends ObjectCatalog>(rows: readonly Row[], version: number): readonly Row[] =>
  rows.filter(({ since = 0 }) => version >= since)

/** What dependencies call a catalog. */
export const dependencyOf = ({ catalog, dependency = catalog }: ObjectCatalog): RawBuilder<unknown> =>
  catalogOid(dependency)

/** The name of the kind of a row, where its catalog has several. */
export const kindOf = ({ kinds, is }: ObjectCatalog, version: number): RawBuilder<string> => {
  const [first, ...others] = kinds
  if (is === undefined || others.length === 0 || version < 110000) return constant(first!)
  const cases = others.map((kind) => sql`when ${is(kind, version)} then ${constant(kind)}`)
  return sql`case ${sql.join(cases, sql` `)} else ${constant(first!)} end`
}
