import type { DatabaseObject, Fact, Grant, ObjectName, Plan, Residue, Snapshot } from '@pgsr/planner'
import { type Asked, askedIn, desiredIn, isAskedFor, isGiven, isTrusted, objectsOf } from './entitlement.ts'
import { entriesOf, isIntermediate, isSame, objectIn, roleIn } from './holdings.ts'
import { Possibilities } from './possibility.ts'

type PrivilegeGrant = Extract<Grant, { kind: 'privilege' }>

/** The worlds before and after a plan, and who is synced: something is possible only if it is in both worlds. */
type Worlds = readonly [before: Snapshot, outcome: Snapshot, synced: readonly string[]]

export const worldsOf = (before: Snapshot, outcome: Snapshot, made: Plan): Worlds => [
  before,
  outcome,
  desiredIn(made).map(({ role }) => role),
]

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
  { privilege, direct }: PrivilegeGrant,
  name: ObjectName,
): boolean => {
  const [before, outcome, synced] = worlds
  const { owner } = objectIn(outcome, name)!
  const isManaged = isEverywhere(worlds, (world) =>
    new Possibilities(world).manage(withFinalOwner(world, outcome, name), privilege),
  )
  if (direct || owner === role) return isManaged
  if (before.server.version < 160000 && !roleIn(outcome, role)!.inherit) return false
  const isReusable = (one: string): boolean =>
    isIntermediate(one) &&
    isTrusted(before, one) &&
    roleIn(before, one)!.elsewhere === 0 &&
    isEverywhere(worlds, (world) => new Possibilities(world).grantRole(one, synced))
  return (
    (new Possibilities(before).createRoles && isManaged) ||
    before.objects
      .filter((object) => isSame(object, name))
      .flatMap((object) => entriesOf(object).filter(({ grantor }) => grantor === object.owner))
      .some((entry) => entry.privilege === privilege && !entry.grantable && isReusable(entry.grantee))
  )
}

/** Those of the objects that a grant is about on which it is not given, and could be. */
export const missingThoughPossible = (worlds: Worlds, role: string, grant: PrivilegeGrant): ObjectName[] =>
  objectsOf(grant, worlds[1]).filter(
    ({ kind, name }) =>
      !isGiven(worlds[1], role, { ...grant, object: { kind, name } }) &&
      isPrivilegePossible(worlds, role, grant, { kind, name }),
  )

/** Whether a grant that was skipped as not permitted is there all the same, or could be. */
export const isGivenOrPossible = (worlds: Worlds, role: string, grant: Grant | null): boolean => {
  const [before, outcome, synced] = worlds
  const could = new Possibilities(before)
  switch (grant?.kind) {
    case undefined:
      return could.createRoles
    case 'attribute':
      return could.alter(role)
    case 'membership':
      return (
        isGiven(outcome, role, grant) ||
        isEverywhere(worlds, (world) => new Possibilities(world).grantRole(grant.role, synced))
      )
    case 'ownership': {
      if (objectIn(before, grant.object) !== undefined)
        return isEverywhere(worlds, (world) =>
          new Possibilities(world).move(objectIn(world, grant.object)!, role),
        )
      return could.createSchemas && could.become(role)
    }
    case 'privilege':
      return objectsOf(grant, outcome).every(
        ({ kind, name }) =>
          isGiven(outcome, role, { ...grant, object: { kind, name } }) ||
          isPrivilegePossible(worlds, role, grant, { kind, name }),
      )
  }
}

/** Whether something that a plan leaves as not permitted could be taken away. */
const isRemovable = (world: Snapshot, outcome: Snapshot, { role, fact }: Residue, heir: string): boolean => {
  if ('object' in fact && objectIn(world, fact.object) === undefined) return true
  const could = new Possibilities(world)
  switch (fact.kind) {
    case 'role':
      return false
    case 'attribute':
      return could.alter(role)
    case 'membership':
      return could.revokeRole(fact)
    case 'ownership':
      return could.move(objectIn(world, fact.object)!, heir)
    case 'privilege':
      return could.manage(withFinalOwner(world, outcome, fact.object), fact.privilege)
  }
}

/** Whether what an intermediate role shared with another database has here could be ended without harm to anybody. */
const isInVain = (made: Plan, [, outcome]: Worlds, name: string): boolean => {
  const could = new Possibilities(outcome)
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

/** What a plan leaves behind and says it cannot take away, though it could. */
export const leftThoughRemovable = (made: Plan, worlds: Worlds): Residue[] => {
  const { request } = made
  const heir = (request.kind === 'sync' ? request.options.reassignOwnedTo : undefined) ?? made.actingRole
  return made.residue.filter((one) => {
    if (one.reason === 'not permitted')
      return isEverywhere(worlds, (world) => isRemovable(world, worlds[1], one, heir))
    return (
      one.reason === 'shared with another database' &&
      one.fact.kind === 'membership' &&
      isInVain(made, worlds, one.fact.role)
    )
  })
}

/** A membership beside one that is asked for, which the acting role may not take away and which makes no administrator. */
export const isTolerated = ([before, outcome]: Worlds, asked: Asked, fact: Fact): boolean =>
  fact.kind === 'membership' &&
  !fact.admin &&
  outcome.memberships.some(
    (row) =>
      row.role === fact.role &&
      row.member === fact.member &&
      isAskedFor(outcome, asked, { kind: 'membership', ...row, admin: false }),
  ) &&
  !new Possibilities(before).revokeRole(fact)

/** Whether the acting role could do as much after a plan as before: it may have got, or lost, what desired roles have. */
export const hasSameMeans = ([before, outcome]: Worlds): boolean => {
  const [could, can] = [new Possibilities(before), new Possibilities(outcome)]
  return (
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
