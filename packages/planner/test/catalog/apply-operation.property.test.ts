import {
  type DatabaseObject,
  isCaretakerName,
  isDelegateName,
  type Membership,
  type ObjectName,
  type Operation,
  operationsOf,
  outcomeOf,
  type Plan,
  type Privilege,
  type PrivilegeFact,
  type Snapshot,
} from '@pgsr/planner'
import { groupsOf } from '@pgsr/planner/internal'
import { describe, expect, test } from 'vitest'
import { forEveryPlan, type Input } from '../arbitrary/desired.ts'
import { mayHoldCode } from '../support/expected-effects.ts'
import { entriesOf, isIntermediate, objectIn, roleIn, textOf } from '../support/holdings.ts'
import { grantOptions, hasPrivilegesOf, whyNotPermitted } from '../support/permission.ts'

/** The operations of a plan in the order in which they are sent, each with the world as it finds it and as it leaves it. */
const stepsOf = (
  snapshot: Snapshot,
  made: Plan,
): { operation: Operation; before: Snapshot; after: Snapshot }[] => {
  let before = outcomeOf(snapshot, [])
  return groupsOf(operationsOf(made)).flatMap((group) =>
    group.map((operation) => {
      const after = outcomeOf(before, [operation])
      const step = { operation, before, after }
      before = after
      return step
    }),
  )
}

/** Who was granted a membership by a role, and by whom that one granted it to in turn. */
const reachedFrom = ({ memberships }: Snapshot, role: string, grantors: Iterable<string>): Set<string> => {
  const reached = new Set(grantors)
  for (const grantor of reached)
    for (const row of memberships) if (row.role === role && row.grantor === grantor) reached.add(row.member)
  return reached
}

/** Whether something that is lent to a role is what it is missing to become an owner, or to revoke what it has granted. */
const isLent = (operation: Operation, before: Snapshot, operations: readonly Operation[]): boolean => {
  if (operation.kind !== 'grantPrivilege' && operation.kind !== 'revokePrivilege') return false
  const { object, privilege, grantee } = operation
  const isInSchema = ({ name }: ObjectName): boolean => name.length > 1 && name[0] === object.name[0]
  const isSameTable = ({ name }: ObjectName): boolean =>
    textOf(name.slice(0, 2)) === textOf(object.name.slice(0, 2))
  return operations.some((other) => {
    if (other.kind === 'setOwner' && privilege === 'USAGE')
      return object.kind === 'schema' && isInSchema(other.object) && other.as === grantee
    if (other.kind === 'setOwner')
      return (
        !roleIn(before, before.server.actingRole)!.superuser &&
        privilege === 'CREATE' &&
        other.owner === grantee &&
        (object.kind === 'schema' ? isInSchema(other.object) : other.object.kind === 'publication')
      )
    if (other.kind !== 'grantPrivilege' && other.kind !== 'revokePrivilege') return false
    const isUsage = object.kind === 'schema' && privilege === 'USAGE' && isInSchema(other.object)
    if (isUsage && other.as === grantee) return true
    return (
      other.kind === 'revokePrivilege' &&
      other.grantor === grantee &&
      privilege === other.privilege &&
      isSameTable(other.object)
    )
  })
}

