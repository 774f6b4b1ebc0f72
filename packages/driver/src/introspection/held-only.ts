import { sql } from 'kysely'
import { intermediateName } from './constant.ts'
import { allOf, handOn, oidsOf } from './handed-on.ts'
import { membershipsOf } from './membership.ts'
import type { Needs } from './needs.ts'
import { handingOn, type Statement } from './statement.ts'
import { dependencies, settings, usualObjectsNamed } from './usual-objects.ts'
import { granted, memberships, roles } from './usual-roles.ts'

/** Finds the intermediate roles that have a desired role as a member, and all that the desired and requested roles are members of. */
const heldRoles = handingOn(
  () => sql`
    with recursive role_closure as (
      select pg_catalog.unnest(${oidsOf('desired')} || ${oidsOf('requested_role')}) as oid
      union
      select m.roleid from role_closure as c cross join lateral ${membershipsOf(sql`c.oid`)} as m
    )
    select ${sql.join([
      handOn('role_closure', sql`array(select c.oid from role_closure as c)`),
      handOn(
        'tracked_role',
        sql`(${oidsOf('desired')} || array(
      select g.oid from (
        select distinct m.roleid from pg_catalog.pg_auth_members as m where m.member = any(${oidsOf('desired')})
        offset 0
      ) as g(oid)
      where pg_catalog.pg_get_userbyid(g.oid)::text ~ ${intermediateName} and g.oid not in ${allOf('desired')}
    ))`,
      ),
    ])}`,
)

/**
 * The statements that read what the desired roles hold: the objects that the scope names, the roles that the desired roles
 * are members of, and what else depends on them. That is enough to find that nothing has to change, whoever acts. Roles that
 * no desired role is a member of, and what the acting role may do, matter only where something has to.
 */
export const heldOnly = (needs: Needs, version: number): readonly Statement[] => [
  ...usualObjectsNamed(needs),
  heldRoles,
  dependencies,
  settings,
  roles,
  memberships,
  ...(version < 160000 ? [] : [granted]),
]
