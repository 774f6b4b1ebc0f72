import { sql } from 'kysely'
import { catalogOid, zero } from './constant.ts'
import { type Stage, stages } from './stage.ts'

const tableKinds = sql<'r'>`('r', 'p', 'v', 'm', 'f')`

/** What has an ACL. TOAST tables do, and GRANT takes them. */
const kindsWithAcl = sql<'r'>`('r', 'p', 'v', 'm', 'f', 'S', 't')`

/** `pg_class` row by row, as looked up by the oid of some other row. */
const columns = ['x.oid', 'x.relname', 'x.relnamespace', 'x.relkind', 'x.relowner', 'x.relacl'] as const

const pgClass = catalogOid('pg_catalog.pg_class')

/**
 * That a sequence is linked to a column, as serial (`a`) or identity (`i`), or a TOAST table belongs to a table:
 * it has the owner of the table.
 */
const isFollower = sql<boolean>`(
  c.relkind = 'S' and d.refobjsubid > 0 and d.deptype in ('a', 'i')
  or c.relkind = 't' and d.refobjsubid = 0 and d.deptype = 'i'
)`

/** The table that a sequence or a TOAST table follows, as schema and name. */
const follows = sql<readonly string[] | null>`
  case when c.relkind in ('S', 't') then (
    select array[n.nspname, t.relname]::text[]
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_class as t on t.oid = d.refobjid
    join pg_catalog.pg_namespace as n on n.oid = t.relnamespace
    where d.classid = ${pgClass} and d.objid = c.oid and d.objsubid = 0 and d.refclassid = ${pgClass} and ${isFollower}
  ) end
`

export const directRelation: Stage<'direct_relation'> = () =>
  stages
    .selectFrom((eb) =>
      eb
        .selectFrom('found as f')
        .where('f.classid', '=', pgClass)
        .select('f.objid as oid')
        .union(
          eb
            .selectFrom('dependency as d')
            .where('d.classid', '=', pgClass)
            .where(sql<boolean>`d.here and d.deptype in ('a', 'o')`)
            .select('d.objid as oid'),
        )
        .as('target'),
    )
    .crossJoinLateral((eb) =>
      eb
        .selectFrom('pg_catalog.pg_class as x')
        .whereRef('x.oid', '=', 'target.oid')
        .where('x.relkind', 'in', kindsWithAcl)
        .select(columns)
        .offset(zero)
        .as('c'),
    )
    .innerJoin('pg_catalog.pg_namespace as n', 'n.oid', 'c.relnamespace')
    .selectAll('c')
    .select(['n.nspname', follows.as('follows')])

export const moving: Stage<'moving'> = () =>
  stages
    .selectFrom('direct_relation as r')
    .where('r.relkind', 'in', tableKinds)
    .where((eb) =>
      eb.or([
        eb('r.relowner', 'in', eb.selectFrom('desired as d').select('d.oid')),
        eb(
          'r.oid',
          'in',
          eb
            .selectFrom('found as f')
            .where(sql<boolean>`f.owned`)
            .select('f.objid'),
        ),
      ]),
    )
    .selectAll('r')

/** What follows the tables that may move, but for what is there already. */
const follower = () =>
  stages
    .selectFrom('moving as t')
    .crossJoinLateral((eb) =>
      eb
        .selectFrom('pg_catalog.pg_depend as x')
        .where('x.refclassid', '=', pgClass)
        .whereRef('x.refobjid', '=', 't.oid')
        .where('x.classid', '=', pgClass)
        .select(['x.objid', 'x.refobjsubid', 'x.deptype'])
        .offset(zero)
        .as('d'),
    )
    .crossJoinLateral((eb) =>
      eb
        .selectFrom('pg_catalog.pg_class as x')
        .whereRef('x.oid', '=', 'd.objid')
        .where('x.relkind', 'in', sql<'S'>`('S', 't')`)
        .select(columns)
        .offset(zero)
        .as('c'),
    )
    .innerJoin('pg_catalog.pg_namespace as n', 'n.oid', 'c.relnamespace')
    .where(isFollower)
    .where('c.oid', 'not in', (eb) => eb.selectFrom('direct_relation as r').select('r.oid'))
    .selectAll('c')
    .select(['n.nspname', sql<readonly string[]>`array[t.nspname, t.relname]::text[]`.as('follows')])

export const relation: Stage<'relation'> = () =>
  stages.selectFrom('direct_relation as r').selectAll().unionAll(follower())

/**
 * Tables on which somebody has been granted something by another role than the owner, and that desired roles are involved
 * in: to revoke there may take away something on columns.
 */
const isPassedOn = sql<boolean>`m.relacl is not null and exists (
  select from pg_catalog.aclexplode(m.relacl) as i where i.grantor <> m.relowner
) and exists (
  select from dependency as d, desired as r
  where d.role = r.oid and d.here and d.classid = ${pgClass} and d.objid = m.oid
)`

/** The columns with an ACL that names a watched role, those asked for, and all of those of tables that may move. */
export const columnOfRelation: Stage<'column_of_relation'> = () =>
  stages
    .selectFrom((eb) =>
      eb
        .selectFrom('dependency as d')
        .where('d.classid', '=', pgClass)
        .where(sql<boolean>`d.here and d.deptype = 'a' and d.objsubid <> 0`)
        .select(['d.objid as oid', 'd.objsubid as attnum'])
        .union(
          eb
            .selectFrom('found as f')
            .where('f.classid', '=', pgClass)
            .where(sql<boolean>`f.objsubid <> 0`)
            .select(['f.objid as oid', 'f.objsubid as attnum']),
        )
        .union(
          eb
            .selectFrom('direct_relation as m')
            .where(sql<boolean>`(m.oid in (select v.oid from moving as v) or ${isPassedOn})`)
            .crossJoinLateral((of) =>
              of
                .selectFrom('pg_catalog.pg_attribute as x')
                .whereRef('x.attrelid', '=', 'm.oid')
                .where('x.attacl', 'is not', null)
                .select('x.attnum')
                .offset(zero)
                .as('a'),
            )
            .select(['m.oid', 'a.attnum']),
        )
        .as('target'),
    )
    .innerJoin('relation as r', 'r.oid', 'target.oid')
    .crossJoinLateral((eb) =>
      eb
        .selectFrom('pg_catalog.pg_attribute as x')
        .whereRef('x.attrelid', '=', 'target.oid')
        .whereRef('x.attnum', '=', 'target.attnum')
        .where(sql<boolean>`not x.attisdropped`)
        .select(['x.attname', 'x.attnum', 'x.attacl'])
        .offset(zero)
        .as('a'),
    )
    .select(['r.oid', 'r.nspname', 'r.relname', 'r.relowner', 'a.attname', 'a.attnum', 'a.attacl'])
