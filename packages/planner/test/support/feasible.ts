import type {
  Attribute,
  DatabaseObject,
  Fact,
  Grant,
  ObjectName,
  Plan,
  Residue,
  Snapshot,
} from '@pgsr/planner'
import { askedIn, desiredIn, isAskedFor, isGiven, isTrusted, objectsOf } from './entitlement.ts'
import { mayHoldCode } from './expected-effects.ts'
import { entriesOf, isIntermediate, isSame, objectIn, roleIn, textOf } from './holdings.ts'
import { Possibilities } from './possibility.ts'

type PrivilegeGrant = Extract<Grant, { kind: 'privilege' }>

/** The worlds before and after a plan, and who is synced: something is possible only if it is in both worlds. */
type Worlds = readonly [before: Snapshot, outcome: Snapshot, synced: readonly string[]]

export const worldsOf = (before: Snapshot, outcome: Snapshot, made: Plan): Worlds => [
  before,
  outcome,
  desiredIn(made).map(({ role }) => role),
]

/** What could be done in one of the worlds by who acts as whoever a plan between them acts as. */
const able = ([before, outcome, synced]: Worlds, world: Snapshot): Possibilities =>
  new Possibilities(world, [before, outcome], synced)

const isEverywhere = ([before, outcome]: Worlds, test: (world: Snapshot) => boolean): boolean =>
  test(before) && test(outcome)

/** An object with the owner that it has in the end, as the acting role finds it. */
const withFinalOwner = (world: Snapshot, outcome: Snapshot, name: ObjectName): DatabaseObject => {
  const found = objectIn(outcome, name)!
  return { ...(objectIn(world, name) ?? found), owner: found.owner }
}

const isPrivilegePossible = (
  worlds: Worlds,
  role: string,
  { privileges, direct }: PrivilegeGrant,
  name: ObjectName,
): boolean => {
  const [before, outcome, synced] = worlds
  const { owner } = objectIn(outcome, name)!
  const isManaged = isEverywhere(worlds, (world) =>
    privileges.every((privilege) =>
      able(worlds, world).manage(withFinalOwner(world, outcome, name), privilege),
    ),
  )
  if (direct || owner === role) return isManaged
  if (before.server.version < 160000 && !roleIn(outcome, role)!.inherit) return false
  const isReusable = (one: string): boolean =>
    isIntermediate(one) &&
    isTrusted(before, one) &&
    roleIn(before, one)!.elsewhere === 0 &&
    roleIn(before, one)!.administeredByOthers !== true &&
    isEverywhere(worlds, (world) => able(worlds, world).grantRole(one, synced))
  return (
    (able(worlds, before).createRoles && isManaged) ||
    before.objects
      .filter((object) => isSame(object, name))
      .flatMap((object) => entriesOf(object).filter(({ grantor }) => grantor === object.owner))
      .some((entry) => privileges.includes(entry.privilege) && !entry.grantable && isReusable(entry.grantee))
  )
}

/** One of the objects that a grant is about. */
const onOne = (grant: PrivilegeGrant, { kind, name }: ObjectName): PrivilegeGrant => ({
  ...grant,
  object: { kind, name } as PrivilegeGrant['object'],
})

/** Those of the objects that a grant is about on which it is not given, and could be. */
export const missingThoughPossible = (worlds: Worlds, role: string, grant: PrivilegeGrant): ObjectName[] =>
  objectsOf(grant, worlds[1]).filter(
    (object) =>
      !isGiven(worlds[1], role, onOne(grant, object)) && isPrivilegePossible(worlds, role, grant, object),
  )

/** Whether a grant that was skipped as not permitted is there all the same, or could be. */
export const isGivenOrPossible = (worlds: Worlds, role: string, grant: Grant | null): boolean => {
  const [before, outcome, synced] = worlds
  const could = able(worlds, before)
  switch (grant?.kind) {
    case undefined:
      return could.createRoles
    case 'attribute':
      return could.setAttribute(role, grant.attribute)
    case 'membership':
      return (
        isGiven(outcome, role, grant) ||
        isEverywhere(worlds, (world) => able(worlds, world).grantRole(grant.role, synced))
      )
    case 'ownership': {
      const isNamed = !('all' in grant.object)
      const objects = objectsOf(grant, before).filter(({ owner, part }) => isNamed || !part || owner === role)
      if (isNamed && objects.length === 0) return could.createSchemas && could.become(role)
      return objects.every(
        (object) =>
          objectIn(outcome, object)!.owner === role ||
          isEverywhere(worlds, (world) => able(worlds, world).move(objectIn(world, object)!, role)),
      )
    }
    case 'default privilege':
      return (
        isGiven(outcome, role, grant) ||
        isEverywhere(worlds, (world) => able(worlds, world).actAs(grant.owner))
      )
    case 'privilege':
      return objectsOf(grant, outcome).every(
        (object) =>
          isGiven(outcome, role, onOne(grant, object)) || isPrivilegePossible(worlds, role, grant, object),
      )
  }
}

