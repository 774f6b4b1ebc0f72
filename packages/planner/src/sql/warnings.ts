import { describeName } from '../model/describe.ts'
import type { Effect } from '../model/effect.ts'
import { type ObjectKind, plural } from '../postgres/object-kind.ts'
import { append, sortedBy } from '../util/collections.ts'

/** Whether an effect drops a role, may lock somebody out, or leaves to others what a role has made. */
const isGrave = ({ change, fact }: Effect): boolean =>
  change === 'loses' &&
  (fact.kind === 'role' ||
    fact.kind === 'ownership' ||
    (fact.kind === 'attribute' && fact.attribute === 'LOGIN'))

const describeLosses = (lost: readonly Effect[]): string => {
  const owned = new Map<ObjectKind, number>()
  for (const { fact } of lost)
    if (fact.kind === 'ownership') owned.set(fact.object.kind, (owned.get(fact.object.kind) ?? 0) + 1)
  const counts = sortedBy(owned, ([kind]) => kind).map(
    ([kind, count]) => `${count} ${count === 1 ? kind : plural(kind)}`,
  )
  const dropped = lost.some(({ fact }) => fact.kind === 'role')
  const login = lost.some(({ fact }) => fact.kind === 'attribute') ? ['LOGIN'] : []
  const ownership = counts.length > 0 ? [`ownership of ${counts.join(', ')}`] : []
  const losses = [...login, ...ownership].join(', and ')
  return [...(dropped ? ['is dropped'] : []), ...(losses === '' ? [] : [`loses ${losses}`])].join(', and ')
}

/** A sentence for each role that is dropped, or loses LOGIN or the ownership of something: what a reader of a plan must not miss. */
export const warningsOf = (effects: readonly Effect[]): readonly string[] => {
  const lost = new Map<string, Effect[]>()
  for (const effect of effects) if (isGrave(effect)) append(lost, effect.role, effect)
  return [...lost].map(([role, its]) => `role ${describeName(role)} ${describeLosses(its)}`)
}
