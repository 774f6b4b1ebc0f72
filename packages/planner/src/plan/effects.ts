import type { Catalog } from '../catalog/catalog.ts'
import { defaultPrivilegeFacts, privilegeFact, roleFacts } from '../catalog/facts.ts'
import { IntermediateRoles } from '../catalog/intermediate-roles.ts'
import type { Effect } from '../model/effect.ts'
import { type Fact, factKey } from '../model/fact.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import type { Membership } from '../model/membership.ts'
import {
  attributesTouched,
  creatorsOf,
  defaultsTouched,
  membersTouched,
  objectTouched,
  objectWithFollowersTouched,
  type Operation,
  rolesCreated,
  rolesDropped,
} from '../model/operation.ts'
import { isRealMember } from '../postgres/membership-option.ts'
import { objectKey, type ObjectName } from '../postgres/object-kind.ts'
import { isInert } from '../resolve/future-owner.ts'
import type { Goal } from '../resolve/target-state.ts'
import { sortedBy } from '../util/collections.ts'

/**
 * By key, the objects whose owners or ACLs some operations may change, with the columns and sequences that follow them.
 */
export const objectsTouched = (
  catalog: Catalog,
  operations: readonly Operation[],
): ReadonlyMap<string, ObjectName> => {
  const touched = new Map<string, ObjectName>()
  for (const operation of operations) {
    for (const object of objectTouched(operation)) touched.set(objectKey(object), object)
    for (const object of objectWithFollowersTouched(operation))
      for (const { key, kind, name } of catalog.followersOf(object)) touched.set(key, { kind, name })
  }
  return touched
}

/**
 * Privileges on some objects of roles that do not own them. Old owners are left out: their loss is reported by itself.
 */
function* grantedOn(
  catalog: Catalog,
  objects: ReadonlyMap<string, ObjectName>,
  owners: Catalog,
  isTold: (role: string) => boolean,
): Iterable<Fact> {
  for (const key of objects.keys()) {
    const object = catalog.objects.get(key)
    if (object === undefined) continue
    const ownerOtherwise = owners.objects.get(key)?.owner
    for (const item of object.acl.values()) {
      const { grantee } = item
      if (grantee === object.owner || grantee === ownerOtherwise || !isTold(grantee)) continue
      for (const privilege of item.privileges.keys()) yield privilegeFact(object, item, privilege)
    }
  }
}

/** The ownership that roles lose. Columns and sequences that follow a table go without saying. */
const ownershipsLost = (
  before: Catalog,
  after: Catalog,
  objects: ReadonlyMap<string, ObjectName>,
  goal: Goal,
): readonly Effect[] =>
  [...objects].flatMap(([key, name]): Effect[] => {
    const object = before.objects.get(key)
    const newOwner = after.objects.get(key)?.owner
    if (object === undefined || newOwner === undefined) return []
    const { owner, ownerFollows } = object
    if (ownerFollows !== undefined || owner === newOwner) return []
    return [
      {
        role: owner,
        change: 'loses',
        fact: { kind: 'ownership', object: name, owner },
        newOwner,
        ...(!isInert(before, goal, object) && { actsAsNewOwner: true }),
      },
    ]
  })

const mayLogIn = ({ roles }: Catalog, role: string): boolean => roles.get(role)?.login === true

/** The desired roles that may no longer log in. */
const loginsLost = (
  before: Catalog,
  after: Catalog,
  changed: ReadonlySet<string>,
  { desired }: Goal,
): readonly Effect[] => {
  return [...changed].flatMap((role) =>
    desired.has(role) && mayLogIn(before, role) && !mayLogIn(after, role)
      ? [effect('loses', { kind: 'attribute', role, attribute: 'LOGIN' })]
      : [],
  )
}

function* membershipFacts(
  catalog: Catalog,
  members: ReadonlySet<string>,
  isTold: (role: string) => boolean,
): Iterable<Fact> {
  for (const member of members)
    if (isTold(member)) for (const row of catalog.membershipsOf(member)) yield { kind: 'membership', ...row }
}

