import { type ObjectKind, objectKinds } from '@pgsr/planner'
import { flatMap } from '@pgsr/planner/internal'
import { type RawBuilder, sql } from 'kysely'
import type { PgCatalog } from './pg-catalog.ts'
import { catalogOid, constant, hasSchema, kindsInSchemas } from './constant.ts'
import type { Needs } from './needs.ts'
import { partOfScope } from './scope-part.ts'
import { catalogOf, type ObjectCatalog } from './object-catalog.ts'
import { type Cte, ctes } from './cte.ts'

const namesIn = (list: 'objects' | 'owned') =>
  ctes
    .selectFrom(
      sql<{
        kind: string
        name: unknown
      }>`pg_catalog.jsonb_to_recordset(${partOfScope(list)})`.as<'o'>(sql`o(kind text, name jsonb)`),
    )
    .select([
      'o.kind',
      sql<string>`o.name ->> 0`.as('first'),
      sql<string | null>`o.name ->> 1`.as('second'),
      sql<string | null>`o.name ->> 2`.as('third'),
      (list === 'owned' ? sql<boolean>`true` : sql<boolean>`false`).as('owned'),
    ])

export const requestedName: Cte<'requested_name'> = (_version, { owned }) =>
  owned ? namesIn('objects').unionAll(namesIn('owned')) : namesIn('objects')

/** The patterns of a kind. */
const patternsOf = (kind: ObjectKind) =>
  sql<{
    schema: string
    column: string | null
    owned: boolean
  }>`(select p ->> 'schema' as "schema", p ->> 'column' as "column", (p ->> 'owned') is not null as owned
    from pg_catalog.jsonb_array_elements(${partOfScope('patterns')}) as p
    where p ->> 'kind' = ${constant(kind)})`

/** The schemas that the scope names, alone or as part of another name. */
export const requestedSchema: Cte<'requested_schema'> = () =>
  ctes
    .selectFrom('pg_catalog.pg_namespace as n')
    .where(
      'n.nspname',
      '=',
      sql<string>`any(array(
        select w.first::name from requested_name as w where w.kind in ('schema', ${kindsInSchemas})
        union
        select (p ->> 'schema')::name
        from pg_catalog.jsonb_array_elements(${partOfScope('patterns')}) as p
      ))`,
    )
    .select(['n.oid', 'n.nspname as name', 'n.nspacl as acl'])

