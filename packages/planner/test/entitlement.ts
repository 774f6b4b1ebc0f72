import {
  describeFact,
  describeObject,
  type DesiredRole,
  type Fact,
  type Grant,
  type ObjectName,
  type Plan,
  type Snapshot,
} from '@pgsr/planner'
import { entriesOf, factsIn, holderOf, isIntermediate, isSame, objectIn, roleIn, textOf } from './holdings.ts'

type PrivilegeGrant = Extract<Grant, { kind: 'privilege' }>

/** A role, and the grants that were asked for it and not skipped. */
export interface Asked {
  readonly role: string
  readonly grants: readonly Grant[]
}

/** What a plan was made for. */
export const desiredIn = ({ request }: Plan): readonly DesiredRole[] =>
  request.kind === 'sync' ? request.desired : []

export const askedIn = (made: Plan): Asked[] => {
  const { skipped } = made
  const skips = new Set(skipped.map(({ role, grant }) => textOf([role, grant])))
  return desiredIn(made).map(({ role, grants }) => ({
    role,
    grants: grants.filter((grant) => !skips.has(textOf([role, grant]))),
  }))
}

/** The objects that a grant is about. */
export const objectsOf = ({ object }: PrivilegeGrant, outcome: Snapshot): ObjectName[] => {
  if (!('pattern' in object)) return outcome.objects.filter((one) => isSame(one, object))
  const { source, flags } = object.pattern
  return outcome.objects.filter(
    ({ kind, name }) =>
      kind === 'table' && name[0] === object.schema && new RegExp(source, flags).test(name[1]!),
  )
}

/** Everything in a snapshot that ties a role to something here, but for its own memberships in others. */
const tiesOf = (snapshot: Snapshot, name: string): unknown[] => [
  ...snapshot.objects.filter(({ owner }) => owner === name),
  ...snapshot.objects
    .flatMap(entriesOf)
    .filter(({ grantee, grantor }) => grantee === name || grantor === name),
  ...snapshot.defaultPrivileges.filter(({ role, acl }) =>
    [role, ...acl.flatMap(({ grantee, grantor }) => [grantee, grantor])].includes(name),
  ),
  ...snapshot.unmanaged.filter(({ role }) => role === name),
]

const isMemberOfSome = ({ memberships }: Snapshot, name: string): boolean =>
  memberships.some(({ member }) => member === name)

/** Nothing but a way to have one privilege on one object. */
const isTrusted = (snapshot: Snapshot, name: string): boolean => {
  const { login, superuser, inherit, createRole, createDb, replication, bypassRls } = roleIn(snapshot, name)!
  return (
    inherit &&
    ![login, superuser, createRole, createDb, replication, bypassRls].includes(true) &&
    tiesOf(snapshot, name).length === 1 &&
    !isMemberOfSome(snapshot, name)
  )
}

/** That an intermediate role serves another database and has nothing in this one. */
const isOfAnotherDatabase = (snapshot: Snapshot, name: string): boolean =>
  (roleIn(snapshot, name)?.elsewhere ?? 0) > 0 &&
  tiesOf(snapshot, name).length === 0 &&
  !isMemberOfSome(snapshot, name)

/** Whether what a role asked for lets it hold this. What an owner has on its own object comes with the ownership. */
const isAskedFor = (outcome: Snapshot, { role, grants }: Asked, fact: Fact): boolean => {
  const asksFor = (wanted: Fact & { kind: 'privilege' }, direct: boolean): boolean =>
    grants.some(
      (grant) =>
        grant.kind === 'privilege' &&
        grant.privilege === wanted.privilege &&
        grant.direct === direct &&
        objectsOf(grant, outcome).some((object) => isSame(object, wanted.object)),
    )
  switch (fact.kind) {
    case 'role':
      return true
    case 'attribute':
      if (fact.attribute === 'LOGIN') return grants.some((grant) => grant.kind === 'attribute')
      return fact.attribute === 'INHERIT' || fact.attribute.startsWith('VALID UNTIL')
    case 'ownership':
      return grants.some((grant) => grant.kind === 'ownership' && isSame(grant.object, fact.object))
    case 'membership': {
      if (!isIntermediate(fact.role))
        return (
          (fact.inherit || fact.set) &&
          !fact.admin &&
          grants.some((grant) => grant.kind === 'membership' && grant.role === fact.role)
        )
      if (isOfAnotherDatabase(outcome, fact.role)) return true
      const serves = outcome.objects.flatMap(entriesOf).find(({ grantee }) => grantee === fact.role)
      if (serves === undefined || !isTrusted(outcome, fact.role)) return false
      const { owner } = objectIn(outcome, serves.object)!
      return (
        serves.grantor === owner &&
        owner !== role &&
        !serves.grantable &&
        fact.inherit &&
        !fact.admin &&
        asksFor(serves, false)
      )
    }
    case 'privilege': {
      const { owner } = objectIn(outcome, fact.object)!
      if (owner === role) return true
      return fact.grantor === owner && !fact.grantable && asksFor(fact, true)
    }
  }
}

