import { type RawBuilder, sql } from 'kysely'
import type { PgCatalog } from '../catalog.ts'
import { catalogOid, constant } from './constant.ts'
import { type ObjectRow, type Stage, stages } from './stage.ts'

type Catalog = keyof PgCatalog

/** Where one catalog keeps what every kind of object has: its columns are those of the row `o`; its oid is `t.objid`. */
interface ObjectCatalog {
  readonly kind: string | ((version: number) => RawBuilder<string>)
  readonly catalog: Catalog
  /** The catalog that dependencies name instead. */
  readonly dependency?: Catalog
  /** The columns that tell the rest. */
  readonly columns: (version: number) => readonly string[]
  /** The parts of the name; a schema's oid is in `schema`. */
  readonly name: (version: number) => RawBuilder<string>
  readonly schema?: string
  readonly owner: string
  readonly acl: string
  /** What `acldefault` calls the kind. */
  readonly letter: string
  /** The table whose owner the object always has, as schema and name. */
  readonly follows?: RawBuilder<readonly string[] | null>
  /** The version that has the catalog first. */
  readonly since?: number
}

const only =
  (...columns: readonly string[]) =>
  (): readonly string[] =>
    columns

const column = (name: string) => (): RawBuilder<string> => sql`o.${sql.ref(name)}`

const isAggregate = (version: number): RawBuilder<boolean> =>
  version >= 110000 ? sql`o.prokind = 'a'` : sql`o.proisagg`

/**
 * A row for each catalog of objects that have an owner and an ACL, but for relations.
 * @see https://www.postgresql.org/docs/current/catalogs.html
 */
const objectCatalogs: readonly ObjectCatalog[] = [
  {
    kind: 'database',
    catalog: 'pg_catalog.pg_database',
    columns: only('datname'),
    name: column('datname'),
    owner: 'datdba',
    acl: 'datacl',
    letter: 'd',
  },
  {
    kind: 'tablespace',
    catalog: 'pg_catalog.pg_tablespace',
    columns: only('spcname'),
    name: column('spcname'),
    owner: 'spcowner',
    acl: 'spcacl',
    letter: 't',
  },
  {
    kind: 'schema',
    catalog: 'pg_catalog.pg_namespace',
    columns: only('nspname'),
    name: column('nspname'),
    owner: 'nspowner',
    acl: 'nspacl',
    letter: 'n',
  },
  {
    // Procedures came with 11.
    kind: (version) =>
      version >= 110000
        ? sql`case o.prokind when 'p' then 'procedure' else 'function' end`
        : constant('function'),
    catalog: 'pg_catalog.pg_proc',
    columns: (version) => ['proname', 'proargtypes', version >= 110000 ? 'prokind' : 'proisagg'],
    // Aggregates are named by their argument types, everything else as ALTER FUNCTION and ALTER PROCEDURE take it.
    name: (version) => sql`o.proname, case when ${isAggregate(version)}
      then pg_catalog.oidvectortypes(o.proargtypes) else pg_catalog.pg_get_function_identity_arguments(t.objid) end`,
    schema: 'pronamespace',
    owner: 'proowner',
    acl: 'proacl',
    letter: 'f',
  },
  {
    kind: 'large object',
    catalog: 'pg_catalog.pg_largeobject_metadata',
    columns: only(),
    dependency: 'pg_catalog.pg_largeobject',
    name: () => sql`t.objid`,
    owner: 'lomowner',
    acl: 'lomacl',
    letter: 'L',
  },
  {
    kind: 'type',
    catalog: 'pg_catalog.pg_type',
    columns: only('typname', 'typrelid'),
    name: column('typname'),
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
    kind: 'language',
    catalog: 'pg_catalog.pg_language',
    columns: only('lanname'),
    name: column('lanname'),
    owner: 'lanowner',
    acl: 'lanacl',
    letter: 'l',
  },
  {
    kind: 'foreign-data wrapper',
    catalog: 'pg_catalog.pg_foreign_data_wrapper',
    columns: only('fdwname'),
    name: column('fdwname'),
    owner: 'fdwowner',
    acl: 'fdwacl',
    letter: 'F',
  },
  {
    kind: 'foreign server',
    catalog: 'pg_catalog.pg_foreign_server',
    columns: only('srvname'),
    name: column('srvname'),
    owner: 'srvowner',
    acl: 'srvacl',
    letter: 'S',
  },
  {
    // Nobody owns a parameter; what is granted on one is recorded as the bootstrap superuser's.
    kind: 'parameter',
    catalog: 'pg_catalog.pg_parameter_acl',
    columns: only('parname'),
    name: column('parname'),
    owner: 'bootstrap',
    acl: 'paracl',
    letter: 'p',
    since: 150000,
  },
]

