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

const indexRunsOtherCode = sql<boolean>`exists (
  select from pg_catalog.pg_index as i
  where i.indrelid = c.oid and (i.indexprs is not null or i.indpred is not null)
  and (${hasColumnOfOtherType} or ${runsOtherCode(sql`d.classid = ${catalogOid('pg_catalog.pg_class')} and d.objid = i.indexrelid`)})
  offset 0
)`

/** Statistics of expressions exist from 14 on. */
const statisticsRunOtherCode = (version: number): RawBuilder<boolean> =>
  version < 140000
    ? sql<boolean>`false`
    : sql<boolean>`exists (
        select from pg_catalog.pg_statistic_ext as s
        where s.stxrelid = c.oid and s.stxexprs is not null
        and (${hasColumnOfOtherType} or ${runsOtherCode(sql`d.classid = ${catalogOid('pg_catalog.pg_statistic_ext')} and d.objid = s.oid`)})
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

/** So whoever may refer to the table could have code of its own run by the new owner. */
const othersMayRefer = sql<boolean>`exists (
  select from pg_catalog.aclexplode(c.relacl) as i
  where i.privilege_type = 'REFERENCES' and i.grantee <> c.relowner
  offset 0
) or exists (
  select from pg_catalog.pg_attribute as a cross join lateral pg_catalog.aclexplode(a.attacl) as i
  where a.attrelid = c.oid and i.privilege_type = 'REFERENCES' and i.grantee <> c.relowner
  offset 0
)`

/** What a subscription applies, it applies as the owner of the table. */
const hasTriggerForReplication = sql<boolean>`c.relhastriggers and exists (
  select from pg_catalog.pg_trigger as g
  where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled in ('R', 'A')
  offset 0
)`

/**
 * Why tables would do things with the rights of a new owner. Read of all that may change hands, and again once they
 * have: until the change is made, the old owner can add to it.
 */
export const actsAsOwner: Stage<'acts_as_owner'> = (version) =>
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
          'x.relhasrules',
          'x.relhastriggers',
        ])
        .offset(zero)
        .as('c'),
    )
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
        case when ${hasForeignKeyWithAction} then 'it has a foreign key with an action' end,
        case when ${castsOtherTypes} then 'it takes part in a foreign key on a type of its own' end,
        case when ${othersMayRefer} then 'others hold REFERENCES on it' end,
        case when ${hasTriggerForReplication} then 'it has a trigger that fires for replication' end
      ], null)`.as('reasons'),
    ])
