import {
  attributes,
  type DatabaseObject,
  type DefaultPrivilegeFact,
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
import { describeName } from '@pgsr/planner/internal'
import {
  builtInDefaults,
  defaultEntriesOf,
  defaultsIn,
  entriesOf,
  factsIn,
  holderOf,
  isIntermediate,
  isProducedBy,
  isSame,
  isShared,
  objectIn,
  roleIn,
  textOf,
} from './holdings.ts'

type PrivilegeGrant = Extract<Grant, { kind: 'privilege' }>
type OwnershipGrant = Extract<Grant, { kind: 'ownership' }>
type MembershipGrant = Extract<Grant, { kind: 'membership' }>

/** A role, and what was asked for it. */
export interface Asked {
  readonly role: string
  /** What was not skipped. */
  readonly grants: readonly Grant[]
  /** That, and what is not permitted, but may be there all the same. */
  readonly entitled: readonly Grant[]
  /** The schemas in which it keeps what it has. */
  readonly preserved: readonly string[]
  /** What is left as it is, for everybody. */
  readonly limits: Limits
  /** Its attributes are left as they are. */
  readonly isExternal: boolean
  /** Nothing was asked for it. */
  readonly isIdle: boolean
}

/** What is judged at all. */
export interface Limits {
  readonly cluster: boolean
  /** `undefined`: all of them, and what is in none. */
  readonly schemas: readonly string[] | undefined
}

export const limitsIn = ({ request }: Plan): Limits => {
  const { schemas, cluster = true } = (request.kind === 'sync' ? request.options.manages : undefined) ?? {}
  return { cluster, schemas }
}

const isSchemaOutside = ({ schemas }: Limits, schema: string | null): boolean =>
  schemas !== undefined && (schema === null || !schemas.includes(schema))

/** Whether an object is left as it is. */
export const isOutside = (limits: Limits, object: ObjectName): boolean => {
  if (isShared(object)) return !limits.cluster
  const { kind, name } = object
  return isSchemaOutside(limits, kind === 'schema' || name.length > 1 ? name[0]! : null)
}

/** What a plan was made for. */
export const desiredIn = ({ request }: Plan): readonly DesiredRole[] =>
  request.kind === 'sync' ? request.desired : []

export const askedIn = (made: Plan): Asked[] => {
  const { skipped } = made
  const limits = limitsIn(made)
  const skips = (reasons: readonly Skipped['reason'][]): Set<string> =>
    new Set(
      skipped.flatMap(({ role, grant, reason }) => (reasons.includes(reason) ? [textOf([role, grant])] : [])),
    )
  const impossible = skips(['absent', 'no match', 'cycle', 'no effect', 'takes away'])
  const notPermitted = skips(['not permitted'])
  const isCreated = ({ role }: { readonly role: string }): boolean =>
    ![...impossible, ...notPermitted].includes(textOf([role, null]))
  return desiredIn(made)
    .filter(isCreated)
    .map(
      ({ role, grants, preserveExistingGrantsInSchemas: preserved = [], external: isExternal = false }) => {
        const isPermitted = (grant: Grant): boolean => !notPermitted.has(textOf([role, grant]))
        const entitled = grants.filter(
          (grant) =>
            !impossible.has(textOf([role, grant])) &&
            (grant.kind !== 'default privilege' || isPermitted(grant)),
        )
        const isIdle = grants.length + preserved.length === 0
        return { role, grants: entitled.filter(isPermitted), entitled, preserved, limits, isExternal, isIdle }
      },
    )
}

/** Whether something is inside a schema: a schema itself is not. */
export const isInside = (schemas: readonly string[], { name }: ObjectName): boolean =>
  name.length > 1 && schemas.includes(name[0]!)

/** The one thing that an intermediate role which can be trusted gives its members, by the grant of the owner. */
const servedBy = (snapshot: Snapshot, role: string): PrivilegeFact | undefined => {
  if (!isIntermediate(role) || roleIn(snapshot, role) === undefined || !isTrusted(snapshot, role))
    return undefined
  const entry = snapshot.objects.flatMap(entriesOf).find(({ grantee }) => grantee === role)
  const isByOwner = entry?.grantor === (entry && objectIn(snapshot, entry.object)!.owner)
  return isByOwner && entry?.grantable === false ? entry : undefined
}

/** Whether an intermediate role gives its members nothing that is judged. */
const givesOnlyOutside = (
  snapshot: Snapshot,
  limits: Limits,
  role: string,
  schemas: readonly string[],
): boolean => {
  const isLeft = (object: ObjectName): boolean => isOutside(limits, object) || isInside(schemas, object)
  const isMore = limits.cluster && (isMemberOfSome(snapshot, role) || hasAttributes(snapshot, role))
  return (
    !isMore &&
    snapshot.objects.every((object) => isLeft(object) || object.owner !== role) &&
    snapshot.objects
      .flatMap(entriesOf)
      .every(({ object, grantee, grantor }) => isLeft(object) || (grantee !== role && grantor !== role)) &&
    snapshot.defaultPrivileges.every(
      ({ owner, schema, acl }) =>
        isSchemaOutside(limits, schema) ||
        (schema !== null && schemas.includes(schema)) ||
        (owner !== role && acl.every(({ grantee }) => grantee !== role)),
    )
  )
}

/** Whether a fact is about something that is left as it is. */
export const isOutsideFact = (
  snapshot: Snapshot,
  limits: Limits,
  fact: Fact,
  schemas: readonly string[] = [],
): boolean => {
  switch (fact.kind) {
    case 'role':
    case 'attribute':
    case 'property':
    case 'policy':
    case 'user mapping':
      return !limits.cluster
    case 'ownership':
    case 'privilege':
      return isOutside(limits, fact.object)
    case 'default privilege':
      return isSchemaOutside(limits, fact.schema)
    case 'membership':
      if (!isIntermediate(fact.role)) return !limits.cluster
      return (
        (!limits.cluster || limits.schemas !== undefined) &&
        givesOnlyOutside(snapshot, limits, fact.role, schemas)
      )
  }
}

const isMember = ({ memberships }: Snapshot, member: string, role: string): boolean =>
  memberships.some((row) => row.member === member && row.role === role && (row.inherit || row.set))

/** Whether a role keeps something, asked for or not. */
export const isPreserved = (
  snapshot: Snapshot,
  { role, preserved, limits, isExternal }: Pick<Asked, 'role' | 'preserved' | 'limits' | 'isExternal'>,
  fact: Fact,
): boolean => {
  if (holderOf(fact) !== role) return false
  if (isOutsideFact(snapshot, limits, fact, preserved)) return true
  switch (fact.kind) {
    case 'role':
    case 'attribute':
      return isExternal
    case 'property':
    case 'policy':
    case 'user mapping':
      return false
    case 'ownership':
    case 'privilege':
      return isInside(preserved, fact.object)
    case 'default privilege':
      return fact.schema !== null && preserved.includes(fact.schema)
    case 'membership': {
      const served = servedBy(snapshot, fact.role)
      return served !== undefined && (fact.inherit || fact.set) && isInside(preserved, served.object)
    }
  }
}

/** The objects that a grant is about. */
export const objectsOf = (
  { object }: PrivilegeGrant | OwnershipGrant,
  outcome: Pick<Snapshot, 'objects'>,
): DatabaseObject[] => {
  if ('all' in object)
    return outcome.objects.filter(({ kind, name }) => kind === object.kind && name[0] === object.schema)
  if (!('pattern' in object)) return outcome.objects.filter((one) => isSame(one, object))
  const { kind, schema, pattern, columns } = object
  const matcher = new RegExp(pattern.source, pattern.flags)
  return outcome.objects.filter(
    (one) =>
      one.kind === kind &&
      one.name[0] === schema &&
      matcher.test(one.name[1]!) &&
      (columns === undefined || columns.includes(one.name[2]!)),
  )
}

/** Everything in a snapshot that ties a role to something here, but for its own memberships in others. */
const tiesOf = (snapshot: Snapshot, name: string): unknown[] => [
  ...snapshot.objects.filter(({ owner }) => owner === name),
  ...snapshot.objects
    .flatMap(entriesOf)
    .filter(({ grantee, grantor }) => grantee === name || grantor === name),
  ...snapshot.defaultPrivileges.filter(({ owner, acl }) =>
    [owner, ...acl.flatMap(({ grantee, grantor }) => [grantee, grantor])].includes(name),
  ),
  ...snapshot.unmanaged.filter(({ role }) => role === name),
]

const isMemberOfSome = ({ memberships }: Snapshot, name: string): boolean =>
  memberships.some(({ member }) => member === name)

const hasAttributes = (snapshot: Snapshot, name: string): boolean => {
  const { login, superuser, createRole, createDb, replication, bypassRls } = roleIn(snapshot, name)!
  return [login, superuser, createRole, createDb, replication, bypassRls].includes(true)
}

/** Nothing but a way to have one privilege on one object. */
export const isTrusted = (snapshot: Snapshot, name: string): boolean => {
  return (
    roleIn(snapshot, name)!.inherit &&
    !hasAttributes(snapshot, name) &&
    tiesOf(snapshot, name).length === 1 &&
    !isMemberOfSome(snapshot, name)
  )
}

/** That an intermediate role serves another database and has nothing in this one. */
const isOfAnotherDatabase = (snapshot: Snapshot, name: string): boolean =>
  (roleIn(snapshot, name)?.elsewhere ?? 0) > 0 &&
  tiesOf(snapshot, name).length === 0 &&
  !isMemberOfSome(snapshot, name)

/** Whether somebody is to have a privilege in an object’s own ACL: asked for, or produced by what is said of future objects. */
const isEntitledTo = (
  outcome: Snapshot,
  grants: readonly Grant[],
  { object, privilege }: Pick<PrivilegeFact, 'object' | 'privilege'>,
  grantable: boolean,
): boolean => {
  const found = objectIn(outcome, object)
  return grants.some(
    (grant) =>
      (grant.kind === 'privilege' || grant.kind === 'default privilege') &&
      grant.privileges.includes(privilege) &&
      (grant.grantable || !grantable) &&
      (grant.kind === 'privilege'
        ? grant.direct && objectsOf(grant, outcome).some((one) => isSame(one, object))
        : found !== undefined && isProducedBy(grant, found)),
  )
}

/** Whether PostgreSQL itself says so of future objects. */
const isBuiltIn = ({ server }: Snapshot, fact: DefaultPrivilegeFact): boolean =>
  defaultEntriesOf(builtInDefaults(server.version, fact.owner, fact.schema, fact.on)).some(
    (entry) => textOf(entry) === textOf(fact),
  )

const inherits = ({ memberships }: Snapshot, member: string, role: string): boolean =>
  memberships.some((row) => row.member === member && row.role === role && row.inherit)

/** Whether what a role asked for lets it hold this. What an owner has on its own object comes with the ownership. */
export const isAskedFor = (outcome: Snapshot, asked: Asked, fact: Fact): boolean => {
  const { role, entitled: grants, isIdle } = asked
  if (isPreserved(outcome, asked, fact))
    return (
      fact.kind !== 'membership' || !fact.admin || isPreserved(outcome, { ...asked, preserved: [] }, fact)
    )
  switch (fact.kind) {
    case 'role':
      return true
    case 'property':
    case 'policy':
    case 'user mapping':
      return false
    case 'attribute':
      if (fact.attribute === 'PASSWORD') return roleIn(outcome, role)!.login
      return (
        grants.some((grant) => grant.kind === 'attribute' && grant.attribute === fact.attribute) ||
        fact.attribute === 'INHERIT' ||
        fact.attribute.startsWith('VALID UNTIL')
      )
    case 'ownership':
      return grants.some(
        (grant) =>
          grant.kind === 'ownership' &&
          objectsOf(grant, outcome).some((object) => isSame(object, fact.object)),
      )
    case 'membership': {
      if (!isIntermediate(fact.role)) {
        const wanted = grants.filter((grant) => grant.kind === 'membership' && grant.role === fact.role)
        const isRefused = (option: 'inherit' | 'set'): boolean =>
          fact[option] && wanted.some((grant) => (grant as MembershipGrant)[option] === false)
        return (
          wanted.length > 0 &&
          isMember(outcome, role, fact.role) &&
          (!fact.admin || wanted.some((grant) => (grant as MembershipGrant).admin === true)) &&
          !isRefused('inherit') &&
          !isRefused('set')
        )
      }
      const serves = outcome.objects.flatMap(entriesOf).find(({ grantee }) => grantee === fact.role)
      if (serves === undefined || !isTrusted(outcome, fact.role)) return false
      const { owner } = objectIn(outcome, serves.object)!
      return (
        serves.grantor === owner &&
        owner !== role &&
        !serves.grantable &&
        inherits(outcome, role, fact.role) &&
        !fact.admin &&
        grants.some(
          (grant) =>
            grant.kind === 'privilege' &&
            !grant.direct &&
            grant.privileges.includes(serves.privilege) &&
            objectsOf(grant, outcome).some((object) => isSame(object, serves.object)),
        )
      )
    }
    case 'privilege': {
      const { owner } = objectIn(outcome, fact.object)!
      if (owner === role) return true
      return fact.grantor === owner && isEntitledTo(outcome, grants, fact, fact.grantable)
    }
    case 'default privilege':
      if (fact.owner === role) return !isIdle || isBuiltIn(outcome, fact)
      return grants.some(
        (grant) =>
          grant.kind === 'default privilege' &&
          grant.owner === fact.owner &&
          grant.schema === fact.schema &&
          grant.on === fact.on &&
          grant.privileges.includes(fact.privilege) &&
          (grant.grantable || !fact.grantable),
      )
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
      const of = `role ${describeName(fact.role)}`
      if (fact.member === role && fact.grantor === role)
        return `membership in ${of}, which it has created and grants itself`
      return fact.member === role
        ? `ADMIN option for ${of}, which may come with CREATEROLE`
        : `having granted membership in ${of} to role ${describeName(fact.member)}`
    }
    case 'default privilege': {
      const where = fact.schema === null ? '' : ` in schema ${describeName(fact.schema)}`
      return `of its own future ${fact.on}${where}`
    }
    case 'role':
    case 'property':
    case 'policy':
    case 'user mapping':
    case 'privilege':
      return holderOf(fact) === role
        ? describeFact(fact)
        : `having granted ${describeFact(fact)}, to ${describeName(holderOf(fact))}`
  }
}

