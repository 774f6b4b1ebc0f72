import { describeFuture, describeGrantee } from '../model/describe.ts'
import type { Effect } from '../model/effect.ts'
import { everybody } from '../postgres/acl-item.ts'
import { type ObjectKind, plural } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { append, sortedBy } from '../util/collections.ts'

/**
 * Whether an effect drops a role, may lock somebody out, leaves to others what a role has made, or takes something from
 * everybody.
 */
const isGrave = ({ role, change, fact }: Effect): boolean =>
  change === 'loses' &&
  (role === everybody ||
    fact.kind === 'role' ||
    fact.kind === 'ownership' ||
    (fact.kind === 'attribute' && fact.attribute === 'LOGIN'))

const countsOf = (kinds: readonly ObjectKind[]): string => {
  const counts = new Map<ObjectKind, number>()
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return sortedBy(counts, ([kind]) => kind)
    .map(([kind, count]) => `${count} ${count === 1 ? kind : plural(kind)}`)
    .join(', ')
}

/** What PUBLIC loses, by privilege. */
const describePrivileges = (lost: readonly Effect[]): readonly string[] => {
  const kinds = new Map<Privilege, ObjectKind[]>()
  const futures = new Set<string>()
  for (const { fact } of lost)
    if (fact.kind === 'privilege') append(kinds, fact.privilege, fact.object.kind)
    else if (fact.kind === 'default privilege') futures.add(`${fact.privilege} on ${describeFuture(fact)}`)
  return [...[...kinds].map(([privilege, its]) => `${privilege} on ${countsOf(its)}`), ...futures]
}

const describeLosses = (role: string, lost: readonly Effect[]): string => {
  const owned = countsOf(lost.flatMap(({ fact }) => (fact.kind === 'ownership' ? [fact.object.kind] : [])))
  const dropped = lost.some(({ fact }) => fact.kind === 'role')
  const login = lost.some(({ fact }) => fact.kind === 'attribute') ? ['LOGIN'] : []
  const ownership = owned === '' ? [] : [`ownership of ${owned}`]
  const privileges = role === everybody ? describePrivileges(lost) : []
  const losses = [...login, ...ownership, ...privileges].join(', and ')
  return [...(dropped ? ['is dropped'] : []), ...(losses === '' ? [] : [`loses ${losses}`])].join(', and ')
}

/**
 * A sentence for each role that is dropped, or loses LOGIN or the ownership of something, and one for what PUBLIC loses: what a
 * reader of a plan must not miss.
 */
export const warningsOf = (effects: readonly Effect[]): readonly string[] => {
  const lost = new Map<string, Effect[]>()
  for (const effect of effects) if (isGrave(effect)) append(lost, effect.role, effect)
  return [...lost].map(([role, its]) => `${describeGrantee(role)} ${describeLosses(role, its)}`)
}
