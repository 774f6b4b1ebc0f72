import { sql } from 'kysely'
import { catalogOid, constant, zero } from './constant.ts'
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
      (list === 'owned' ? sql<boolean>`true` : sql<boolean>`false`).as('owned'),
    ])

export const wanted: Stage<'wanted'> = () => objectsIn('objects').unionAll(objectsIn('owned'))

/** The schemas that the scope names, alone or as a part of another name. */
export const wantedSchema: Stage<'wanted_schema'> = () =>
  stages
    .selectFrom(['pg_catalog.pg_namespace as n', 'scope as s'])
    .where(
      'n.nspname',
      '=',
      sql<string>`any(array(
        select w.first::name from wanted as w where w.kind in ('schema', 'table', 'column', 'sequence')
        union
        select pg_catalog.jsonb_array_elements_text(a.scope -> 'schemasOfPatterns')::name from scope as a
      ))`,
    )
    .select([
      'n.oid',
      'n.nspname as name',
      'n.nspacl as acl',
      sql<boolean>`pg_catalog.jsonb_exists(s.scope -> 'schemasOfPatterns', n.nspname::text)`.as('of_pattern'),
    ])

const notOwned = sql<boolean>`false`.as('owned')

const database = () =>
  stages
    .selectFrom('pg_catalog.pg_database as d')
    .where(
      'd.datname',
      '=',
      sql<string>`any(array(select w.first::name from wanted as w where w.kind = 'database'))`,
    )
    .select([
      catalogOid('pg_catalog.pg_database').as('classid'),
      'd.oid as objid',
      'd.datacl as acl',
      notOwned,
    ])

const schema = () =>
  stages
    .selectFrom('wanted_schema as n')
    .select([catalogOid('pg_catalog.pg_namespace').as('classid'), 'n.oid as objid', 'n.acl', notOwned])

const relation = () =>
  stages
    .selectFrom('wanted as w')
    .innerJoin('wanted_schema as n', (join) => join.on('n.name', '=', sql<string>`w.first::name`))
    .crossJoinLateral((eb) =>
      eb
        .selectFrom('pg_catalog.pg_class as x')
        .where('x.relname', '=', sql<string>`w.second::name`)
        .whereRef('x.relnamespace', '=', 'n.oid')
        .select(['x.oid', 'x.relacl'])
        .offset(zero)
        .as('c'),
    )
    .where('w.kind', 'in', sql<string>`('table', 'column', 'sequence')`)
    .select([catalogOid('pg_catalog.pg_class').as('classid'), 'c.oid as objid', 'c.relacl as acl', 'w.owned'])

/** By what depends on the schema, since no index of `pg_class` begins with it. */
const relationOfPattern = () =>
  stages
    .selectFrom('wanted_schema as n')
    .crossJoinLateral((eb) =>
      eb
        .selectFrom('pg_catalog.pg_depend as x')
        .where('x.refclassid', '=', catalogOid('pg_catalog.pg_namespace'))
        .whereRef('x.refobjid', '=', 'n.oid')
        .where('x.classid', '=', catalogOid('pg_catalog.pg_class'))
        .select('x.objid')
        .offset(zero)
        .as('d'),
    )
    .crossJoinLateral((eb) =>
      eb
        .selectFrom('pg_catalog.pg_class as x')
        .whereRef('x.oid', '=', 'd.objid')
        .where('x.relkind', 'in', sql<'r'>`('r', 'p', 'v', 'm', 'f')`)
        .select(['x.oid', 'x.relacl'])
        .offset(zero)
        .as('c'),
    )
    .where('n.of_pattern', '=', sql<boolean>`true`)
    .select([catalogOid('pg_catalog.pg_class').as('classid'), 'c.oid as objid', 'c.relacl as acl', notOwned])

export const found: Stage<'found'> = () =>
  database().unionAll(schema()).unionAll(relation()).unionAll(relationOfPattern())
