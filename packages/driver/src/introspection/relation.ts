import { type RawBuilder, sql } from 'kysely'
import { catalogOid, zero } from './constant.ts'
import { type Cte, ctes } from './cte.ts'
import type { Needs } from './needs.ts'

const tableKinds = sql<'r'>`('r', 'p', 'v', 'm', 'f')`

/** The kinds of relation with an ACL. GRANT accepts TOAST tables. */
const kindsWithAcl = sql<'r'>`('r', 'p', 'v', 'm', 'f', 'S', 't')`

/** The columns of `pg_class` that are read when a row is looked up by its oid. */
const columns = ['x.oid', 'x.relname', 'x.relnamespace', 'x.relkind', 'x.relowner', 'x.relacl'] as const

const pgClass = catalogOid('pg_catalog.pg_class')

/**
 * Whether a sequence is linked to a column, as serial (`a`) or identity (`i`), or a TOAST table belongs to a table. It then
 * always has the owner of the table.
 */
const isFollower = sql<boolean>`(
  c.relkind = 'S' and d.refobjsubid > 0 and d.deptype in ('a', 'i')
  or c.relkind = 't' and d.refobjsubid = 0 and d.deptype = 'i'
)`

/** The table that a sequence or a TOAST table follows, as schema and name. */
const follows = ({ rare }: Needs): RawBuilder<readonly string[] | null> =>
  !rare.has('followers')
    ? sql`null::text[]`
    : sql`
  case when c.relkind in ('S', 't') then (
    select array[n.nspname, t.relname]::text[]
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_class as t on t.oid = d.refobjid
    join pg_catalog.pg_namespace as n on n.oid = t.relnamespace
    where d.classid = ${pgClass} and d.objid = c.oid and d.objsubid = 0 and d.refclassid = ${pgClass} and ${isFollower}
  ) end
`

export const directRelation: Cte<'direct_relation'> = (_version, needs) =>
  ctes
    .selectFrom((eb) =>
      eb
        .selectFrom('requested_object as f')
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
    .select(['n.nspname', follows(needs).as('follows')])

export const movingTable: Cte<'moving_table'> = (_version, { rare }) =>
  ctes
    .selectFrom('direct_relation as r')
    .$if(!rare.has('ownership'), (query) => query.where(sql<boolean>`false`))
    .where('r.relkind', 'in', tableKinds)
    .where((eb) =>
      eb.or([
        eb('r.relowner', 'in', eb.selectFrom('desired as d').select('d.oid')),
        eb(
          'r.oid',
          'in',
          eb
            .selectFrom('requested_object as f')
            .where(sql<boolean>`f.owned`)
            .select('f.objid'),
        ),
      ]),
    )
    .selectAll('r')

/** What follows the tables that may change their owner, except direct relations. */
const follower = () =>
  ctes
    .selectFrom('moving_table as t')
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

export const relation: Cte<'relation'> = (_version, { rare }) =>
  ctes
    .selectFrom('direct_relation as r')
    .selectAll()
    .$if(rare.has('ownership'), (query) => query.unionAll(follower()))

/**
 * Whether a role other than the owner granted something on a table, and a desired role holds or granted something on it: a
 * REVOKE on such a table may take away privileges on columns.
 */
const isRegranted = sql<boolean>`m.relacl is not null and exists (
  select from pg_catalog.aclexplode(m.relacl) as i where i.grantor <> m.relowner
) and exists (
  select from dependency as d, desired as r
  where d.role = r.oid and d.here and d.classid = ${pgClass} and d.objid = m.oid
)`

/** The columns whose ACL names a tracked role, requested columns, and all columns with an ACL of tables that may change their owner. */
export const columnOfRelation: Cte<'column_of_relation'> = (_version, { rare }) =>
  ctes
    .selectFrom((eb) =>
      eb
        .selectFrom('dependency as d')
        .where('d.classid', '=', pgClass)
        .where(sql<boolean>`d.here and d.deptype = 'a' and d.objsubid <> 0`)
        .select(['d.objid as oid', 'd.objsubid as attnum'])
        .union(
          eb
            .selectFrom('requested_object as f')
            .where('f.classid', '=', pgClass)
            .where(sql<boolean>`f.objsubid <> 0`)
            .select(['f.objid as oid', 'f.objsubid as attnum']),
        )
        .union(
          eb
            .selectFrom('direct_relation as m')
            .where(
              sql<boolean>`(m.oid in (select v.oid from moving_table as v) ${rare.has('grantors') ? sql`or ${isRegranted}` : sql``})`,
            )
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
