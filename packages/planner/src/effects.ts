import { type Fact, factKey } from './fact.ts'
import { defaultPrivilegeFacts, privilegeFact, roleFacts } from './facts-of.ts'
import { isIntermediateName } from './intermediate-role.ts'
import { objectKey, type ObjectName } from './object-kind.ts'
import {
  attributesTouched,
  defaultsTouched,
  membersTouched,
  objectTouched,
  objectWithFollowersTouched,
  type Operation,
  creatorsOf,
  rolesCreated,
  rolesDropped,
} from './operation.ts'
import { sortedBy } from './order.ts'
import { isRealMember } from './real-member.ts'
import { ServingRoles } from './serving-roles.ts'
import type { Membership } from './snapshot.ts'
import type { Wanted } from './wanted.ts'
import type { World } from './world.ts'

/** What a role that is not synced gains or loses by a plan. */
export interface Effect {
  readonly role: string
  readonly change: 'gains' | 'loses'
  readonly fact: Fact
}

/** The objects whose owner or ACL an operation may change, what follows the owner included, each once, by their keys. */
export const objectsTouched = (
  world: World,
  operations: readonly Operation[],
): ReadonlyMap<string, ObjectName> => {
  const touched = new Map<string, ObjectName>()
  for (const operation of operations) {
    for (const object of objectTouched(operation)) touched.set(objectKey(object), object)
    for (const object of objectWithFollowersTouched(operation))
      for (const { key, kind, name } of world.followersOf(object)) touched.set(key, { kind, name })
  }
  return touched
}

/** What stands in the ACLs of some objects for roles that do not own them; an old owner is told of by itself. */
function* grantedOn(
  world: World,
  objects: ReadonlyMap<string, ObjectName>,
  owners: World,
  isTold: (role: string) => boolean,
): Iterable<Fact> {
  for (const key of objects.keys()) {
    const object = world.objects.get(key)
    if (object === undefined) continue
    const ownerOtherwise = owners.objects.get(key)?.owner
    for (const item of object.acl.values()) {
      const { grantee } = item
      if (grantee === object.owner || grantee === ownerOtherwise || !isTold(grantee)) continue
      for (const privilege of item.privileges.keys()) yield privilegeFact(object, item, privilege)
    }
  }
}

/** Who owns objects that have another owner otherwise. What follows the owner of something else goes without saying. */
function* ownershipsOf(
  world: World,
  objects: ReadonlyMap<string, ObjectName>,
  owners: World,
): Iterable<Fact> {
  for (const [key, object] of objects) {
    const { owner, follows } = world.objects.get(key) ?? {}
    if (owner === undefined || follows !== undefined || owner === owners.objects.get(key)?.owner) continue
    yield { kind: 'ownership', object, owner }
  }
}

function* membershipFacts(
  world: World,
  members: ReadonlySet<string>,
  isTold: (role: string) => boolean,
): Iterable<Fact> {
  for (const member of members)
    if (isTold(member)) for (const row of world.membershipsOf(member)) yield { kind: 'membership', ...row }
}

const attributeFacts = (world: World, name: string): readonly Fact[] => {
  const role = world.roles.get(name)
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
 * Who the effects are about: the roles that are neither desired nor made or dropped by the plan. The name of an intermediate
 * role keeps nothing secret: what it gains or loses is left out only where it can do nothing by itself, and nobody but
 * desired roles has anything by it.
 */
const bystandersIn = (
  before: World,
  { desired }: Wanted,
  operations: readonly Operation[],
): ((role: string) => boolean) => {
  const own = new Set([...desired, ...rolesCreated(operations), ...rolesDropped(operations)])
  const serving = new ServingRoles(before)
  const isIdle = (role: string): boolean =>
    isIntermediateName(role) && serving.isPlain(role) && before.roles.get(role)?.servesOthers === false
  return (role) => !own.has(role) && !isIdle(role)
}

/** For the members of an intermediate role it is all the same by whose grant it has what it gives. */
const effectKey = (fact: Fact): string =>
  factKey(fact.kind === 'privilege' && isIntermediateName(fact.grantee) ? { ...fact, grantor: '' } : fact)

/**
 * Everything that a plan changes for other roles than those it is about: computed from the worlds before and after, so
 * that nothing can be forgotten. Becoming an owner is no effect, nor is what a role that may create roles gets of those it
 * creates.
 */
export const effectsOf = (
  before: World,
  after: World,
  wanted: Wanted,
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
    member === before.server.actingRole && wanted.authority.isDelegate(role)
  const futures = defaultsTouched(operations)
  const changed = attributesTouched(operations)
  const isTold = bystandersIn(before, wanted, operations)
  const factsIn = (world: World, other: World): Map<string, Fact> => {
    const facts = new Map<string, Fact>()
    const add = (some: Iterable<Fact>): void => {
      for (const fact of some)
        if (isTold(holder(fact)) && !isOfCreator(fact)) facts.set(effectKey(fact), fact)
    }
    add(grantedOn(world, objects, other, isTold))
    add(membershipFacts(world, members, isTold))
    add(ownershipsOf(world, objects, other))
    for (const { owner, schema, on } of futures)
      add(defaultPrivilegeFacts(world.defaultsOf(owner, schema, on)))
    for (const name of changed) add(attributeFacts(world, name))
    return facts
  }
  const [old, now] = [factsIn(before, after), factsIn(after, before)]
  const effect = (change: Effect['change'], fact: Fact): Effect => ({ role: holder(fact), change, fact })
  const lost = [...old].flatMap(([key, fact]) => (now.has(key) ? [] : [effect('loses', fact)]))
  const gained = [...now].flatMap(([key, fact]) =>
    old.has(key) || fact.kind === 'ownership' ? [] : [effect('gains', fact)],
  )
  return sortedBy([...lost, ...gained], ({ role, change, fact }) =>
    JSON.stringify([role, change === 'gains', fact]),
  )
}