/** Whether something that is done only for a while is what a plan may do for a while. */
const isForAWhile = (operation: Operation, before: Snapshot, operations: readonly Operation[]): boolean => {
  const { version, actingRole } = before.server
  if (operation.reason.grant !== null) return false
  const { role: who, temporary: meanwhile } = operation.reason
  switch (meanwhile) {
    case 'borrow':
    case 'give back':
      if (who !== actingRole || roleIn(before, actingRole)!.superuser) return false
      if (operation.kind === 'setAttribute')
        return version < 160000 && operation.role === actingRole && operation.attribute === 'INHERIT'
      return 'member' in operation && operation.member === actingRole
    case 'pause':
    case 'resume':
      if (operation.kind === 'setAttribute')
        return (
          operation.attribute === 'SUPERUSER' &&
          operation.role === who &&
          operations.some(
            (other) => other.kind === 'revokePrivilege' && other.grantor === who && other.as === who,
          )
        )
      return (
        !roleIn(before, actingRole)!.superuser &&
        who === actingRole &&
        version < 160000 &&
        'member' in operation &&
        operation.role === actingRole
      )
    case 'hold':
    case 'let go':
      return (
        (operation.kind === 'grantPrivilege' || operation.kind === 'revokePrivilege') &&
        operation.object.kind === 'column' &&
        operation.grantee === who &&
        operations.some(
          (other) =>
            other.kind === 'setOwner' &&
            other.owner === who &&
            textOf(other.object.name) === textOf(operation.object.name.slice(0, 2)),
        )
      )
    case 'lend':
    case 'take back':
      return 'grantee' in operation && who === operation.grantee && isLent(operation, before, operations)
    default:
      return false
  }
}

/** Whether a privilege was granted by virtue of what some roles have, or have granted. */
const isPassedOnFrom = (
  before: Snapshot,
  { object, privilege, grantee, grantor }: Extract<Operation, { kind: 'revokePrivilege' }>,
  isDesired: (name: string) => boolean,
  first: Snapshot,
): boolean => {
  const table: ObjectName = { kind: 'table', name: object.name.slice(0, 2) }
  const entries = [object, ...(object.kind === 'column' ? [table] : [])]
    .flatMap((one) => {
      const found = objectIn(before, one)
      return found === undefined ? [] : entriesOf(found)
    })
    .filter((entry) => entry.privilege === privilege)
  const sources = new Set([grantor])
  for (const source of sources)
    for (const entry of entries) if (entry.grantee === source && entry.grantable) sources.add(entry.grantor)
  // Who may not grant any more is lent the grant option; when that is taken back, all goes that it has granted.
  const asItWas = objectIn(first, object) ?? objectIn(first, table)
  const isFounded = asItWas === undefined || grantOptions(first, asItWas, privilege).includes(grantor)
  const others = isFounded
    ? []
    : entriesOf(asItWas).filter((entry) => entry.grantor === grantor && entry.privilege === privilege)
  return [grantee, ...sources, ...others.map((entry) => entry.grantee)].some(isDesired)
}

/** Whether only desired roles have what an intermediate role gives, which is not theirs to have, and it is a copy’s too. */
const isSharedInVain = (name: string, before: Snapshot, { desired }: Input, reason: string): boolean => {
  const role = roleIn(before, name)
  return (
    role !== undefined &&
    isIntermediate(name) &&
    role.elsewhere > 0 &&
    !role.servesOthers &&
    desired.some((one) => one.role === reason) &&
    before.memberships.some((row) => row.role === name && row.member === reason)
  )
}

/** Whether it makes a delegate that creates roles in the same plan, or keeps one from being dropped while it does. */
const isMaking = (
  operation: Operation & { readonly role: string },
  { server: { actingRole, version }, roles }: Snapshot,
  operations: readonly Operation[],
): boolean => {
  const { kind, role } = operation
  const isNew = roles.every(({ name }) => name !== role)
  const isNeeded = operations.some((other) => other.kind === 'createRole' && other.as === role)
  if (!isNeeded || version < 160000) return false
  if (kind === 'lockRole') return !isNew && operation.mode === 'share'
  if (kind === 'setAttribute') return isNew && operation.attribute === 'CREATEROLE'
  if (kind !== 'grantMembership') return isNew && kind === 'createRole'
  return isNew && operation.member === actingRole && !operation.admin && !operation.options!.inherit
}

/**
 * Whether a role is who gets what a desired role loses: the one that is named; else the acting role what holds no code and
 * is not its own to lose, and a role that the plan makes for that everything else.
 */
