import { describeName } from '../model/describe.ts'
import type { Effect } from '../model/effect.ts'
import { type ObjectKind, plural } from '../postgres/object-kind.ts'
import { append, sortedBy } from '../util/collections.ts'

/** What a role loses that may lock somebody out, or leave others with what it has made. */
interface Loss {
  readonly login: boolean
  /** By kind, how many objects it owned. */
  readonly owned: ReadonlyMap<ObjectKind, number>
}

const lossOf = (effects: readonly Effect[]): Loss => {
  const owned = new Map<ObjectKind, number>()
  let login = false
  for (const { fact } of effects)
    if (fact.kind === 'ownership') owned.set(fact.object.kind, (owned.get(fact.object.kind) ?? 0) + 1)
    else login = true
  return { login, owned }
}

const isGrave = ({ change, fact }: Effect): boolean =>
  change === 'loses' &&
  (fact.kind === 'ownership' || (fact.kind === 'attribute' && fact.attribute === 'LOGIN'))

const describeLoss = ({ login, owned }: Loss): string => {
  const counts = sortedBy(owned, ([kind]) => kind).map(
    ([kind, count]) => `${count} ${count === 1 ? kind : plural(kind)}`,
  )
  return [
    ...(login ? ['LOGIN'] : []),
    ...(counts.length > 0 ? [`ownership of ${counts.join(', ')}`] : []),
  ].join(', and ')
}

/** A sentence for each role that loses LOGIN or the ownership of something: what a reader of a plan must not miss. */
export const warningsOf = (effects: readonly Effect[]): readonly string[] => {
  const byRole = new Map<string, Effect[]>()
  for (const effect of effects) if (isGrave(effect)) append(byRole, effect.role, effect)
  return [...byRole].map(([role, lost]) => `role ${describeName(role)} loses ${describeLoss(lossOf(lost))}`)
}
