import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import { defaultPrivilegeFacts, privilegeFact, roleFacts } from '../catalog/facts.ts'
import { IntermediateRoles } from '../catalog/intermediate-roles.ts'
import type { Effect } from '../model/effect.ts'
import { type Fact, factKey, holderOf } from '../model/fact.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import type { Membership } from '../model/membership.ts'
import { objectTouched, objectWithFollowersTouched, type Operation } from '../model/operation.ts'
import { type Touched, touchedBy } from '../model/touched.ts'
import { isRealMember } from '../postgres/membership-option.ts'
import { objectKey } from '../postgres/object-kind.ts'
import { isInert } from '../resolve/future-owner.ts'
import type { Goal } from '../resolve/target-state.ts'
import { flatMap, sortedBy, sortedUnique } from '../util/collections.ts'

/**
 * The keys of the objects whose owners or ACLs some operations may change, with the columns and sequences that follow them.
 */
export const objectsTouched = (catalog: Catalog, operations: readonly Operation[]): ReadonlySet<string> => {
  const touched = new Set<string>()
  for (const operation of operations) {
    const object = objectTouched(operation)
    if (object !== undefined) touched.add(objectKey(object))
    const followed = objectWithFollowersTouched(operation)
    if (followed !== undefined) for (const { key } of catalog.followersOf(followed)) touched.add(key)
  }
  return touched
}

/** An object as it is before a plan and after it, as far as it exists. */
type Change = Readonly<Record<'before' | 'after', CatalogObject | undefined>>

/** Privileges of roles that do not own the objects. Old owners are left out: their loss is reported by itself. */
const grantedOn = (
  changes: readonly Change[],
  [now, otherwise]: readonly [keyof Change, keyof Change],
  isTold: (role: string) => boolean,
): readonly Fact[] => {
  const facts: Fact[] = []
  for (const change of changes) {
    const object = change[now]
    if (object === undefined) continue
    for (const item of object.acl.values()) {
      const { grantee } = item
      if (grantee === object.owner || grantee === change[otherwise]?.owner || !isTold(grantee)) continue
      item.privileges.forEach((_, privilege) => facts.push(privilegeFact(object, item, privilege)))
    }
  }
  return facts
}

/** The ownership that roles lose. Columns and sequences that follow a table go without saying. */
const ownershipsLost = (catalog: Catalog, goal: Goal, changes: readonly Change[]): readonly Effect[] => {
  const lost: Effect[] = []
  for (const { before, after } of changes) {
    if (before === undefined || after === undefined) continue
    const { kind, name, owner, ownerFollows } = before
    if (ownerFollows !== undefined || owner === after.owner) continue
    lost.push({
      role: owner,
      change: 'loses',
      fact: { kind: 'ownership', object: { kind, name }, owner },
      newOwner: after.owner,
      ...(!isInert(catalog, goal, before) && { actsAsNewOwner: true }),
    })
  }
  return lost
}

const mayLogIn = ({ roles }: Catalog, role: string): boolean => roles.get(role)?.login === true

/** The desired roles that may no longer log in. */
const loginsLost = (
  before: Catalog,
  after: Catalog,
  changed: ReadonlySet<string>,
  { desired }: Goal,
): readonly Effect[] =>
  flatMap(changed, (role) =>
    desired.has(role) && mayLogIn(before, role) && !mayLogIn(after, role)
      ? [effect('loses', { kind: 'attribute', role, attribute: 'LOGIN' })]
      : [],
  )

function* membershipFacts(
  catalog: Catalog,
  members: ReadonlySet<string>,
  isTold: (role: string) => boolean,
): Iterable<Fact> {
  for (const member of members)
    if (isTold(member))
      for (const row of catalog.memberships.ofMember(member)) yield { kind: 'membership', ...row }
}

const attributeFacts = (catalog: Catalog, name: string): readonly Fact[] => {
  const role = catalog.roles.get(name)
  return role === undefined ? [] : roleFacts(role).filter(({ kind }) => kind === 'attribute')
}

/**
 * Whether effects on a role are reported: it is neither desired, nor created or dropped by the plan. An
 * intermediate role is left out too, but not by its name alone: it can do nothing by itself, and only desired
 * roles are members of it.
 */