const isHeir = (
  { object, owner }: Extract<Operation, { kind: 'setOwner' }>,
  snapshot: Snapshot,
  { desired, options }: Input,
): boolean => {
  const lost = objectIn(snapshot, object)!
  const isDesired = (name: string): boolean => desired.some(({ role }) => role === name)
  if (!isDesired(lost.owner)) return false
  if (options.reassignOwnedTo !== undefined) return owner === options.reassignOwnedTo
  const { actingRole } = snapshot.server
  return mayHoldCode(snapshot, lost, desired) || isDesired(actingRole)
    ? isCaretakerName(owner) && roleIn(snapshot, owner) === undefined && lost.owner !== actingRole
    : owner === actingRole
}

/** Whether it lets a role reach a table that it owns. */
const isToReach = (
  { object, privilege, grantee }: Extract<Operation, { kind: 'grantPrivilege' }>,
  before: Snapshot,
): boolean =>
  privilege === 'USAGE' &&
  before.objects.some(
    ({ kind, name, owner }) => kind === 'table' && name[0] === object.name[0] && owner === grantee,
  )

/** Whether an operation acts only on roles and objects that are its business. */
const isInScope = (
  operation: Operation,
  before: Snapshot,
  input: Input,
  operations: readonly Operation[],
): boolean => {
  const { snapshot, desired, options } = input
  const { version, actingRole } = snapshot.server
  const isDesired = (name: string): boolean => desired.some(({ role }) => role === name)
  const grantsOf = (name: string) => desired.find(({ role }) => role === name)?.grants ?? []
  const isAsked = (role: string, member: string): boolean =>
    grantsOf(member).some((grant) => grant.kind === 'membership' && grant.role === role)
  const isAskedBySome = (role: string): boolean => desired.some(({ role: member }) => isAsked(role, member))
  const isOfDelegate =
    operation.kind === 'createRole' && isIntermediate(operation.role) && isDelegateName(operation.as)
  // What is done to an ACL is done in the owner’s name.
  const isGrantor = 'grantor' in operation && operation.as === operation.grantor
  // In the name of an owner or of who granted something another may speak that has its privileges.
  const isProxy =
    ('grantor' in operation && hasPrivilegesOf(before, operation.as, operation.grantor ?? operation.as)) ||
    (operation.kind === 'setOwner' &&
      hasPrivilegesOf(before, operation.as, objectIn(before, operation.object)!.owner)) ||
    ('on' in operation && hasPrivilegesOf(before, operation.as, operation.owner))
  const isAnother = operation.as !== actingRole && !isGrantor && !isOfDelegate
  if (isAnother && (!isProxy || roleIn(before, actingRole)!.superuser)) return false
  if (operation.reason.temporary !== undefined) return isForAWhile(operation, before, operations)
  if (!isDesired(operation.reason.role)) return false
  if ('role' in operation && isDelegateName(operation.role)) return isMaking(operation, snapshot, operations)
  switch (operation.kind) {
    case 'createRole':
      return (
        isDesired(operation.role) ||
        isAskedBySome(operation.role) ||
        isIntermediate(operation.role) ||
        operations.some((other) => other.kind === 'setOwner' && other.owner === operation.role)
      )
    case 'dropRole':
    case 'setPolicyRoles':
    case 'dropPolicy':
    case 'dropUserMapping':
      return false
    case 'setAttribute':
      return isDesired(operation.role) && operation.attribute !== 'INHERIT'
    case 'setValidUntil':
    case 'setPassword':
    case 'setProperty':
    case 'clearPassword':
      return isDesired(operation.role)
    case 'grantMembership': {
      const { role, member } = operation
      const isKept = options.keepDependents === true && operation.reason.keeps === member
      return isKept || (isDesired(member) && (isIntermediate(role) || isAsked(role, member)))
    }
    case 'revokeMembership': {
      const { role, member, grantor } = operation
      const desiredNames = desired.map((one) => one.role)
      return (
        reachedFrom(before, role, desiredNames).has(member) &&
        version >= 160000 === (grantor !== null) &&
        before.memberships.some(
          (row) =>
            row.role === role && row.member === member && (grantor === null || row.grantor === grantor),
        )
      )
    }
    case 'lockRole':
      return (
        isDesired(operation.role) ||
        operations.some((other) => 'member' in other && [other.role, other.member].includes(operation.role))
      )
    case 'createSchema':
      return isDesired(operation.owner)
    case 'setOwner':
      return isDesired(operation.owner) || isHeir(operation, snapshot, input)
    case 'grantPrivilege':
      return (
        isDesired(operation.grantee) ||
        isIntermediate(operation.grantee) ||
        (isCaretakerName(operation.grantee) && isToReach(operation, before)) ||
        (operation.reason.keeps === operation.grantee &&
          (options.keepDependents === true ||
            operations.some(
              (other) => other.kind === 'revokePrivilege' && other.grantee === operation.grantee,
            )))
      )
    case 'revokePrivilege':
      return (
        isPassedOnFrom(before, operation, isDesired, snapshot) ||
        isSharedInVain(operation.grantee, before, input, operation.reason.role)
      )
    case 'grantDefaultPrivilege':
      return isDesired(operation.grantee) || isDesired(operation.owner)
    case 'revokeDefaultPrivilege':
      return isDesired(operation.grantee) || isDesired(operation.owner)
  }
}

