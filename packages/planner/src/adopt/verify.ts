import { describeName, describeOperation } from '../model/describe.ts'
import type { DesiredRole } from '../model/desired-role.ts'
import type { ManagesOption } from '../model/managed.ts'
import { operationsOf, type Plan } from '../model/plan.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { planRequest } from '../plan/plan.ts'
import { requestOf } from '../request/parse-request.ts'
import { changesOf } from '../summary/change.ts'
import { rolesOf } from '../summary/summary.ts'
import type { Unsaid } from './described.ts'
import { flatMap } from '../util/collections.ts'

/** What a sync would change for described roles, in words. */
const changesBy = (plan: Plan, isExplained: (role: string) => boolean): readonly Unsaid[] =>
  flatMap(rolesOf(changesOf(plan)), ({ roles, gains, loses, rearranged }) =>
    flatMap(roles, (role): readonly Unsaid[] => {
      const named = describeName(role)
      const sentences = [
        ...gains.map(({ description }) => `a sync would give ${description} to role ${named}`),
        ...loses.map(({ description }) => `a sync would take ${description} from role ${named}`),
        ...(rearranged > 0 && !isExplained(role)
          ? [`a sync would grant role ${named} ${rearranged} of its privileges in another way`]
          : []),
      ]
      return sentences.map((message) => ({ role, reason: 'would change', message }))
    }),
  )

/** What a sync would do on behalf of described roles that neither gives them anything nor takes it from them. */
const sideEffectsOf = (plan: Plan, explained: ReadonlySet<string>): readonly Unsaid[] => {
  const messages = new Map<string, Unsaid>()
  for (const operation of operationsOf(plan)) {
    const { role, temporary } = operation.reason
    if (temporary !== undefined || operation.kind === 'lockRole' || explained.has(role)) continue
    const message = `a sync would ${describeOperation(operation)}`
    messages.set(message, { role, reason: 'would change', message })
  }
  return [...messages.values()]
}

/**
 * Plans for the roles as they were described. Whatever the plan would do, or cannot do, is something that the grants do
 * not say.
 * @param known what is known to be unsaid
 */
export const unsaidByPlan = (
  snapshot: Snapshot,
  desired: readonly DesiredRole[],
  known: readonly Unsaid[],
  manages?: ManagesOption,
): readonly Unsaid[] => {
  // Everything that the roles hold was read, and so everything that their grants name.
  const { scope: _, ...whole } = snapshot
  const options = { allowSelf: true, allowSuperuser: true, ...(manages && { manages }) }
  const plan = planRequest(whole, requestOf(desired, options))
  const explained = new Set(
    flatMap(known, ({ role, reason }) => (reason === 'another grantor' ? [role] : [])),
  )
  const changes = changesBy(plan, (role) => explained.has(role))
  const told = new Set([...explained, ...changes.map(({ role }) => role)])
  const left = [...plan.skipped, ...plan.residue]
  return [
    ...changes,
    ...sideEffectsOf(plan, told),
    ...left.map(({ role, message }): Unsaid => ({ role, reason: 'would stay', message })),
  ]
}
