import { type RawBuilder, sql } from 'kysely'
import { catalogOid, zero } from './constant.ts'
import { type Stage, stages } from './stage.ts'

/** Objects with a lower oid were made by initdb: their code is PostgreSQL's own. */
const firstNormalObjectId = sql<number>`16384`

/**
 * That an expression, by the dependencies of what it belongs to, runs code from outside pg_catalog: a function, an
 * operator, or a type with constraints. A constant of an enumeration runs nothing.
 */
const runsOtherCode = (dependent: RawBuilder<unknown>): RawBuilder<boolean> => sql<boolean>`exists (
  select from pg_catalog.pg_depend as d
  where ${dependent}
  and d.refclassid in (${catalogOid('pg_catalog.pg_proc')}, ${catalogOid('pg_catalog.pg_operator')}, ${catalogOid('pg_catalog.pg_type')})
  and d.refobjid >= ${firstNormalObjectId}
  and not (d.refclassid = ${catalogOid('pg_catalog.pg_type')} and exists (
    select from pg_catalog.pg_type as t
    left join pg_catalog.pg_type as e on e.oid = t.typelem
    where t.oid = d.refobjid and 'e' in (t.typtype, e.typtype)
    offset 0
  ))
  offset 0
)`

/**
 * That a table has a column of a type that somebody made, but for an enumeration, which runs nothing. An expression
 * can reach into such a type (an element, a field) without depending on what it finds there.
 */
const hasColumnOfOtherType = sql<boolean>`exists (
  select from pg_catalog.pg_attribute as a
  join pg_catalog.pg_type as t on t.oid = a.atttypid
  left join pg_catalog.pg_type as e on e.oid = t.typelem
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.atttypid >= ${firstNormalObjectId}
  and t.typtype <> 'e' and coalesce(e.typtype, ' ') <> 'e'
  offset 0
)`

/** What has expressions: indexes, and from 14 on statistics. */
const withExpressions = (version: number): RawBuilder<unknown> => sql`
  select ${catalogOid('pg_catalog.pg_class')} as classid, i.indexrelid as oid
  from pg_catalog.pg_index as i
  where c.relhasindex and i.indrelid = c.oid and (i.indexprs is not null or i.indpred is not null)
  ${
    version < 140000
      ? sql``
      : sql`union all select ${catalogOid('pg_catalog.pg_statistic_ext')}, s.oid
        from pg_catalog.pg_statistic_ext as s where s.stxrelid = c.oid and s.stxexprs is not null`
  }`

const expressionsRunOtherCode = (version: number): RawBuilder<boolean> => sql<boolean>`exists (
  select from (${withExpressions(version)}) as e
  where ${hasColumnOfOtherType} or ${runsOtherCode(sql`d.classid = e.classid and d.objid = e.oid`)}
  offset 0
)`

/**
 * ANALYZE of a column of a range calls the functions that its type was created with, as the owner of the table. A
 * domain over such a type has its type's way to be analyzed.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/rangetypes_typanalyze.c
 */
const analyzesOtherCode = sql<boolean>`exists (
  select from pg_catalog.pg_attribute as a
  join pg_catalog.pg_type as t on t.oid = a.atttypid
  where a.attrelid = c.oid and a.attnum > 0 and a.atttypid >= ${firstNormalObjectId}
  and t.typanalyze::text in ('range_typanalyze', 'multirange_typanalyze')
  offset 0
)`

/** Views run with the rights of who reads them only from 15 on, and only if they say so. */
const isSecurityInvoker = (version: number): RawBuilder<boolean> =>
  version < 150000
    ? sql<boolean>`false`
    : sql<boolean>`exists (
        select from pg_catalog.unnest(c.reloptions) as option
        where option ~* '^security_invoker=(t(r(ue?)?)?|y(es?)?|on|1)$'
      )`

const hasRules = sql<boolean>`c.relhasrules and exists (
  select from pg_catalog.pg_rewrite as w where w.ev_class = c.oid and w.rulename <> '_RETURN' offset 0
)`

/**
 * The action of a foreign key changes rows as the owner of the table that has it, and with them runs the checks,
 * defaults, triggers and index expressions of the table and of all its partitions.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/ri_triggers.c (ri_PerformCheck)
 */
const hasForeignKeyWithAction = sql<boolean>`exists (
  select from pg_catalog.pg_constraint as k
  where k.conrelid = c.oid and k.contype = 'f'
  and (k.confupdtype in ('c', 'n', 'd') or k.confdeltype in ('c', 'n', 'd'))
  offset 0
)`