test('every operation is about a desired role, or about a role that got something from one', () =>
  forEveryPlan((made, _, input) => {
    const strange = stepsOf(input.snapshot, made).filter(
      ({ operation, before }) => !isInScope(operation, before, input, operationsOf(made)),
    )
    expect(strange.map(({ operation }) => operation)).toEqual([])
  }))

test('every operation changes something', () =>
  forEveryPlan((made, _, { snapshot }) => {
    const inVain = stepsOf(snapshot, made).filter(
      ({ operation: { kind }, before, after }) =>
        !['setPassword', 'clearPassword', 'lockRole'].includes(kind) && textOf(before) === textOf(after),
    )
    expect(inVain.map(({ operation }) => operation)).toEqual([])
  }))

/** What was granted to others by who may not, or may not any more: PostgreSQL lets hardly anything come to that. */
const unfounded = (snapshot: Snapshot, first: Snapshot = snapshot): Set<string> => {
  const { objects, memberships, server } = snapshot
  // By roles that it is a member of, too, when something is revoked.
  const mayGrant = (object: DatabaseObject, privilege: Privilege, grantor: string): boolean =>
    [object.owner, ...grantOptions(snapshot, object, privilege)].some((role) =>
      hasPrivilegesOf(first, grantor, role),
    )
  return new Set(
    [
      ...objects.flatMap((object) =>
        entriesOf(object).filter(
          ({ privilege, grantee, grantor }) =>
            grantee !== object.owner && !mayGrant(object, privilege, grantor),
        ),
      ),
      ...memberships.filter(
        ({ role, grantor }) =>
          server.version >= 160000 &&
          grantor !== server.bootstrapRole &&
          !memberships.some((row) => row.role === role && row.member === grantor && row.admin),
      ),
    ].map(textOf),
  )
}

/**
 * What PostgreSQL would refuse to leave behind. Of an ACL it looks at itself only, not at what a column owes to its table.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (recursive_revoke)
 */
const whyLeft = (operation: Operation, before: Snapshot, after: Snapshot): string | undefined => {
  if (operation.kind === 'revokeMembership') {
    const unfoundedBefore = unfounded(before)
    const dependent = [...unfounded(after, before)].find((text) => !unfoundedBefore.has(text))
    return dependent === undefined ? undefined : `it leaves behind ${dependent}`
  }
  if (operation.kind !== 'revokePrivilege') return undefined
  const { grantee, privilege } = operation
  const options = (snapshot: Snapshot, object: DatabaseObject): PrivilegeFact[] =>
    entriesOf(objectIn(snapshot, object)!).filter(
      (entry) =>
        hasPrivilegesOf(before, grantee, entry.grantee) && entry.privilege === privilege && entry.grantable,
    )
  const dependent = after.objects
    .filter(
      (object) =>
        !hasPrivilegesOf(before, grantee, object.owner) &&
        objectIn(before, object) !== undefined &&
        options(before, object).length > 0 &&
        options(after, object).length === 0,
    )
    .flatMap(entriesOf)
    .find((entry) => entry.grantor === grantee && entry.privilege === privilege)
  return dependent === undefined ? undefined : `it leaves behind ${textOf(dependent)}`
}

