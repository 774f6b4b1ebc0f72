import { isDelegateName } from './delegate.ts'
import { type Fact, factKey } from './fact.ts'
import { defaultPrivilegeFacts, privilegeFacts, roleFacts } from './facts-of.ts'
import { isIntermediateName } from './intermediate-role.ts'
import { distinctObjects, type ObjectName } from './object-kind.ts'
import {
  attributesTouched,
  defaultsTouched,
  membersTouched,
  objectTouched,
  objectWithFollowersTouched,
  type Operation,
  rolesCreated,
  rolesDropped,
} from './operation.ts'
import { sortedBy } from './order.ts'
import { isRealMember } from './real-member.ts'
import type { Membership } from './snapshot.ts'
import type { Wanted } from './wanted.ts'
import type { World } from './world.ts'

/** What a role that is not synced gains or loses by a plan. */
export interface Effect {
  readonly role: string
  readonly change: 'gains' | 'loses'
  readonly fact: Fact
}

/** The objects whose owner or ACL an operation may change, what follows the owner included. */
export const objectsTouched = (world: World, operations: readonly Operation[]): readonly ObjectName[] =>
  distinctObjects([
    ...operations.flatMap(objectTouched),
    ...operations.flatMap(objectWithFollowersTouched).flatMap((object) => world.followersOf(object)),
  ])

/** What stands in the ACLs of some objects for roles that do not own them; an old owner is told of by itself. */
const grantedOn = (world: World, objects: readonly ObjectName[], owners: World): readonly Fact[] =>
  objects.flatMap((name) => {
    const object = world.object(name)
    const ownerOtherwise = owners.object(name)?.owner
    return object === undefined
      ? []
      : privilegeFacts(object).filter(({ grantee }) => grantee !== object.owner && grantee !== ownerOtherwise)
  })

/** What follows the owner of something else goes without saying. */
const ownershipsOf = (world: World, objects: readonly ObjectName[]): readonly Fact[] =>
  objects.flatMap((object): Fact[] => {
    const { owner, follows } = world.object(object) ?? {}
    return owner === undefined || follows !== undefined ? [] : [{ kind: 'ownership', object, owner }]
  })

const membershipFacts = (world: World, members: ReadonlySet<string>): readonly Fact[] =>
  [...members].flatMap((member) =>
    world.membershipsOf(member).map((row: Membership): Fact => ({ kind: 'membership', ...row })),
  )

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
 * Everything that a plan changes for roles which are neither desired nor intermediate: computed from the worlds
 * before and after, so that nothing can be forgotten. Becoming an owner is no effect, nor is what a role that may create
 * roles gets of those it creates.
 */
export const effectsOf = (
  before: World,
  after: World,
  { desired }: Wanted,
  operations: readonly Operation[],
): readonly Effect[] => {
  const objects = objectsTouched(after, operations)
  const [created, dropped] = [rolesCreated(operations), rolesDropped(operations)]
  const members = new Set([
    ...membersTouched(operations),
    ...[...dropped].flatMap((role) => before.membersOf(role).map(({ member }) => member)),
  ])
  const { actingRole } = after.server
  const isOfCreator = (fact: Fact): boolean =>
    fact.kind === 'membership' &&
    ((fact.member === actingRole && (created.has(fact.role) || isDelegateName(fact.role))) ||
      (dropped.has(fact.role) && !isRealMember(fact)))
  const futures = defaultsTouched(operations)
  const changed = attributesTouched(operations)
  const factsIn = (world: World, other: World): Map<string, Fact> =>
    new Map(
      [
        ...grantedOn(world, objects, other),
        ...membershipFacts(world, members),
        ...ownershipsOf(world, objects),
        ...futures.flatMap(({ owner, schema, on }) =>
          defaultPrivilegeFacts(world.defaultsOf(owner, schema, on)),
        ),
        ...[...changed].flatMap((name) => attributeFacts(world, name)),
      ]
        .filter(
          (fact) => !desired.has(holder(fact)) && !isIntermediateName(holder(fact)) && !isOfCreator(fact),
        )
        .map((fact) => [factKey(fact), fact]),
    )
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
