import { sql } from 'kysely'
import { listHandedOn, ofSession, oidsOf, sessionHandedOn } from './handed-on.ts'
import { rows } from './membership.ts'
import { answerOf } from './result-rows.ts'
import { onlyAdministers } from './roles.ts'
import type { Statement } from './statement.ts'

/** Reads the roles for a superuser, who can act as anybody: those above, and what they are members of. */
export const usualRoles: Statement = {
  answers: ['roles', 'memberships', 'granted'],
  text: (version, needs, answer) => sql`
    with recursive ${sql.join([
      sessionHandedOn(),
      ...(['desired', 'requested_role', 'tracked_role', 'owner_or_grantor'] as const).map(listHandedOn),
    ])},
    administrator as (select ${ofSession('acting')} as oid),
    principal as (select o.oid from owner_or_grantor as o),
    role_closure as (
      select x.oid from pg_catalog.unnest(
        ${oidsOf('tracked_role')} || ${oidsOf('requested_role')} || ${oidsOf('owner_or_grantor')} || ${ofSession('acting')}
      ) as x(oid)
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
