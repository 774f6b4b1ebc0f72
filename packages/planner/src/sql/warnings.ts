import { describeFuture, describeGrantee } from '../model/describe.ts'
import type { Effect } from '../model/effect.ts'
import { operationsOf, type Plan } from '../model/plan.ts'
import { everybody } from '../postgres/acl-item.ts'
import { type Attribute, attributeWords } from '../postgres/attribute.ts'
import { type ObjectKind, objectKey, plural } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { append, flatMap, sortedBy } from '../util/collections.ts'

/** The attributes without which a role can no longer do what others may rely on. */
const graveAttributes: ReadonlySet<Attribute> = new Set([
  'LOGIN',
  'SUPERUSER',
  'CREATEROLE',
  'REPLICATION',
  'BYPASSRLS',
])

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

/** The key of a privilege, whoever has granted it; nothing for other facts. */
const privilegeKey = ({ role, fact }: Effect): string | undefined =>
  fact.kind === 'privilege' ? `${role}\0${fact.privilege}\0${objectKey(fact.object)}` : undefined

/** The effects that are grave, without privileges that a role gets again from somebody else, as from a new owner. */
const graveIn = (effects: readonly Effect[]): readonly Effect[] => {
  const gained = new Set(flatMap(effects, (one) => (one.change === 'gains' ? [privilegeKey(one)] : [])))
  return effects.filter((one) => {
    const key = privilegeKey(one)
    return isGrave(one) && (key === undefined || !gained.has(key))
  })
}

/** Attributes that roles get or lose for good, by role. */
const attributesSet = (plan: Plan, value: boolean): ReadonlyMap<string, readonly Attribute[]> => {
  const found = new Map<string, Attribute[]>()
  for (const operation of operationsOf(plan))
    if (
      operation.kind === 'setAttribute' &&
      operation.value === value &&
      operation.reason.temporary === undefined
    )
      append(found, operation.role, operation.attribute)
  return found
}

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

/** What a role loses, by what is lost of it and by the attributes that are taken from it. */
const describeLosses = (role: string, lost: readonly Effect[], taken: readonly Attribute[]): string => {
  const owned = countsOf(flatMap(lost, ({ fact }) => (fact.kind === 'ownership' ? [fact.object.kind] : [])))
  const dropped = lost.some(({ fact }) => fact.kind === 'role')
  const gone = new Set<string>([
    ...taken,
    ...flatMap(lost, ({ fact }) => (fact.kind === 'attribute' ? [fact.attribute] : [])),
  ])
  const attributes = attributeWords.filter((word) => gone.has(word)).join(', ')
  const ownership = owned === '' ? [] : [`ownership of ${owned}`]
  const privileges = role === everybody ? describePrivileges(lost) : []
  const losses = [...(attributes === '' ? [] : [attributes]), ...ownership, ...privileges].join(', and ')
  return [...(dropped ? ['is dropped'] : []), ...(losses === '' ? [] : [`loses ${losses}`])].join(', and ')
}

/**
 * What a reader of a plan must not miss: a sentence for each role that is dropped, or loses the ownership of something or an
 * attribute such as LOGIN or SUPERUSER, one for what PUBLIC loses, and one for each role that becomes a superuser.
 */
export const warningsOf = (plan: Plan): readonly string[] => {
  const lost = new Map<string, Effect[]>()
  for (const effect of graveIn(plan.effects)) append(lost, effect.role, effect)
  const taken = new Map<string, readonly Attribute[]>()
  for (const [role, attributes] of attributesSet(plan, false)) {
    const grave = attributes.filter((attribute) => graveAttributes.has(attribute))
    if (grave.length > 0) taken.set(role, grave)
  }
  const superusers = [...attributesSet(plan, true)].filter(([, given]) => given.includes('SUPERUSER'))
  return [
    ...[...new Set([...lost.keys(), ...taken.keys()])].map(
      (role) =>
        `${describeGrantee(role)} ${describeLosses(role, lost.get(role) ?? [], taken.get(role) ?? [])}`,
    ),
    ...superusers.map(([role]) => `${describeGrantee(role)} gains SUPERUSER`),
  ]
}
