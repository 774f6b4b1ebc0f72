import { type RawBuilder, sql } from 'kysely'
import { handOn, oidsOf } from './handed-on.ts'
import { type Needs, readsEach } from './needs.ts'
import { closureOf } from './role-closure.ts'
import { asMaterialized, handingOn, type Statement } from './statement.ts'
import {
  dependencies,
  handOnTracked,
  handOnTrackedByFew,
  joinedByDesired,
  settings,
  usualDependents,
  usualObjectsNamed,
} from './usual-objects.ts'
import { memberships, roles } from './usual-roles.ts'

/** A common table expression `joined`: the roles that the desired roles are direct members of. */
const joined = (version: number): RawBuilder<unknown> =>
  sql`joined as ${asMaterialized(version)} (${joinedByDesired})`

const handOnTrackedAmongJoined = handOnTracked(sql`select j.roleid from joined as j`)

const comparedOfFew = (version: number): RawBuilder<unknown> => {
  const { walk, found } = closureOf(version, true, sql`${oidsOf('desired')} || ${oidsOf('requested_role')}`)
  return sql`
    with recursive ${walk}
    select ${sql.join([handOn('role_closure', sql`array(${found})`), handOnTrackedByFew])}`
}

/** The memberships of the desired roles are most of all, and read once. */
const comparedOfMany = (version: number): RawBuilder<unknown> => {
  const above = sql`array(select j.roleid from joined as j) || ${oidsOf('requested_role')}`
  const { walk, found } = closureOf(version, false, above)
  const desired = sql`select pg_catalog.unnest(${oidsOf('desired')})`
  return sql`
    with recursive ${sql.join([joined(version), walk])}
    select ${sql.join([
      handOn('role_closure', sql`array(${desired} union ${found})`),
      handOnTrackedAmongJoined,
    ])}`
}

/** Finds the tracked roles, and all that the desired and the requested roles are members of. */
const rolesToCompare = handingOn((version, needs) =>
  readsEach(needs) ? comparedOfFew(version) : comparedOfMany(version),
)

/** Finds the tracked roles, and those that the desired roles are direct members of. */
const rolesToProve = handingOn(
  (version, needs) => sql`
    with ${joined(version)}
    select ${sql.join([
      handOn(
        'role_closure',
        sql`array(
          select pg_catalog.unnest(${oidsOf('desired')} || ${oidsOf('requested_role')})
          union select j.roleid from joined as j
        )`,
      ),
      readsEach(needs) ? handOnTrackedByFew : handOnTrackedAmongJoined,
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
