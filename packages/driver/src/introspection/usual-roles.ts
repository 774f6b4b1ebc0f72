import { type RawBuilder, sql } from 'kysely'
import { listHandedOn, ofSession, oidsOf, sessionHandedOn } from './handed-on.ts'
import { rows } from './membership.ts'
import type { Needs } from './needs.ts'
import { answerOf } from './result-rows.ts'
import { actingAs, administrator, onlyAdministers } from './roles.ts'
import type { Statement } from './statement.ts'

/** A superuser can act as anybody. What others need to know is who can make them a member of a role, and as whom they act. */
const forSuperuser: readonly RawBuilder<unknown>[] = [
  sql`principal as (select o.oid from owner_or_grantor as o)`,
]

const isNoSuperuser = sql`not ${ofSession('superuser')}`

/** The grantees of schemas, a row for each privilege. */
const grantees = sql`
  select s.oid, s.grantee from (
    select n.oid, n.nspowner,
      (pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner)))).grantee
    from pg_catalog.pg_namespace as n where n.oid = any(${oidsOf('snapshot_schema')})
  ) as s
  where s.grantee <> 0 and s.grantee <> s.nspowner`

const forOthers = (version: number, needs: Needs): readonly RawBuilder<unknown>[] => [
  sql`acting_as as (${actingAs(version, needs)})`,
  sql`grantee as (${grantees})`,
  sql`principal as (
    select o.oid from owner_or_grantor as o
    union
    select x.oid from (
      select m.grantor from pg_catalog.pg_auth_members as m where m.member = any(${oidsOf('desired')})
      union all select ${ofSession('database_owner')}
      union all select g.grantee from grantee as g
    ) as x(oid)
    where ${isNoSuperuser}
  )`,
  sql`out_of_reach as (${outOfReach(version)})`,
]

/**
 * Whether the acting role may have to make itself a member of another role, so that all that it can reach has to be read:
 * some role has members and is not administered by the acting role, or a schema has many grantees.
 */
const outOfReach = (version: number): RawBuilder<unknown> => sql`
  select 1 as reason from (
    ${
      version < 160000
        ? sql``
        : sql`
    select from (
      select p.oid from principal as p
      union all select d.oid from desired as d
      union all select l.oid from requested_role as l
    ) as r
    where exists (select from pg_catalog.pg_auth_members as m where m.roleid = r.oid offset 0)
    and not exists (
      select from pg_catalog.pg_auth_members as a
      where a.roleid = r.oid and a.admin_option and a.member in (select o.oid from acting_as as o)
      offset 0
    )
    union all`
    }
    select from grantee as g group by g.oid having pg_catalog.count(*) > 8
  ) as x
  where ${isNoSuperuser} limit 1`

/**
 * Reads the roles of which the catalogs usually show everything that matters: those above, what they are members of, and, for
 * a role that is no superuser, owners and grantors.
 */
export const usualRoles: Statement = {
  answers: ['roles', 'memberships', 'granted', 'outOfReach'],
  text: (version, needs: Needs, answer) => sql`
    with recursive ${sql.join([
      sessionHandedOn(),
      ...(['desired', 'requested_role', 'tracked_role', 'owner_or_grantor'] as const).map(listHandedOn),
      sql`administrator as (${administrator(version, needs)})`,
      ...(needs.isSuperuser ? forSuperuser : forOthers(version, needs)),
    ])},
    role_closure as (
      select x.oid from (
        select x.oid from pg_catalog.unnest(
          ${oidsOf('tracked_role')} || ${oidsOf('requested_role')} || ${ofSession('acting')}
        ) as x(oid)
        union all select p.oid from principal as p
      ) as x
      union
      select m.roleid from role_closure as c
      cross join lateral (select x.* from pg_catalog.pg_auth_members as x where x.member = c.oid offset 0) as m
      ${version < 160000 ? sql`` : sql`where not (${onlyAdministers(version, true)})`}
    ),
    snapshot_role as (
      select c.oid from role_closure as c union select ${ofSession('login')} union select 10::oid
    ),
    membership as (${rows(version)
      .where('m.member', '=', sql<number>`any(array(select c.oid from role_closure as c))`)
      .where('m.roleid', 'in', (eb) =>
        eb.selectFrom(sql<{ oid: number }>`role_closure`.as('c')).select('c.oid'),
      )})
    select ${answer(answerOf(usualRoles.answers, version, needs))}`,
}