const dependencyOf = ({ catalog, dependency = catalog }: ObjectCatalog) => catalogOid(dependency)

const objectsOf = (row: ObjectCatalog, version: number): RawBuilder<ObjectRow> => {
  const { kind, catalog, columns, name, schema, owner, acl, letter, follows = sql`null::text[]` } = row
  const used = [
    ...columns(version),
    ...(schema === undefined ? [] : [schema]),
    ...(owner === 'bootstrap' ? [] : [owner]),
    acl,
  ]
  const ownerOid = owner === 'bootstrap' ? sql`10::oid` : sql`o.${sql.ref(owner)}`
  const schemaName =
    schema === undefined
      ? sql``
      : sql`(select n.nspname from pg_catalog.pg_namespace as n where n.oid = o.${sql.ref(schema)})::text, `
  return sql`
    select ${typeof kind === 'string' ? constant(kind) : kind(version)}::text as kind, t.objid as oid, 0 as objsubid,
      array[${schemaName}${name(version)}]::text[] as name, ${ownerOid} as owner,
      coalesce(o.${sql.ref(acl)}, pg_catalog.acldefault(${constant(letter)}, ${ownerOid})) as acl,
      ${follows} as follows
    from target as t cross join lateral (
      select ${sql.join(used.map((one) => sql.ref(`x.${one}`)))} from ${sql.table(catalog)} as x where x.oid = t.objid offset 0
    ) as o
    where t.classid = ${dependencyOf(row)}`
}

const relations = sql<ObjectRow>`
  select case r.relkind when 'S' then 'sequence' else 'table' end, r.oid, 0,
    array[r.nspname, r.relname]::text[], r.relowner,
    coalesce(r.relacl, pg_catalog.acldefault(case r.relkind when 'S' then 's' else 'r' end::"char", r.relowner)),
    r.follows
  from relation as r`

const columns = sql<ObjectRow>`
  select 'column', c.oid, c.attnum, array[c.nspname, c.relname, c.attname]::text[], c.relowner,
    coalesce(c.attacl, pg_catalog.acldefault('c', c.relowner)), array[c.nspname, c.relname]::text[]
  from column_of_relation as c`

const existing = (version: number): readonly ObjectCatalog[] =>
  objectCatalogs.filter(({ since = 0 }) => version >= since)

/** The catalogs of everything that becomes an object, or a list of its own, in a snapshot. */
export const managedCatalogs = (version: number): RawBuilder<unknown> =>
  sql.join([
    ...existing(version).map(dependencyOf),
    ...(['pg_class', 'pg_default_acl', 'pg_auth_members'] as const).map((name) =>
      catalogOid(`pg_catalog.${name}`),
    ),
  ])

/** The types of the rows of tables that may move, where somebody has been granted something on them. */
const rowType = () =>
  stages
    .selectFrom('moving as m')
    .innerJoin('pg_catalog.pg_class as c', 'c.oid', 'm.oid')
    .innerJoin('pg_catalog.pg_type as t', 't.oid', 'c.reltype')
    .where('t.typacl', 'is not', null)
    .select([catalogOid('pg_catalog.pg_type').as('classid'), 't.oid as objid'])

export const target: Stage<'target'> = () =>
  stages
    .selectFrom('found as f')
    .select(['f.classid', 'f.objid'])
    .union((eb) =>
      eb
        .selectFrom('dependency as d')
        .where(sql<boolean>`d.here and d.deptype in ('a', 'o')`)
        .select(['d.classid', 'd.objid']),
    )
    .union(rowType())
    .union((eb) =>
      eb
        .selectFrom('schema_of_relation as n')
        .select([catalogOid('pg_catalog.pg_namespace').as('classid'), 'n.oid as objid']),
    )

export const object: Stage<'object'> = (version) =>
  sql`${sql.join(
    [...existing(version).map((row) => objectsOf(row, version)), relations, columns],
    sql` union all `,
  )}`