/** The same snapshot, but each role has only what it has itself. */
const withoutMemberships = (snapshot: Snapshot): Snapshot => ({ ...snapshot, memberships: [] })

/**
 * What only a membership of its grantor’s founds counts as having been there: PostgreSQL, from 10 to 18, leaves it when
 * the owner changes, or when the role that has the grant option loses it.
 */
test('no grant is left whose grantor may no longer grant it, unless there was one before or it is residue', () =>
  forEveryPlan(({ residue }, outcome, { snapshot }) => {
    const before = new Set([
      ...unfounded(snapshot),
      ...unfounded(snapshot, withoutMemberships(snapshot)),
      ...residue.map(({ fact }) => textOf(fact)),
    ])
    expect([...unfounded(outcome, snapshot)].filter((text) => !before.has(text))).toEqual([])
  }))

test('PostgreSQL allows every operation at the point where it is run', () =>
  forEveryPlan((made, _, { snapshot }) => {
    const refused = stepsOf(snapshot, made).flatMap(({ operation, before, after }) => {
      const why = whyNotPermitted(before, operation) ?? whyLeft(operation, before, after)
      return why === undefined ? [] : [{ operation, why }]
    })
    expect(refused).toEqual([])
  }, 100))

/** Before 16 who makes somebody a member again is recorded to have made it one. */
const withoutGrantors = (snapshot: Snapshot): Snapshot =>
  snapshot.server.version >= 160000
    ? snapshot
    : { ...snapshot, memberships: snapshot.memberships.map((row) => ({ ...row, grantor: '' })) }

/** Nor do columns say anything that have no ACL. */
const withoutEmpty = (world: Snapshot): Snapshot => ({
  ...withoutGrantors(world),
  objects: withoutGrantors(world).objects.filter(({ kind, acl }) => kind !== 'column' || acl.length > 0),
})

describe('what is done only for the transaction', () => {
  test('leaves no trace', () =>
    forEveryPlan((made, outcome, { snapshot }) => {
      const forGood = operationsOf(made).filter(({ reason }) => reason.temporary === undefined)
      expect(withoutEmpty(outcome)).toEqual(withoutEmpty(outcomeOf(snapshot, forGood)))
    }))

  test('leaves the memberships of the acting role as they were, except in roles that it creates', () =>
    forEveryPlan((made, outcome, { snapshot, desired }) => {
      const { actingRole } = made
      // A superuser needs nothing for a while.
      if (roleIn(snapshot, actingRole)!.superuser) return
      const desiredNames = desired.map(({ role }) => role)
      // What a desired role granted goes with its ADMIN option, but not what the acting role has itself.
      const passedOn = reachedFrom(snapshot, actingRole, desiredNames)
      const isKept = ({ role, member }: Membership): boolean =>
        roleIn(snapshot, role) !== undefined &&
        (member === actingRole
          ? !desiredNames.includes(member)
          : role === actingRole && !passedOn.has(member))
      const rowsIn = (world: Snapshot): string[] =>
        withoutGrantors(world).memberships.flatMap((row) => (isKept(row) ? [textOf(row)] : []))
      expect(rowsIn(outcome)).toEqual(rowsIn(outcomeOf(snapshot, [])))
      if (desiredNames.includes(actingRole)) return
      const { administers } = roleIn(outcome, actingRole)!
      expect(roleIn(outcome, actingRole)).toEqual({
        ...roleIn(snapshot, actingRole),
        ...(administers !== undefined && { administers }),
      })
      const comesWithCreateRole = {
        grantor: snapshot.server.bootstrapRole,
        admin: true,
        inherit: false,
        set: false,
      }
      for (const row of outcome.memberships)
        if (row.member === actingRole && !roleIn(snapshot, row.role) && !isDelegateName(row.role))
          expect(row).toMatchObject(comesWithCreateRole)
    }))
})