/** The check of a foreign key runs as the owner of the table referred to, and casts the value that it looks for. */
const castsOtherTypes = sql<boolean>`c.relhastriggers and exists (
  select from pg_catalog.pg_depend as d
  join pg_catalog.pg_constraint as k on k.oid = d.objid and k.contype = 'f'
  join pg_catalog.pg_attribute as a
    on a.attrelid = k.conrelid and a.attnum = any(k.conkey) or a.attrelid = k.confrelid and a.attnum = any(k.confkey)
  where d.classid = ${catalogOid('pg_catalog.pg_constraint')} and d.refclassid = ${catalogOid('pg_catalog.pg_class')}
  and d.refobjid = c.oid and a.atttypid >= ${firstNormalObjectId}
  offset 0
)`

/** From 16 on, what a subscription applies it applies as the owner of the table, and evaluates its checks and defaults. */
const isSubscribedTo = (version: number): RawBuilder<boolean> =>
  version < 160000
    ? sql<boolean>`false`
    : sql<boolean>`exists (
        select from pg_catalog.pg_subscription_rel as s
        where s.srrelid = c.oid or s.srrelid in (select pg_catalog.pg_partition_ancestors(c.oid))
        offset 0
      )`

const hasTriggerForReplication = sql<boolean>`c.relhastriggers and exists (
  select from pg_catalog.pg_trigger as g
  where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled in ('R', 'A')
  offset 0
)`

/** The indexes that change their owner with a table, and that of its TOAST table. */
const indexes = sql<number>`(
  select pg_catalog.count(*) from pg_catalog.pg_index as i where i.indrelid in (c.oid, c.reltoastrelid)
)`

/**
 * Why tables would do things with the rights of a new owner. Read of all that may change hands, and again once they
 * have: until the change is made, the old owner can add to it.
 */
const tables = (version: number) =>
  stages
    .selectFrom('moving as r')
    .crossJoinLateral((eb) =>
      eb
        .selectFrom('pg_catalog.pg_class as x')
        .whereRef('x.oid', '=', 'r.oid')
        .select([
          'x.oid',
          'x.relkind',
          'x.relowner',
          'x.relacl',
          'x.reloptions',
          'x.relhasindex',
          'x.reltoastrelid',
          'x.relhasrules',
          'x.relhastriggers',
        ])
        .offset(zero)
        .as('c'),
    )
    .select([
      catalogOid('pg_catalog.pg_class').as('classid'),
      'r.oid',
      sql<readonly string[]>`array_remove(array[
        case when c.relkind = 'v' and not ${isSecurityInvoker(version)} then 'a view without security_invoker' end,
        case when c.relkind = 'm' then 'a materialized view' end,
        case when c.relkind = 'f' then 'a foreign table' end,
        case when ${hasRules} then 'it has rules' end,
        case when ${expressionsRunOtherCode(version)}
          then 'its index or statistics expressions call functions outside pg_catalog' end,
        case when ${analyzesOtherCode} then 'it has a column of a range type of its own' end,
        case when ${hasForeignKeyWithAction} then 'it has a foreign key with an action' end,
        case when ${castsOtherTypes} then 'it takes part in a foreign key on a type of its own' end,
        case when ${hasTriggerForReplication} then 'it has a trigger that fires for replication' end,
        case when ${isSubscribedTo(version)} then 'a subscription applies changes to it as its owner' end
      ], null)`.as('reasons'),
      indexes.as('indexes'),
    ])

/** To call an aggregate, its owner has to be allowed to execute the functions that it is made of. */
const callsRestricted = sql<boolean>`exists (
  select from pg_catalog.pg_aggregate as g
  cross join lateral pg_catalog.unnest(array[
    g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn, g.aggmtransfn, g.aggminvtransfn,
    g.aggmfinalfn
  ]::oid[]) as f(oid)
  where g.aggfnoid = p.oid and f.oid <> 0 and not pg_catalog.has_function_privilege('public', f.oid, 'EXECUTE')
  offset 0
)`

/** Why routines would do things with the rights of a new owner. */
const routines = sql<{ classid: number; oid: number; reasons: readonly string[]; indexes: number }>`
  select o.classid, o.oid, array_remove(array[
    case when p.prosecdef then 'it is SECURITY DEFINER' end,
    case when ${callsRestricted} then 'it is an aggregate of functions that not everybody may execute' end
  ], null), 0
  from any_object as o
  cross join lateral (
    select x.oid, x.prosecdef from pg_catalog.pg_proc as x where x.oid = o.oid offset 0
  ) as p
  where o.classid = ${catalogOid('pg_catalog.pg_proc')} and (
    o.owner in (select d.oid from desired as d)
    or o.oid in (select f.objid from found as f where f.owned and f.classid = ${catalogOid('pg_catalog.pg_proc')})
  )`

export const actsAsOwner: Stage<'acts_as_owner'> = (version) => sql`${tables(version)} union all ${routines}`