/** Whether something that a plan leaves as not permitted could be taken away. */
const isRemovable = (
  worlds: Worlds,
  world: Snapshot,
  { role, fact }: Residue,
  heirOf: (object: DatabaseObject) => string,
): boolean => {
  const [, outcome] = worlds
  if ('object' in fact && objectIn(world, fact.object) === undefined) return true
  const could = able(worlds, world)
  switch (fact.kind) {
    case 'role':
    case 'property':
    case 'policy':
    case 'user mapping':
      return false
    case 'attribute':
      return could.setAttribute(role, fact.attribute as Attribute)
    case 'membership':
      return could.revokeRole(fact)
    case 'ownership':
      return could.move(objectIn(world, fact.object)!, heirOf(objectIn(world, fact.object)!))
    case 'privilege':
      return could.revoke(withFinalOwner(world, outcome, fact.object), fact.privilege, fact)
    case 'default privilege':
      return could.actAs(fact.owner)
  }
}

/** Whether what an intermediate role shared with another database has here could be ended without harm to anybody. */
const isInVain = (made: Plan, worlds: Worlds, name: string): boolean => {
  const [, outcome] = worlds
  const could = able(worlds, outcome)
  const isNeeded = askedIn(made).some((asked) =>
    outcome.memberships.some(
      (row) =>
        row.role === name &&
        row.member === asked.role &&
        isAskedFor(outcome, asked, { kind: 'membership', ...row }),
    ),
  )
  const isRevocable = (object: DatabaseObject): boolean =>
    entriesOf(object).every(
      ({ grantee, grantor, privilege }) =>
        grantee !== name || (grantor === object.owner && could.manage(object, privilege)),
    )
  const notOwned = outcome.objects.filter(({ owner }) => owner !== name)
  const holdsSome = notOwned.flatMap(entriesOf).some(({ grantee }) => grantee === name)
  return holdsSome && !isNeeded && !roleIn(outcome, name)!.servesOthers && outcome.objects.every(isRevocable)
}

/** A role that a plan would make: no name that a test draws. */
const newRole = 'a role to be made'

/** What a plan leaves behind and says it cannot take away, though it could. */
export const leftThoughRemovable = (made: Plan, worlds: Worlds): Residue[] => {
  const { request } = made
  const named = request.kind === 'sync' ? request.options.reassignOwnedTo : undefined
  const heirOf = (object: DatabaseObject): string =>
    named ?? (mayHoldCode(worlds[0], object, desiredIn(made)) ? newRole : made.actingRole)
  return made.residue.filter((one) => {
    if (one.reason === 'not permitted')
      return isEverywhere(worlds, (world) => isRemovable(worlds, world, one, heirOf))
    return (
      one.reason === 'shared with another database' &&
      one.fact.kind === 'membership' &&
      isInVain(made, worlds, one.fact.role)
    )
  })
}

/** What others lost though the acting role could have granted it to them again. */
export const lostThoughGrantable = ({ effects }: Plan, worlds: Worlds): Fact[] => {
  const [, outcome, synced] = worlds
  return effects.flatMap(({ role, change, fact }): Fact[] => {
    if (change === 'gains') return []
    if (fact.kind === 'membership') {
      const rows = outcome.memberships.filter((row) => row.role === fact.role && row.member === role)
      const isKept = (['admin', 'inherit', 'set'] as const).every(
        (option) => !fact[option] || rows.some((row) => row[option]),
      )
      return isKept || !isEverywhere(worlds, (world) => able(worlds, world).grantRole(fact.role, synced))
        ? []
        : [fact]
    }
    if (fact.kind !== 'privilege') return []
    const { object, privilege, grantable } = fact
    const isKept = entriesOf(objectIn(outcome, object)!).some(
      (entry) => entry.grantee === role && entry.privilege === privilege && (entry.grantable || !grantable),
    )
    const isGrantable = (world: Snapshot): boolean =>
      able(worlds, world).manage(withFinalOwner(world, outcome, object), privilege)
    return isKept || !isEverywhere(worlds, isGrantable) ? [] : [fact]
  })
}

/** Whether the acting role could do as much after a plan as before: it may have got, or lost, what desired roles have. */
export const hasSameMeans = ([before, outcome]: Worlds): boolean => {
  const [could, can] = [new Possibilities(before), new Possibilities(outcome)]
  return (
    textOf(could.standIns) === textOf(can.standIns) &&
    outcome.roles.every(
      ({ name }) =>
        could.alter(name) === can.alter(name) &&
        could.grantRole(name) === can.grantRole(name) &&
        could.actAs(name) === can.actAs(name) &&
        could.become(name) === can.become(name),
    ) &&
    outcome.objects.every((object) => {
      const former = withFinalOwner(before, outcome, object)
      return (
        could.own(former) === can.own(object) &&
        entriesOf(object).every(
          ({ privilege }) => could.manage(former, privilege) === can.manage(object, privilege),
        )
      )
    })
  )
}