const objectsIn = (catalog: keyof PgCatalog, text: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`select ${catalogOid(catalog)}, ${text}`

const database = objectsIn(
  'pg_catalog.pg_database',
  sql`d.oid, 0, d.datacl, false
    from pg_catalog.pg_database as d
    where d.datname = any(array(select w.first::name from requested_name as w where w.kind = 'database'))`,
)

const schema = objectsIn('pg_catalog.pg_namespace', sql`n.oid, 0, n.acl, false from requested_schema as n`)

const relation = objectsIn(
  'pg_catalog.pg_class',
  sql`c.oid, 0, c.relacl, w.owned
    from requested_name as w
    join requested_schema as n on n.name = w.first::name
    cross join lateral (
      select x.oid, x.relacl from pg_catalog.pg_class as x
      where x.relname = w.second::name and x.relnamespace = n.oid offset 0
    ) as c
    where w.kind in ('table', 'column', 'sequence')`,
)

/** Columns without an ACL too, since something may be granted on them. */
const column = objectsIn(
  'pg_catalog.pg_class',
  sql`a.attrelid, a.attnum::int, a.attacl, false
    from requested_name as w
    join requested_schema as n on n.name = w.first::name
    cross join lateral (
      select x.oid from pg_catalog.pg_class as x
      where x.relname = w.second::name and x.relnamespace = n.oid offset 0
    ) as c
    cross join lateral (
      select x.attrelid, x.attnum, x.attacl from pg_catalog.pg_attribute as x
      where x.attrelid = c.oid and x.attname = w.third::name and not x.attisdropped offset 0
    ) as a
    where w.kind = 'column'`,
)

/** The objects in a schema `n`, by their dependency on it: few catalogs have an index that begins with the schema. */
export const objectsInSchema = (catalog: keyof PgCatalog): RawBuilder<unknown> => sql`(
      select x.objid from pg_catalog.pg_depend as x
      where x.refclassid = ${catalogOid('pg_catalog.pg_namespace')} and x.refobjid = n.oid
      and x.classid = ${catalogOid(catalog)} offset 0
    )`

/** The objects of a kind in the schemas of patterns `p`. */
const dependentOnSchema = (kind: ObjectKind, catalog: keyof PgCatalog): RawBuilder<unknown> =>
  sql`from ${patternsOf(kind)} as p
    join requested_schema as n on n.name = p.schema::name
    cross join lateral ${objectsInSchema(catalog)} as d`

/** Whether the objects of a pattern are to be owned. */
const isOwned = ({ ownsAll }: Needs): RawBuilder<unknown> => (ownsAll ? sql`p.owned` : sql`false`)

const relationsMatched = (kind: ObjectKind, kinds: RawBuilder<unknown>, needs: Needs): RawBuilder<unknown> =>
  objectsIn(
    'pg_catalog.pg_class',
    sql`c.oid, 0, c.relacl, ${isOwned(needs)}
    ${dependentOnSchema(kind, 'pg_catalog.pg_class')}
    cross join lateral (
      select x.oid, x.relacl from pg_catalog.pg_class as x
      where x.oid = d.objid and x.relkind in (${kinds}) offset 0
    ) as c`,
  )

const columnsMatched = objectsIn(
  'pg_catalog.pg_class',
  sql`a.attrelid, a.attnum::int, a.attacl, false
    ${dependentOnSchema('column', 'pg_catalog.pg_class')}
    cross join lateral (
      select x.oid from pg_catalog.pg_class as x
      where x.oid = d.objid and x.relkind in ('r', 'p', 'v', 'm', 'f') offset 0
    ) as c
    cross join lateral (
      select x.attrelid, x.attnum, x.attacl from pg_catalog.pg_attribute as x
      where x.attrelid = c.oid and x.attname = p.column::name and not x.attisdropped offset 0
    ) as a`,
)

const othersMatched = (
  kind: ObjectKind,
  catalog: ObjectCatalog,
  version: number,
  needs: Needs,
): RawBuilder<unknown> =>
  objectsIn(
    catalog.catalog,
    sql`d.objid, 0, o.acl, ${isOwned(needs)}
    ${dependentOnSchema(kind, catalog.catalog)}
    cross join lateral (
      select ${catalog.acl === undefined ? sql`null::aclitem[]` : sql.ref(`o.${catalog.acl}`)} as acl
      from ${sql.table(catalog.catalog)} as o
      where o.oid = d.objid and ${catalog.is?.(kind, version) ?? sql`true`} offset 0
    ) as o`,
  )

const matched = (kind: ObjectKind, version: number, needs: Needs): RawBuilder<unknown> => {
  if (kind === 'table') return relationsMatched(kind, sql`'r', 'p', 'v', 'm', 'f'`, needs)
  if (kind === 'sequence') return relationsMatched(kind, sql`'S'`, needs)
  if (kind === 'column') return columnsMatched
  return othersMatched(kind, catalogOf(kind), version, needs)
}

/** The objects of a kind that the scope names. For routines and operators these are all with the name. */
const named = (kind: ObjectKind, version: number): RawBuilder<unknown> => {
  const {
    catalog,
    dependency = catalog,
    nameColumn,
    schema: schemaColumn,
    acl,
    lookUp,
    ...row
  } = catalogOf(kind)
  const is = row.isNamed ?? row.is
  if (lookUp !== undefined) return objectsIn(dependency, lookUp)
  const part = schemaColumn === undefined ? sql`w.first` : sql`w.second`
  const inSchema =
    schemaColumn === undefined
      ? sql`true`
      : sql`o.${sql.ref(schemaColumn)} = (select n.oid from requested_schema as n where n.name = w.first::name)`
  return objectsIn(
    dependency,
    sql`o.oid, 0, o.acl, w.owned
    from requested_name as w
    cross join lateral (
      select o.oid, ${acl === undefined ? sql`null::aclitem[]` : sql.ref(`o.${acl}`)} as acl
      from ${sql.table(catalog)} as o
      where o.${sql.ref(nameColumn)} = ${part}::name and ${inSchema} and ${is?.(kind, version) ?? sql`true`}
      offset 0
    ) as o
    where w.kind = ${constant(kind)}`,
  )
}

const hasKind = (kind: ObjectKind, version: number): boolean => version >= (objectKinds[kind].since ?? 0)

const nothing = sql`select null::oid as classid, null::oid as objid, 0 as objsubid, null::aclitem[] as acl, false as owned where false`

/** The queries of the kinds that are not looked up by the columns of their catalog alone. */
const ownQueries: Partial<Record<ObjectKind, readonly RawBuilder<unknown>[]>> = {
  database: [database],
  schema: [],
  table: [relation],
  sequence: [relation],
  column: [relation, column],
}

export const requestedObject: Cte<'requested_object'> = (version, needs) => {
  const { named: kinds, matched: patterns } = needs
  const byName = flatMap(
    [...kinds].filter((kind) => hasKind(kind, version)),
    (kind) => ownQueries[kind] ?? [named(kind, version)],
  )
  const byPattern = [...patterns]
    .filter((kind) => hasKind(kind, version))
    .map((kind) => matched(kind, version, needs))
  const schemas = patterns.size > 0 || [...kinds].some(hasSchema) ? [schema] : []
  return sql`${sql.join([nothing, ...schemas, ...new Set(byName), ...byPattern], sql` union all `)}`
}
