import { sql } from 'kysely'
import { anyOf, handOn, oidsOf } from './handed-on.ts'
import { type Needs, readsEach } from './needs.ts'
import { closureOf } from './role-closure.ts'
import { handingOn, type Statement } from './statement.ts'
import { dependencies, handOnTracked, settings, usualDependents, usualObjectsNamed } from './usual-objects.ts'
import { memberships, roles } from './usual-roles.ts'

/** Finds the tracked roles, and all that the desired and the requested roles are members of. */
const rolesToCompare = handingOn((version, needs) => {
  const start = sql`${oidsOf('desired')} || ${oidsOf('requested_role')}`
  const { walk, handedOn } = closureOf(version, readsEach(needs), start)
  return sql`
    with recursive ${walk}
    select ${sql.join([handedOn, handOnTracked(needs)])}`
})

/** Finds the tracked roles, and those that the desired roles are direct members of. */
const rolesToProve = handingOn(
  (_version, needs) => sql`
    select ${sql.join([
      handOn(
        'role_closure',
        sql`array(
          select pg_catalog.unnest(${oidsOf('desired')} || ${oidsOf('requested_role')})
          union select m.roleid from pg_catalog.pg_auth_members as m where m.member = ${anyOf('desired')}
        )`,
      ),
      handOnTracked(needs),
    ])}`,
)

/**
 * The statements that read what the desired roles hold: the objects that the scope names, the roles that the desired roles
 * are members of, and what else depends on them. Roles that no desired role is a member of, and what the acting role may do,
 * matter only where something has to change.
 */
export const narrowReading = (needs: Needs): readonly Statement[] => [
  ...usualObjectsNamed(needs),
  needs.purpose === 'prove' ? rolesToProve : rolesToCompare,
  ...usualDependents(needs),
  dependencies,
  settings,
  roles,
  memberships,
]
