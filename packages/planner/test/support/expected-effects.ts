import { type DatabaseObject, type Effect, type Fact, isDelegateName, type Snapshot } from '@pgsr/planner'
import type { Input } from '../arbitrary/desired.ts'
import {
  defaultsIn,
  entriesOf,
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

/** Whether others than its owner, or than who asks for it, can attach code of theirs to a table. */
const isAttachable = (snapshot: Snapshot, table: DatabaseObject, desired: Input['desired']): boolean => {
  const isTables = ({ kind, name }: Pick<DatabaseObject, 'kind' | 'name'>): boolean =>
    isSame(table, { kind: 'table', name: name.slice(0, 2) }) && (kind === 'table' || kind === 'column')
  const held = snapshot.objects.filter(isTables).flatMap(entriesOf)
  const asked = desired.flatMap(({ grants }) => grants).filter((grant) => grant.kind === 'privilege')
  return (
    held.some(
      ({ grantee, privilege }) =>
        ['REFERENCES', 'TRIGGER'].includes(privilege) &&
        ![table.owner, snapshot.server.actingRole].includes(grantee),
    ) ||
    asked.some(
      ({ object, privileges }) =>
        (privileges.includes('REFERENCES') || privileges.includes('TRIGGER')) &&
        ('schema' in object ? object.schema : object.name[0]) === table.name[0],
    )
  )
}

/** Kinds of object that hold no code, whatever they are. */
const withoutCode: ReadonlySet<string> = new Set([
  'database',
  'tablespace',
  'schema',
  'sequence',
  'large object',
  'foreign server',
])

export const mayHoldCode = (snapshot: Snapshot, object: DatabaseObject, desired: Input['desired']): boolean =>
  object.kind === 'table'
    ? object.inert !== true || isAttachable(snapshot, object, desired)
    : !withoutCode.has(object.kind)

const ownershipsLost = (before: Snapshot, after: Snapshot, desired: Input['desired']): Effect[] =>
  before.objects.flatMap((object): Effect[] => {
    const { kind, name, owner, ownerFollows } = object
    const newOwner = objectIn(after, object)!.owner
    if (ownerFollows !== undefined || owner === newOwner) return []
    const fact = { kind: 'ownership', object: { kind, name }, owner } as const
    const acts = mayHoldCode(before, object, desired) && { actsAsNewOwner: true as const }
    return [{ role: owner, change: 'loses', fact, newOwner, ...acts }]
  })

const loginsLost = (before: Snapshot, after: Snapshot, desired: Input['desired']): Effect[] =>
  desired.flatMap(({ role }) =>
    roleIn(before, role)?.login === true && !roleIn(after, role)!.login
      ? [effect('loses')({ kind: 'attribute', role, attribute: 'LOGIN' })]
      : [],
  )

/**
 * What bystanders hold after a plan and not before, and the other way round.
 *
 * Who owns an object has whatever its owner has, and hands all of it on together with the ownership: PostgreSQL writes
 * the new owner’s name in place of the old one’s. So for a role that owns the object before or after, the ownership
 * alone is compared, not what the ACL holds for it by name. To lose an ownership is an effect, for whichever role; it says
 * who gains it. So is to lose LOGIN.
 */
export const effectsBetween = (
  { snapshot: before, desired }: Pick<Input, 'snapshot' | 'desired'>,
  after: Snapshot,
): Effect[] => {
  const isDesired = (name: string): boolean => desired.some(({ role }) => role === name)
  const said = [...before.defaultPrivileges, ...after.defaultPrivileges]
  const compared = (snapshot: Snapshot): Fact[] =>
    distinct(
      factsIn({ ...snapshot, defaultPrivileges: said.map((one) => defaultsIn(snapshot, one)) }),
    ).filter(
      (fact) =>
        fact.kind !== 'ownership' &&
        !isDesired(holderOf(fact)) &&
        !isIdle(before, holderOf(fact)) &&
        !isByOwnership(before, fact) &&
        !isByOwnership(after, fact),
    )
  const [held, holds] = [compared(before), compared(after)]
  return [
    ...ownershipsLost(before, after, desired),
    ...loginsLost(before, after, desired),
    ...minus(held, holds).map(effect('loses')),
    ...minus(holds, held)
      .filter((fact) => !isOfNewRole(before, fact) && !comesWithCreation(before, fact))
      .map(effect('gains')),
  ]
}
