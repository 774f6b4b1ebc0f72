import { type Effect, type Fact, isDelegateName, type Snapshot } from '@pgsr/planner'
import type { Input } from './arbitrary-desired.ts'
import {
  defaultsIn,
  factsIn,
  holderOf,
  isIntermediate,
  isSame,
  objectIn,
  roleIn,
  textOf,
} from './holdings.ts'

/** An intermediate role has for its members what it has by whosoever grant. */
const textOfEffect = (fact: Fact): string =>
  textOf(fact.kind === 'privilege' && isIntermediate(fact.grantee) ? { ...fact, grantor: '' } : fact)

const minus = (facts: readonly Fact[], others: readonly Fact[]): Fact[] => {
  const texts = new Set(others.map(textOfEffect))
  return facts.filter((fact) => !texts.has(textOfEffect(fact)))
}

/** Whether a role has our kind of name, can do nothing itself, and gives nobody anything but desired roles. */
const isIdle = (before: Snapshot, name: string): boolean => {
  const found = roleIn(before, name)
  if (!isIntermediate(name)) return false
  if (found === undefined) return true
  const { login, superuser, inherit, createRole, createDb, replication, bypassRls, servesOthers } = found
  return (
    inherit &&
    ![login, superuser, createRole, createDb, replication, bypassRls, servesOthers].includes(true) &&
    before.memberships.every(({ member }) => member !== name)
  )
}

/** What every role has without anybody’s doing: to be created is to gain nothing. */
const isOfNewRole = (before: Snapshot, fact: Fact): boolean =>
  fact.kind === 'attribute' &&
  roleIn(before, fact.role) === undefined &&
  ['INHERIT', 'VALID UNTIL infinity'].includes(fact.attribute)

/**
 * The ADMIN option that PostgreSQL gives whoever creates a role without being a superuser, and what lets the acting role
 * become a delegate.
 */
const comesWithCreation = (
  { server: { version, actingRole, bootstrapRole }, ...before }: Snapshot,
  fact: Fact,
) =>
  version >= 160000 &&
  fact.kind === 'membership' &&
  before.roles.every(({ name }) => name !== fact.role) &&
  (fact.member === actingRole || isDelegateName(fact.member)) &&
  !fact.inherit &&
  (isDelegateName(fact.role)
    ? fact.grantor === (fact.admin ? bootstrapRole : actingRole)
    : fact.grantor === bootstrapRole && fact.admin && !fact.set)

const isByOwnership = (snapshot: Snapshot, fact: Fact): boolean =>
  fact.kind === 'privilege' && objectIn(snapshot, fact.object)?.owner === fact.grantee

const distinct = (facts: readonly Fact[]): Fact[] => [
  ...new Map(facts.map((fact) => [textOf(fact), fact])).values(),
]

const effect =
  (change: Effect['change']) =>
  (fact: Fact): Effect => ({ role: holderOf(fact), change, fact })

/**
 * What bystanders hold after a plan and not before, and the other way round.
 *
 * Who owns an object has whatever its owner has, and hands all of it on together with the ownership: PostgreSQL writes
 * the new owner’s name in place of the old one’s. So for a role that owns the object before or after, the ownership
 * alone is compared, not what the ACL holds for it by name. To become the owner of what a desired role had to give up
 * is announced by the operation; it is no effect. To lose an ownership is one.
 */
export const effectsBetween = (
  { snapshot: before, desired, options }: Pick<Input, 'snapshot' | 'desired' | 'options'>,
  after: Snapshot,
): Effect[] => {
  const isDesired = (name: string): boolean => desired.some(({ role }) => role === name)
  const heir = options.reassignOwnedTo ?? before.server.actingRole
  const isInherited = (fact: Fact): boolean =>
    fact.kind === 'ownership' &&
    fact.owner === heir &&
    before.objects.some((object) => isSame(object, fact.object) && isDesired(object.owner))
  const said = [...before.defaultPrivileges, ...after.defaultPrivileges]
  const compared = (snapshot: Snapshot): Fact[] =>
    distinct(
      factsIn({ ...snapshot, defaultPrivileges: said.map((one) => defaultsIn(snapshot, one)) }),
    ).filter(
      (fact) =>
        !isDesired(holderOf(fact)) &&
        !isIdle(before, holderOf(fact)) &&
        !isByOwnership(before, fact) &&
        !isByOwnership(after, fact),
    )
  const [held, holds] = [compared(before), compared(after)]
  return [
    ...minus(held, holds).map(effect('loses')),
    ...minus(holds, held)
      .filter((fact) => !isInherited(fact) && !isOfNewRole(before, fact) && !comesWithCreation(before, fact))
      .map(effect('gains')),
  ]
}
