import { mappingChanges, policyChanges, tiesOf } from '../diff/absent-roles.ts'
import type { Operation } from '../model/operation.ts'
import { notAskedFor } from '../resolve/target-state.ts'
import { flatMap, sortedBy, sortedUnique } from '../util/collections.ts'
import type { Phase } from './phase.ts'

/**
 * Takes roles that should not exist out of policies, and drops their user mappings. A policy that is for no other role is
 * dropped, as DROP OWNED does: it applies only to these roles and their members, so that without them it applies to nobody.
 */
export const endMentions: Phase = (catalog, goal) => [
  ...flatMap(
    sortedBy(policyChanges(catalog, goal), ({ policy }) =>
      JSON.stringify([policy.table.name, policy.policy]),
    ),
    ({ policy: { policy, table, roles }, owner, left, as }): Operation[] => {
      if (as === undefined) return []
      const first = roles.find((role) => goal.absent.has(role))!
      const base = { policy, table, owner, as, reason: notAskedFor(first) }
      return [
        left.length === 0
          ? { kind: 'dropPolicy', ...base }
          : { kind: 'setPolicyRoles', roles: left, ...base },
      ]
    },
  ),
  ...flatMap(
    sortedBy(mappingChanges(catalog, goal), ({ mapping: { role, server } }) =>
      JSON.stringify([role, server]),
    ),
    ({ mapping: { role, server }, owner, as }): Operation[] =>
      as === undefined
        ? []
        : [{ kind: 'dropUserMapping', role, server, owner, as, reason: notAskedFor(role) }],
  ),
]

/** Drops the roles that should not exist, once nothing keeps them from being dropped. */
export const dropAbsentRoles: Phase = (catalog, goal) => {
  const { absent, access } = goal
  if (absent.size === 0) return []
  const ties = tiesOf(catalog, goal)
  return flatMap(sortedUnique(absent), (role): Operation[] =>
    catalog.roles.has(role) && !ties.has(role)
      ? [{ kind: 'dropRole', role, as: access.now.graph.runAsFor(role), reason: notAskedFor(role) }]
      : [],
  )
}