/** Whether a role may have granted a privilege on what it does not own: on a column also by what it has on the table. */
const mayHaveGranted = (
  outcome: Snapshot,
  { role, preserved, limits, entitled }: Asked,
  { object, privilege }: PrivilegeFact,
): boolean => {
  const table: ObjectName = { kind: 'table', name: object.name.slice(0, 2) }
  return (
    isInside(preserved, object) ||
    isOutside(limits, object) ||
    (object.kind === 'column' ? [object, table] : [object]).some(
      (one) =>
        objectIn(outcome, one)?.owner !== role &&
        isEntitledTo(outcome, entitled, { object: one, privilege }, true),
    )
  )
}

/** Whether it is of a role that others hold something that it may not have given them. */
const isPassedOn = (outcome: Snapshot, asked: Asked, fact: Fact): boolean => {
  const { role, isIdle } = asked
  switch (fact.kind) {
    case 'membership':
      // Before 16 a grantor is but a note.
      return fact.grantor === role && outcome.server.version >= 160000
    case 'privilege':
      return (
        fact.grantor === role &&
        objectIn(outcome, fact.object)!.owner !== role &&
        !mayHaveGranted(outcome, asked, fact)
      )
    case 'default privilege':
      return fact.owner === role && !(isIdle && isBuiltIn(outcome, fact))
    case 'role':
    case 'attribute':
    case 'property':
    case 'policy':
    case 'user mapping':
    case 'ownership':
      return false
  }
}