const bystandersIn = (
  before: Catalog,
  { desired }: Goal,
  { creators, dropped }: Touched,
): ((role: string) => boolean) => {
  const intermediateRoles = new IntermediateRoles(before)
  const isIdle = (role: string): boolean =>
    isIntermediateName(role) &&
    intermediateRoles.isPlain(role) &&
    before.roles.get(role)?.servesOthers === false
  return (role) => !(desired.has(role) || creators.has(role) || dropped.has(role) || isIdle(role))
}

/** A key that ignores the grantor of what an intermediate role holds: to its members that makes no difference. */
const effectKey = (fact: Fact): string =>
  factKey(fact.kind === 'privilege' && isIntermediateName(fact.grantee) ? { ...fact, grantor: '' } : fact)

const effect = (change: Effect['change'], fact: Fact): Effect => ({ role: holderOf(fact), change, fact })

const inOrder = ({ role, change, fact }: Effect): string => JSON.stringify([role, change === 'gains', fact])

/**
 * Everything that a plan changes for roles that are not desired, after roles that are dropped because they should not
 * exist, and all ownership and LOGIN that is lost. It is
 * computed from the catalogs before and after, so that nothing can be forgotten. The membership that the
 * creator of a role gets in it is left out, and so is that the acting role no longer administers what it drops.
 */
export const effectsOf = (
  before: Catalog,
  after: Catalog,
  goal: Goal,
  operations: readonly Operation[],
): readonly Effect[] => {
  if (operations.length === 0) return []
  const touched = touchedBy(operations)
  const { creators, dropped, altered, memberships, defaults } = touched
  const changes: Change[] = []
  for (const key of objectsTouched(after, operations))
    changes.push({ before: before.objects.get(key), after: after.objects.get(key) })
  const members = new Set<string>()
  for (const { member } of memberships) members.add(member)
  for (const role of dropped) for (const { member } of before.memberships.inRole(role)) members.add(member)
  const isAskedFor = (row: Membership): boolean =>
    isRealMember(row) && goal.memberships.get(row.member)?.has(row.role) === true
  const isOfCreator = (fact: Fact): boolean =>
    fact.kind === 'membership' &&
    ((creators.get(fact.role) === fact.member && !isAskedFor(fact)) ||
      (dropped.has(fact.role) && isOfAdministrator(fact)))
  const isOfAdministrator = (row: Membership): boolean =>
    goal.absent.has(row.role)
      ? !isRealMember(row) && row.member === before.server.actingRole
      : !isRealMember(row) || isOwnDelegate(row)
  const isOwnDelegate = ({ role, member }: Membership): boolean =>
    member === before.server.actingRole && goal.access.now.graph.isDelegate(role)
  const isTold = bystandersIn(before, goal, touched)
  const factsIn = (catalog: Catalog, granted: Iterable<Fact>): Map<string, Fact> => {
    const facts = new Map<string, Fact>()
    const add = (some: Iterable<Fact>): void => {
      for (const fact of some)
        if (isTold(holderOf(fact)) && !isOfCreator(fact)) facts.set(effectKey(fact), fact)
    }
    add(granted)
    add(membershipFacts(catalog, members, isTold))
    for (const { owner, schema, on } of defaults)
      add(defaultPrivilegeFacts(catalog.defaultsOf(owner, schema, on)))
    for (const name of altered) add(attributeFacts(catalog, name))
    return facts
  }
  const old = factsIn(before, grantedOn(changes, ['before', 'after'], isTold))
  const now = factsIn(after, grantedOn(changes, ['after', 'before'], isTold))
  const lost = flatMap(old, ([key, fact]) => (now.has(key) ? [] : [effect('loses', fact)]))
  const gained = flatMap(now, ([key, fact]) => (old.has(key) ? [] : [effect('gains', fact)]))
  return [
    ...sortedUnique([...dropped].filter((role) => goal.absent.has(role))).map((role) =>
      effect('loses', { kind: 'role', role }),
    ),
    ...sortedBy(ownershipsLost(before, goal, changes), inOrder),
    ...sortedBy(loginsLost(before, after, altered, goal), inOrder),
    ...sortedBy([...lost, ...gained], inOrder),
  ]
}