/** How a plan words what it finds with a role and does not manage. */
const wordsFor = (role: string, fact: Fact): string => {
  switch (fact.kind) {
    case 'attribute':
      return fact.attribute
    case 'ownership':
      return `ownership of ${describeObject(fact.object)}`
    case 'membership': {
      const of = `role ${JSON.stringify(fact.role)}`
      return fact.member === role
        ? `ADMIN option for ${of}, which comes with CREATEROLE`
        : `having granted membership in ${of} to role ${JSON.stringify(fact.member)}`
    }
    case 'role':
    case 'privilege':
      return holderOf(fact) === role
        ? describeFact(fact)
        : `having granted ${describeFact(fact)}, to ${JSON.stringify(holderOf(fact))}`
  }
}

/** Whether it is of a role that others hold something: it cannot be dropped before that is gone. */
const isPassedOnBy = ({ server, ...outcome }: Snapshot, role: string, fact: Fact): boolean => {
  switch (fact.kind) {
    case 'membership':
      // Before 16 a grantor is but a note.
      return fact.grantor === role && server.version >= 160000
    case 'privilege':
      return fact.grantor === role && objectIn({ server, ...outcome }, fact.object)!.owner !== role
    case 'role':
    case 'attribute':
    case 'ownership':
      return false
  }
}

/** What a desired role is left with that nothing asks for: what it holds, and what others hold from it. */
export const excessOf = (outcome: Snapshot, asked: Asked): Fact[] =>
  factsIn(outcome).filter((fact) =>
    holderOf(fact) === asked.role
      ? !isAskedFor(outcome, asked, fact)
      : isPassedOnBy(outcome, asked.role, fact),
  )

/** Whether a plan says that a role is left with this. */
export const isAnnounced = ({ residue, unmanaged }: Plan, role: string, fact: Fact): boolean =>
  residue.some((one) => one.role === role && textOf(one.fact) === textOf(fact)) ||
  unmanaged.some((one) => one.role === role && one.description === wordsFor(role, fact))

/** Whether a role has what one of its grants asks for, by whatever way is asked for. */
export const isGiven = (outcome: Snapshot, role: string, grant: Grant): boolean => {
  const memberOf = (test: (of: string) => boolean, mayBecome: boolean): boolean =>
    outcome.memberships.some(
      (row) => row.member === role && (row.inherit || (mayBecome && row.set)) && test(row.role),
    )
  switch (grant.kind) {
    case 'attribute': {
      const { login, validUntil } = roleIn(outcome, role)!
      return login && validUntil === grant.validUntil
    }
    case 'ownership':
      return objectIn(outcome, grant.object)?.owner === role
    case 'membership':
      return memberOf((of) => of === grant.role, true)
    case 'privilege': {
      const has = (object: ObjectName, test: (grantee: string) => boolean): boolean =>
        entriesOf(objectIn(outcome, object)!).some(
          ({ privilege, grantee }) => privilege === grant.privilege && test(grantee),
        )
      const objects = objectsOf(grant, outcome)
      return (
        objects.length > 0 &&
        objects.every((object) =>
          grant.direct || objectIn(outcome, object)!.owner === role
            ? has(object, (grantee) => grantee === role)
            : has(object, (grantee) => isIntermediate(grantee) && memberOf((of) => of === grantee, false)),
        )
      )
    }
  }
}
