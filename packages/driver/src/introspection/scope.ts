import { type ObjectKind, objectKinds } from '@pgsr/planner'
import { type RawBuilder, sql } from 'kysely'
import type { PgCatalog } from '../catalog.ts'
import { catalogOid, constant, kindsInSchemas } from './constant.ts'
import { catalogOf, type ObjectCatalog } from './object-catalog.ts'
import { type Stage, stages } from './stage.ts'

/** The JSON text of the scope is the parameter; what is bound here is never sent. */
export const scope: Stage<'scope'> = () => stages.selectNoFrom(sql`${''}::jsonb`.as('scope'))

export const session: Stage<'session'> = () =>
  stages
    .selectFrom(['pg_catalog.pg_database as d', 'pg_catalog.pg_roles as a', 'pg_catalog.pg_roles as l'])
    .where('d.datname', '=', sql<string>`pg_catalog.current_database()`)
    .where('a.rolname', '=', sql<string>`current_user`)
    .where('l.rolname', '=', sql<string>`session_user`)
    .select([
      'd.oid as database',
      'd.datdba as database_owner',
      'a.oid as acting',
      'a.rolsuper as superuser',
      'l.oid as login',
    ])

/** The roles that a list of the scope names. As `name`, not `text`: before 12 only that can use the index. */
const rolesIn = (list: 'desired' | 'roles') =>
  stages
    .selectFrom('pg_catalog.pg_roles as r')
    .where(
      'r.rolname',
      '=',
      sql<string>`any(array(
        select pg_catalog.jsonb_array_elements_text(s.scope -> ${constant(list)})::name from scope as s
      ))`,
    )
    .select('r.oid')

export const desired: Stage<'desired'> = () => rolesIn('desired')

export const listed: Stage<'listed'> = () => rolesIn('roles')

const objectsIn = (list: 'objects' | 'owned') =>
  stages
    .selectFrom('scope as s')
    .crossJoinLateral(() =>
      sql<{
        kind: string
        name: unknown
      }>`pg_catalog.jsonb_to_recordset(s.scope -> ${constant(list)})`.as<'o'>(sql`o(kind text, name jsonb)`),
    )
    .select([
      'o.kind',
      sql<string>`o.name ->> 0`.as('first'),
      sql<string | null>`o.name ->> 1`.as('second'),
      sql<string | null>`o.name ->> 2`.as('third'),
      (list === 'owned' ? sql<boolean>`true` : sql<boolean>`false`).as('owned'),
    ])

export const wanted: Stage<'wanted'> = () => objectsIn('objects').unionAll(objectsIn('owned'))

/** The patterns of a kind. */
const patternsOf = (kind: ObjectKind) =>
  sql<{
    schema: string
    column: string | null
  }>`(select p ->> 'schema' as "schema", p ->> 'column' as "column"
    from scope as s cross join lateral pg_catalog.jsonb_array_elements(s.scope -> 'patterns') as p
    where p ->> 'kind' = ${constant(kind)})`

/** The schemas that the scope names, alone or as a part of another name. */
export const wantedSchema: Stage<'wanted_schema'> = () =>
  stages
    .selectFrom('pg_catalog.pg_namespace as n')
    .where(
      'n.nspname',
      '=',
      sql<string>`any(array(
        select w.first::name from wanted as w where w.kind in ('schema', ${kindsInSchemas})
        union
        select (p ->> 'schema')::name
        from scope as a cross join lateral pg_catalog.jsonb_array_elements(a.scope -> 'patterns') as p
      ))`,
    )
    .select(['n.oid', 'n.nspname as name', 'n.nspacl as acl'])

