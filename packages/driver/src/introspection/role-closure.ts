import { type RawBuilder, sql } from 'kysely'
import { membershipsOf } from './membership.ts'

/** Finds some roles and all that they are members of, directly or not. */
export interface Closure {
  /** A recursive common table expression. */
  readonly walk: RawBuilder<unknown>
  /** A query of what it found. */
  readonly found: RawBuilder<unknown>
}

type Walk = (start: RawBuilder<unknown>, condition: RawBuilder<unknown>) => Closure

/** Each level is an array, for which the index is searched at once. */
const byLevels: Walk = (start, condition) => ({
  walk: sql`level as (
    select ${start} as oids
    union
    select array(
      select distinct m.roleid from ${membershipsOf(sql`any(l.oids)`)} as m where ${condition} order by m.roleid
    ) from level as l
  )`,
  found: sql`select distinct r.oid from level as l cross join lateral pg_catalog.unnest(l.oids) as r(oid)`,
})

/** The index is searched for each role. */
const oneByOne: Walk = (start, condition) => ({
  walk: sql`reached as (
    select pg_catalog.unnest(${start}) as oid
    union
    select m.roleid from reached as r cross join lateral ${membershipsOf(sql`r.oid`)} as m where ${condition}
  )`,
  found: sql`select r.oid from reached as r`,
})

/**
 * Finds what roles are members of. Levels are faster for many roles, but take longer to plan; and before 17 PostgreSQL may
 * compare each membership with each role of a level instead of searching the index.
 * @param start an array of oids
 * @param condition of the memberships `m` to follow
 */
export const closureOf = (
  version: number,
  areFew: boolean,
  start: RawBuilder<unknown>,
  condition: RawBuilder<unknown> = sql`true`,
): Closure => (areFew || version < 170000 ? oneByOne : byLevels)(start, condition)
