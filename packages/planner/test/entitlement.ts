import {
  describeFact,
  describeObject,
  type DesiredRole,
  type Fact,
  type Grant,
  type ObjectName,
  type Plan,
  type PrivilegeFact,
  type Skipped,
  type Snapshot,
} from '@pgsr/planner'
import { entriesOf, factsIn, holderOf, isIntermediate, isSame, objectIn, roleIn, textOf } from './holdings.ts'

type PrivilegeGrant = Extract<Grant, { kind: 'privilege' }>

/** A role, and what was asked for it. */
export interface Asked {
  readonly role: string
  /** What was not skipped. */
  readonly grants: readonly Grant[]
  /** That, and what is not permitted, but may be there all the same. */
  readonly entitled: readonly Grant[]
  /** The schemas in which it keeps what it has. */
  readonly preserved: readonly string[]
}

/** What a plan was made for. */
export const desiredIn = ({ request }: Plan): readonly DesiredRole[] =>
  request.kind === 'sync' ? request.desired : []

export const askedIn = (made: Plan): Asked[] => {
  const { skipped } = made
  const skips = (reasons: readonly Skipped['reason'][]): Set<string> =>
    new Set(
      skipped.flatMap(({ role, grant, reason }) => (reasons.includes(reason) ? [textOf([role, grant])] : [])),
    )
  const impossible = skips(['absent', 'cycle', 'no effect'])
  const notPermitted = skips(['not permitted'])
  const isCreated = ({ role }: { readonly role: string }): boolean => !notPermitted.has(textOf([role, null]))
  return desiredIn(made)
    .filter(isCreated)
    .map(({ role, grants, preserveExistingGrantsInSchemas: preserved = [] }) => {
      const entitled = grants.filter((grant) => !impossible.has(textOf([role, grant])))
      const isPermitted = (grant: Grant): boolean => !notPermitted.has(textOf([role, grant]))
      return { role, grants: entitled.filter(isPermitted), entitled, preserved }
    })
}

/** Whether something is inside a schema: a schema itself is not. */
export const isInside = (schemas: readonly string[], { name }: ObjectName): boolean =>
  name.length > 1 && schemas.includes(name[0]!)

/** Whether all that an intermediate role has here is inside some schemas. */
const servesInside = (snapshot: Snapshot, schemas: readonly string[], role: string): boolean => {
  const held = snapshot.objects.flatMap(entriesOf).filter(({ grantee }) => grantee === role)
  return held.length > 0 && held.every(({ object }) => isInside(schemas, object))
}

/** Whether a role keeps something, asked for or not. */
export const isPreserved = (
  snapshot: Snapshot,
  { role, preserved }: Pick<Asked, 'role' | 'preserved'>,
  fact: Fact,
): boolean => {
  if (holderOf(fact) !== role) return false
  if (fact.kind === 'ownership' || fact.kind === 'privilege') return isInside(preserved, fact.object)
  return (
    fact.kind === 'membership' && isIntermediate(fact.role) && servesInside(snapshot, preserved, fact.role)
  )
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
export const isTrusted = (snapshot: Snapshot, name: string): boolean => {
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
export const isAskedFor = (outcome: Snapshot, asked: Asked, fact: Fact): boolean => {
  const { role, entitled: grants } = asked
  if (isPreserved(outcome, asked, fact)) return true
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
      if (isOfAnotherDatabase(outcome, fact.role)) return !fact.admin
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
      : isPassedOnBy(outcome, asked.role, fact) &&
        !(fact.kind === 'privilege' && isInside(asked.preserved, fact.object)),
  )

/** What a role keeps in a world, but for what default privileges can give more by. */
const preservedIn = (snapshot: Snapshot, asked: Asked): Fact[] => {
  const named = new Set(snapshot.defaultPrivileges.flatMap(({ acl }) => acl.map(({ grantee }) => grantee)))
  return factsIn(snapshot).filter(
    (fact) => isPreserved(snapshot, asked, fact) && !(fact.kind === 'membership' && named.has(fact.role)),
  )
}

/** The same from whoever it is: a new owner takes the old one’s place. */
const textOfHeld = (fact: Fact): string => textOf('grantor' in fact ? { ...fact, grantor: '' } : fact)

/** What a role lost though it keeps it, and what it got where it keeps what it has without asking for it. */
export const changedThoughPreserved = (before: Snapshot, outcome: Snapshot, asked: Asked): Fact[] => {
  const [held, holds] = [preservedIn(before, asked), preservedIn(outcome, asked)]
  const [wasHeld, isHeld] = [new Set(held.map(textOfHeld)), new Set(holds.map(textOfHeld))]
  return [
    ...held.filter((fact) => !isHeld.has(textOfHeld(fact))),
    ...holds.filter(
      (fact) => !wasHeld.has(textOfHeld(fact)) && !isAskedFor(outcome, { ...asked, preserved: [] }, fact),
    ),
  ]
}

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
      const has = (object: ObjectName, test: (entry: PrivilegeFact) => boolean): boolean => {
        const found = objectIn(outcome, object)!
        return entriesOf(found).some(
          (entry) => entry.privilege === grant.privilege && entry.grantor === found.owner && test(entry),
        )
      }
      const objects = objectsOf(grant, outcome)
      return (
        objects.length > 0 &&
        objects.every((object) =>
          grant.direct || objectIn(outcome, object)!.owner === role
            ? has(object, ({ grantee }) => grantee === role)
            : has(
                object,
                ({ grantee, grantable }) =>
                  isIntermediate(grantee) &&
                  !grantable &&
                  isTrusted(outcome, grantee) &&
                  memberOf((of) => of === grantee, false),
              ),
        )
      )
    }
  }
}
