import { type RawBuilder, sql } from 'kysely'
import { handOn } from './handed-on.ts'
import { membershipsOf } from './membership.ts'

/**
 * A common table expression `level`: some roles, then those that they are direct members of, and so on. Each level is an
 * array, for which the index is searched at once; for each role by itself, that takes three times as long.
 * @param roles an array of oids
 * @param condition of the memberships `m` to follow
 */
export const levelsFrom = (
  roles: RawBuilder<unknown>,
  condition?: RawBuilder<unknown>,
): RawBuilder<unknown> =>
  sql`level as (
    select ${roles} as oids
    union
    select array(
      select distinct m.roleid from ${membershipsOf(sql`any(l.oids)`)} as m
      ${condition === undefined ? sql`` : sql`where ${condition}`}
      order by m.roleid
    ) from level as l
  )`

/** A common table expression `reached`: the same roles, where they are few. It takes less long to plan. */
export const oneByOneFrom = (roles: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`reached as (
    select pg_catalog.unnest(${roles}) as oid
    union
    select m.roleid from reached as r cross join lateral ${membershipsOf(sql`r.oid`)} as m
  )`

/** Hands on all roles that were reached. */
export const handOnReached = (): RawBuilder<unknown> =>
  handOn('role_closure', sql`array(select r.oid from reached as r)`)

/** Hands on the roles of all levels. */
export const handOnClosure = (): RawBuilder<unknown> =>
  handOn(
    'role_closure',
    sql`array(select distinct r.oid from level as l cross join lateral pg_catalog.unnest(l.oids) as r(oid))`,
  )