/** What a desired role is left with that nothing asks for: what it holds, and what others hold from it. */
export const excessOf = (outcome: Snapshot, asked: Asked): Fact[] =>
  factsIn(outcome).filter((fact) =>
    holderOf(fact) === asked.role ? !isAskedFor(outcome, asked, fact) : isPassedOn(outcome, asked, fact),
  )

/** What a role keeps in a world, but for what default privileges can give more by. */
const preservedIn = (snapshot: Snapshot, asked: Asked): Fact[] => {
  const named = new Set(snapshot.defaultPrivileges.flatMap(({ acl }) => acl.map(({ grantee }) => grantee)))
  return factsIn(snapshot).filter(
    (fact) =>
      isPreserved(snapshot, asked, fact) &&
      !(fact.kind === 'membership' && isIntermediate(fact.role) && named.has(fact.role)),
  )
}

/** The same from whoever it is: a new owner takes the old one’s place. An ADMIN option is not kept. */
const textOfHeld = (fact: Fact): string =>
  textOf({ ...fact, ...('grantor' in fact && { grantor: '' }), ...('admin' in fact && { admin: false }) })

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
export const isAnnounced = (
  { residue, unmanaged }: Plan,
  outcome: Snapshot,
  role: string,
  fact: Fact,
): boolean =>
  residue.some((one) => one.role === role && textOf(one.fact) === textOf(fact)) ||
  unmanaged.some((one) => one.role === role && one.description === wordsFor(role, fact)) ||
  (fact.kind === 'membership' &&
    !fact.admin &&
    isOfAnotherDatabase(outcome, fact.role) &&
    unmanaged.some((one) => one.role === role && one.description.endsWith(' of other databases')))

