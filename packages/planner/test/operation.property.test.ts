import { type Operation, operationsOf, outcomeOf, type Plan, type Snapshot } from '@pgsr/planner'
import { expect, test } from 'vitest'
import { forEveryPlan, type Input } from './arbitrary-desired.ts'
import { entriesOf, isIntermediate, objectIn, roleIn, rolesAbove, textOf } from './holdings.ts'

/** The operations of a plan, each with the world as it finds it and as it leaves it. */
const stepsOf = (
  snapshot: Snapshot,
  made: Plan,
): { operation: Operation; before: Snapshot; after: Snapshot }[] => {
  let before = outcomeOf(snapshot, [])
  return operationsOf(made).map((operation) => {
    const after = outcomeOf(before, [operation])
    const step = { operation, before, after }
    before = after
    return step
  })
}

/** Who was granted a membership by a role, and by whom that one granted it to in turn. */
const reachedFrom = ({ memberships }: Snapshot, role: string, grantors: Iterable<string>): Set<string> => {
  const reached = new Set(grantors)
  for (const grantor of reached)
    for (const row of memberships) if (row.role === role && row.grantor === grantor) reached.add(row.member)
  return reached
}

/** Whether an operation acts only on roles and objects that are its business. */
const isInScope = (
  operation: Operation,
  before: Snapshot,
  { snapshot, desired, options }: Input,
): boolean => {
  const { version, actingRole, bootstrapRole } = snapshot.server
  const isDesired = (name: string): boolean => desired.some(({ role }) => role === name)
  const grantsOf = (name: string) => desired.find(({ role }) => role === name)?.grants ?? []
  const isAsked = (role: string, member: string): boolean =>
    grantsOf(member).some((grant) => grant.kind === 'membership' && grant.role === role)
  const isAskedBySome = (role: string): boolean => desired.some(({ role: member }) => isAsked(role, member))
  if (operation.as !== actingRole || !isDesired(operation.because.role)) return false
  switch (operation.kind) {
    case 'createRole':
      return isDesired(operation.role) || isAskedBySome(operation.role) || isIntermediate(operation.role)
    case 'dropRole':
      return false
    case 'setLogin':
    case 'setValidUntil':
    case 'setPassword':
    case 'clearPassword':
      return isDesired(operation.role)
    case 'grantMembership': {
      const { role, member, grantor } = operation
      return (
        isDesired(member) &&
        (isIntermediate(role) || isAsked(role, member)) &&
        [actingRole, bootstrapRole].includes(grantor)
      )
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
    case 'createSchema':
      return isDesired(operation.owner)
    case 'setOwner':
      return (
        isDesired(operation.owner) ||
        (operation.owner === (options.reassignOwnedTo ?? actingRole) &&
          isDesired(objectIn(before, operation.object)!.owner))
      )
    case 'grantPrivilege':
      return isDesired(operation.grantee) || isIntermediate(operation.grantee)
    case 'revokePrivilege':
      return isDesired(operation.grantee)
  }
}

test('no operation concerns anybody but who is synced, and who has got something from them', () =>
  forEveryPlan((made, _, input) => {
    const strange = stepsOf(input.snapshot, made).filter(
      ({ operation, before }) => !isInScope(operation, before, input),
    )
    expect(strange.map(({ operation }) => operation)).toEqual([])
  }))

test('no operation is in vain', () =>
  forEveryPlan((made, _, { snapshot }) => {
    const inVain = stepsOf(snapshot, made).filter(
      ({ operation: { kind }, before, after }) =>
        kind !== 'setPassword' && kind !== 'clearPassword' && textOf(before) === textOf(after),
    )
    expect(inVain.map(({ operation }) => operation)).toEqual([])
  }))

/** What was granted by who may not, or may not any more: PostgreSQL lets nothing come to that. */
const unfounded = (snapshot: Snapshot): string[] => {
  const { objects, memberships, server } = snapshot
  const mayGrant = (object: Snapshot['objects'][number], privilege: string, grantor: string): boolean =>
    object.owner === grantor ||
    [object, ...(object.follows ? [objectIn(snapshot, object.follows)!] : [])]
      .flatMap(entriesOf)
      .some((entry) => entry.privilege === privilege && entry.grantee === grantor && entry.grantable)
  return [
    ...objects.flatMap((object) =>
      entriesOf(object).filter(({ privilege, grantor }) => !mayGrant(object, privilege, grantor)),
    ),
    ...memberships.filter(
      ({ role, grantor }) =>
        server.version >= 160000 &&
        grantor !== server.bootstrapRole &&
        !memberships.some((row) => row.role === role && row.member === grantor && row.admin),
    ),
  ].map(textOf)
}

/** Why PostgreSQL would refuse an operation of a superuser, or do something else than it says. */
const whyRefused = (operation: Operation, before: Snapshot, after: Snapshot): string | undefined => {
  const { version, bootstrapRole, actingRole } = before.server
  const exists = (role: string): boolean => roleIn(before, role) !== undefined
  switch (operation.kind) {
    case 'createRole':
      return exists(operation.role) ? 'the role exists' : undefined
    case 'dropRole':
    case 'setLogin':
    case 'setValidUntil':
    case 'setPassword':
    case 'clearPassword':
      return exists(operation.role) ? undefined : 'the role does not exist'
    case 'grantMembership': {
      const { role, member, grantor } = operation
      if (!exists(role) || !exists(member)) return 'a role does not exist'
      if (grantor !== (version < 160000 ? actingRole : bootstrapRole)) return 'somebody else is recorded'
      return rolesAbove(before.memberships, role).has(member) ? 'it makes a cycle' : undefined
    }
    case 'createSchema':
      return objectIn(before, { kind: 'schema', name: [operation.schema] }) ? 'the schema exists' : undefined
    case 'setOwner':
      if (!exists(operation.owner)) return 'the new owner does not exist'
      return objectIn(before, operation.object)!.follows ? 'it moves with its table' : undefined
    case 'grantPrivilege':
      if (!exists(operation.grantee)) return 'the grantee does not exist'
      return objectIn(before, operation.object)!.owner === operation.grantor
        ? undefined
        : 'the owner is recorded'
    case 'revokePrivilege':
      if (objectIn(before, operation.object)!.owner !== operation.grantor) return 'somebody else granted it'
      break
    case 'revokeMembership':
  }
  const unfoundedBefore = new Set(unfounded(before))
  const dependent = unfounded(after).find((text) => !unfoundedBefore.has(text))
  return dependent === undefined ? undefined : `it leaves behind ${dependent}`
}

test('PostgreSQL refuses no operation that a superuser does', () =>
  forEveryPlan((made, _, { snapshot }) => {
    if (!roleIn(snapshot, made.actingRole)!.superuser) return
    const refused = stepsOf(snapshot, made).flatMap(({ operation, before, after }) => {
      const why = whyRefused(operation, before, after)
      return why === undefined ? [] : [{ operation, why }]
    })
    expect(refused).toEqual([])
  }))