const found = (catalog: keyof PgCatalog, text: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`select ${catalogOid(catalog)} as classid, ${text}`

const database = found(
  'pg_catalog.pg_database',
  sql`d.oid as objid, 0 as objsubid, d.datacl as acl, false as owned
    from pg_catalog.pg_database as d
    where d.datname = any(array(select w.first::name from wanted as w where w.kind = 'database'))`,
)

const schema = found('pg_catalog.pg_namespace', sql`n.oid, 0, n.acl, false from wanted_schema as n`)

const relation = found(
  'pg_catalog.pg_class',
  sql`c.oid, 0, c.relacl, w.owned
    from wanted as w
    join wanted_schema as n on n.name = w.first::name
    cross join lateral (
      select x.oid, x.relacl from pg_catalog.pg_class as x
      where x.relname = w.second::name and x.relnamespace = n.oid offset 0
    ) as c
    where w.kind in ('table', 'column', 'sequence')`,
)

/** Columns also where they have no ACL: they are there to be granted on. */
const column = found(
  'pg_catalog.pg_class',
  sql`a.attrelid, a.attnum::int, a.attacl, false
    from wanted as w
    join wanted_schema as n on n.name = w.first::name
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

/** By what depends on the schema, since few catalogs have an index that begins with it. */
const dependentOnSchema = (kind: ObjectKind, catalog: keyof PgCatalog): RawBuilder<unknown> =>
  sql`from ${patternsOf(kind)} as p
    join wanted_schema as n on n.name = p.schema::name
    cross join lateral (
      select x.objid from pg_catalog.pg_depend as x
      where x.refclassid = ${catalogOid('pg_catalog.pg_namespace')} and x.refobjid = n.oid
      and x.classid = ${catalogOid(catalog)} offset 0
    ) as d`

const relationsMatched = (kind: ObjectKind, kinds: RawBuilder<unknown>): RawBuilder<unknown> =>
  found(
    'pg_catalog.pg_class',
    sql`c.oid, 0, c.relacl, false
    ${dependentOnSchema(kind, 'pg_catalog.pg_class')}
    cross join lateral (
      select x.oid, x.relacl from pg_catalog.pg_class as x
      where x.oid = d.objid and x.relkind in (${kinds}) offset 0
    ) as c`,
  )

const columnsMatched = found(
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

const othersMatched = (kind: ObjectKind, catalog: ObjectCatalog, version: number): RawBuilder<unknown> =>
  found(
    catalog.catalog,
    sql`d.objid, 0, o.acl, false
    ${dependentOnSchema(kind, catalog.catalog)}
    cross join lateral (
      select ${catalog.acl === undefined ? sql`null::aclitem[]` : sql.ref(`o.${catalog.acl}`)} as acl
      from ${sql.table(catalog.catalog)} as o
      where o.oid = d.objid and ${catalog.is?.(kind, version) ?? sql`true`} offset 0
    ) as o`,
  )

const matched = (kind: ObjectKind, version: number): RawBuilder<unknown> => {
  if (kind === 'table') return relationsMatched(kind, sql`'r', 'p', 'v', 'm', 'f'`)
  if (kind === 'sequence') return relationsMatched(kind, sql`'S'`)
  if (kind === 'column') return columnsMatched
  return othersMatched(kind, catalogOf(kind), version)
}

/** The objects of a kind that the scope names; of routines and operators, all that have the name. */
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
  if (lookUp !== undefined) return found(dependency, lookUp)
  const part = schemaColumn === undefined ? sql`w.first` : sql`w.second`
  const inSchema =
    schemaColumn === undefined
      ? sql`true`
      : sql`o.${sql.ref(schemaColumn)} = (select n.oid from wanted_schema as n where n.name = w.first::name)`
  return found(
    dependency,
    sql`o.oid, 0, o.acl, w.owned
    from wanted as w
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

export const foundObjects: Stage<'found'> = (version, { named: kinds, matched: patterns }) =>
  sql`${sql.join(
    [
      database,
      schema,
      relation,
      column,
      ...[...kinds].filter((kind) => hasKind(kind, version)).map((kind) => named(kind, version)),
      ...[...patterns].filter((kind) => hasKind(kind, version)).map((kind) => matched(kind, version)),
    ],
    sql` union all `,
  )}`