/** Whether a role has what one of its grants asks for, by whatever way is asked for. */
export const isGiven = (outcome: Snapshot, role: string, grant: Grant): boolean => {
  switch (grant.kind) {
    case 'attribute': {
      const found = roleIn(outcome, role)!
      return (
        found[attributes[grant.attribute]] &&
        (grant.attribute !== 'LOGIN' || found.validUntil === grant.validUntil)
      )
    }
    case 'ownership': {
      const objects = objectsOf(grant, outcome)
      return (
        ('all' in grant.object || objects.length > 0) &&
        objects.every(({ owner, part }) => owner === role || ('all' in grant.object && part))
      )
    }
    case 'membership':
      return (
        isMember(outcome, role, grant.role) &&
        [
          ['admin', grant.admin === true] as const,
          // Who is a member without one of these is one by the other.
          ['inherit', grant.inherit ?? grant.set === false] as const,
          ['set', grant.set ?? grant.inherit === false] as const,
        ].every(
          ([option, isNeeded]) =>
            !isNeeded ||
            outcome.memberships.some((row) => row.member === role && row.role === grant.role && row[option]),
        )
      )
    case 'default privilege': {
      const entries = defaultEntriesOf(defaultsIn(outcome, grant))
      return grant.privileges.every((privilege) =>
        entries.some(
          (entry) =>
            entry.privilege === privilege && entry.grantee === role && (entry.grantable || !grant.grantable),
        ),
      )
    }
    case 'privilege': {
      const { privileges, direct, grantable } = grant
      const objects = objectsOf(grant, outcome)
      return (
        ('all' in grant.object || objects.length > 0) &&
        objects.every((name) =>
          privileges.every((privilege) => {
            const object = objectIn(outcome, name)!
            const isOwner = object.owner === role
            const byOwner = entriesOf(object).filter(
              (entry) => entry.privilege === privilege && entry.grantor === object.owner,
            )
            const isDirect = byOwner.some(
              (entry) => entry.grantee === role && (entry.grantable || !grantable || isOwner),
            )
            // What PUBLIC has need not be granted on all objects of a schema, if the acting role may not.
            const isOfPublic =
              'all' in grant.object &&
              !grantable &&
              entriesOf(object).some((entry) => entry.privilege === privilege && entry.grantee === 'public')
            return (
              isOfPublic ||
              (direct || isOwner ? isDirect : byOwner.some((entry) => serves(outcome, role, entry)))
            )
          }),
        )
      )
    }
  }
}

/** Whether a role has a privilege through an intermediate role that can be trusted. */
const serves = (outcome: Snapshot, role: string, { grantee, grantable }: PrivilegeFact): boolean =>
  isIntermediate(grantee) &&
  !grantable &&
  isTrusted(outcome, grantee) &&
  outcome.memberships.some((row) => row.member === role && row.role === grantee && row.inherit)