const attributeFacts = (catalog: Catalog, name: string): readonly Fact[] => {
  const role = catalog.roles.get(name)
  return role === undefined ? [] : roleFacts(role).filter(({ kind }) => kind === 'attribute')
}

const holder = (fact: Fact): string => {
  switch (fact.kind) {
    case 'role':
    case 'attribute':
      return fact.role
    case 'membership':
      return fact.member
    case 'ownership':
      return fact.owner
    case 'privilege':
    case 'default privilege':
      return fact.grantee
  }
}

/**
 * Whether effects on a role are reported: it is neither desired, nor created or dropped by the plan. An
 * intermediate role is left out too, but not by its name alone: it can do nothing by itself, and only desired
 * roles are members of it.
 */
const bystandersIn = (
  before: Catalog,
  { desired }: Goal,
  operations: readonly Operation[],
): ((role: string) => boolean) => {
  const own = new Set([...desired, ...rolesCreated(operations), ...rolesDropped(operations)])
  const intermediateRoles = new IntermediateRoles(before)
  const isIdle = (role: string): boolean =>
    isIntermediateName(role) &&
    intermediateRoles.isPlain(role) &&
    before.roles.get(role)?.servesOthers === false
  return (role) => !own.has(role) && !isIdle(role)
}

/** A key that ignores the grantor of what an intermediate role holds: to its members that makes no difference. */
const effectKey = (fact: Fact): string =>
  factKey(fact.kind === 'privilege' && isIntermediateName(fact.grantee) ? { ...fact, grantor: '' } : fact)

const effect = (change: Effect['change'], fact: Fact): Effect => ({ role: holder(fact), change, fact })

const inOrder = ({ role, change, fact }: Effect): string => JSON.stringify([role, change === 'gains', fact])

/**
 * Everything that a plan changes for roles that are not desired, after all ownership and LOGIN that is lost. It is
 * computed from the catalogs before and after, so that nothing can be forgotten. The membership that the
 * creator of a role gets in it is left out.
 */
export const effectsOf = (
  before: Catalog,
  after: Catalog,
  goal: Goal,
  operations: readonly Operation[],
): readonly Effect[] => {
  const objects = objectsTouched(after, operations)
  const [creators, dropped] = [creatorsOf(operations), rolesDropped(operations)]
  const members = new Set([
    ...membersTouched(operations),
    ...[...dropped].flatMap((role) => before.membersOf(role).map(({ member }) => member)),
  ])
  const isOfCreator = (fact: Fact): boolean =>
    fact.kind === 'membership' &&
    (creators.get(fact.role) === fact.member ||
      (dropped.has(fact.role) && (!isRealMember(fact) || isOwnDelegate(fact))))
  const isOwnDelegate = ({ role, member }: Membership): boolean =>
    member === before.server.actingRole && goal.access.now.graph.isDelegate(role)
  const futures = defaultsTouched(operations)
  const changed = attributesTouched(operations)
  const isTold = bystandersIn(before, goal, operations)
  const factsIn = (catalog: Catalog, other: Catalog): Map<string, Fact> => {
    const facts = new Map<string, Fact>()
    const add = (some: Iterable<Fact>): void => {
      for (const fact of some)
        if (isTold(holder(fact)) && !isOfCreator(fact)) facts.set(effectKey(fact), fact)
    }
    add(grantedOn(catalog, objects, other, isTold))
    add(membershipFacts(catalog, members, isTold))
    for (const { owner, schema, on } of futures)
      add(defaultPrivilegeFacts(catalog.defaultsOf(owner, schema, on)))
    for (const name of changed) add(attributeFacts(catalog, name))
    return facts
  }
  const [old, now] = [factsIn(before, after), factsIn(after, before)]
  const lost = [...old].flatMap(([key, fact]) => (now.has(key) ? [] : [effect('loses', fact)]))
  const gained = [...now].flatMap(([key, fact]) => (old.has(key) ? [] : [effect('gains', fact)]))
  return [
    ...sortedBy(ownershipsLost(before, after, objects, goal), inOrder),
    ...sortedBy(loginsLost(before, after, changed, goal), inOrder),
    ...sortedBy([...lost, ...gained], inOrder),
  ]
}
