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

const indexRunsOtherCode = sql<boolean>`exists (
  select from pg_catalog.pg_index as i
  where i.indrelid = c.oid and (i.indexprs is not null or i.indpred is not null)
  and ${runsOtherCode(sql`d.classid = ${catalogOid('pg_catalog.pg_class')} and d.objid = i.indexrelid`)}
  offset 0
)`

/** Statistics of expressions exist from 14 on. */
const statisticsRunOtherCode = (version: number): RawBuilder<boolean> =>
  version < 140000
    ? sql<boolean>`false`
    : sql<boolean>`exists (
        select from pg_catalog.pg_statistic_ext as s
        where s.stxrelid = c.oid and s.stxexprs is not null
        and ${runsOtherCode(sql`d.classid = ${catalogOid('pg_catalog.pg_statistic_ext')} and d.objid = s.oid`)}
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

/** The triggers of a foreign key are internal, and call functions of PostgreSQL's own. */
const hasTriggerAndForeignKeyWithAction = sql<boolean>`c.relhastriggers and exists (
  select from pg_catalog.pg_trigger as g
  where g.tgrelid = c.oid and (not g.tgisinternal or g.tgfoid >= ${firstNormalObjectId})
  offset 0
) and exists (
  select from pg_catalog.pg_constraint as k
  where k.conrelid = c.oid and k.contype = 'f'
  and (k.confupdtype in ('c', 'n', 'd') or k.confdeltype in ('c', 'n', 'd'))
  offset 0
)`

export const actsAsOwner: Stage<'acts_as_owner'> = (version) =>
  stages
    .selectFrom('moving as r')
    .crossJoinLateral((eb) =>
      eb
        .selectFrom('pg_catalog.pg_class as x')
        .whereRef('x.oid', '=', 'r.oid')
        .select(['x.oid', 'x.relkind', 'x.reloptions', 'x.relhasindex', 'x.relhasrules', 'x.relhastriggers'])
        .offset(zero)
        .as('c'),
    )
    .where('r.relowner', 'in', (eb) => eb.selectFrom('desired as d').select('d.oid'))
    .select([
      'r.oid',
      sql<readonly string[]>`array_remove(array[
        case when c.relkind = 'v' and not ${isSecurityInvoker(version)} then 'a view without security_invoker' end,
        case when c.relkind = 'm' then 'a materialized view' end,
        case when c.relkind = 'f' then 'a foreign table' end,
        case when ${hasRules} then 'it has rules' end,
        case when c.relhasindex and ${indexRunsOtherCode} or ${statisticsRunOtherCode(version)}
          then 'its index or statistics expressions call functions outside pg_catalog' end,
        case when ${analyzesOtherCode} then 'it has a column of a range type of its own' end,
        case when ${hasTriggerAndForeignKeyWithAction} then 'it has a trigger and a foreign key with an action' end
      ], null)`.as('reasons'),
    ])
