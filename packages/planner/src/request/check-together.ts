import type { RequestedRole } from '../model/absent-role.ts'
import { describeGrant, describeName, describeTarget } from '../model/describe.ts'
import { listedMemberships } from '../model/desired-role.ts'
import { type Grant, type MembershipGrant, ofKind, type OwnershipGrant } from '../model/grant.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import { newOwnersIn, type PlanOptions } from '../model/request.ts'
import { isAll } from '../model/target.ts'
import { impossibleRoleNameProblem, nameProblem } from '../postgres/identifier.ts'
import { objectKey, schemaOf } from '../postgres/object-kind.ts'
import { append, flatMap, getOrMake } from '../util/collections.ts'
import { quotedText } from './describe-given.ts'
import { membershipCycle } from './membership-cycle.ts'

/** What is wrong with roles together, and the grant that it is about if it is one. */
export interface WrongTogether {
  readonly error: InvalidGrantError
  readonly grant?: Grant
}

type Wrong = Generator<WrongTogether, void, undefined>

function* namedTwice(desired: readonly RequestedRole[]): Wrong {
  const seen = new Set<string>()
  for (const { role } of desired) {
    if (seen.has(role))
      yield {
        error: new InvalidGrantError({
          role,
          field: 'role',
          message: `cannot sync role ${describeName(role)}: it is named twice`,
        }),
      }
    seen.add(role)
  }
}

function* wrongHeirs(desired: readonly RequestedRole[], heirs: ReadonlySet<string>): Wrong {
  for (const heir of heirs) {
    const problem =
      nameProblem(heir) ??
      impossibleRoleNameProblem(heir) ??
      (isIntermediateName(heir) ? 'is that of an intermediate role' : undefined) ??
      (desired.some(({ role }) => role === heir)
        ? 'is that of a role that is synced too, and so owns what it asks for (owns in a policy, Grant.ownership in code); let it ask for these objects, or name a role that is not synced'
        : undefined)
    if (problem !== undefined)
      yield {
        error: new InvalidGrantError({
          field: 'reassignOwnedTo',
          message: `cannot reassign ownership to a role: the name ${quotedText(heir)}${problem}`,
        }),
      }
  }
}

/** A key of what a grant of ownership asks for, and one of all the objects that it is among. */
const ownershipKeys = ({ object }: OwnershipGrant): readonly [string, ...string[]] => {
  const ofAll = (schema: string): string => `all\0${object.kind}\0${schema}`
  if (isAll(object)) return [ofAll(object.schema)]
  const schema = schemaOf(object)
  return [objectKey(object), ...(schema === undefined ? [] : [ofAll(schema)])]
}

/** What two roles are to own. */
function* ownedTwice(desired: readonly RequestedRole[]): Wrong {
  const asked = flatMap(desired, ({ role, grants }) =>
    ofKind(grants, 'ownership').map((grant) => ({ role, grant })),
  )
  const owners = new Map<string, (typeof asked)[number]>()
  for (const one of asked) getOrMake(owners, ownershipKeys(one.grant)[0], () => one)
  for (const { role, grant } of asked)
    for (const key of ownershipKeys(grant)) {
      const other = owners.get(key)
      if (other !== undefined && other.role !== role)
        yield {
          error: new InvalidGrantError({
            role,
            field: 'object',
            message: `cannot grant ${describeGrant(grant)} to role ${describeName(role)}: role ${describeName(other.role)} is to own ${isAll(other.grant.object) ? describeTarget(other.grant.object) : 'it'}`,
          }),
          grant,
        }
    }
}

/** Whether a grant asks for another option than a list does. An option that is left out may be on or off, except ADMIN. */
const isOtherwise = (grant: MembershipGrant, listed: MembershipGrant): boolean =>
  (grant.admin ?? false) !== (listed.admin ?? false) ||
  (grant.inherit ?? listed.inherit) !== (listed.inherit ?? grant.inherit) ||
  (grant.set ?? listed.set) !== (listed.set ?? grant.set)

/** Memberships in roles that list their members otherwise. */
function* notListed(desired: readonly RequestedRole[]): Wrong {
  const lists = new Map(
    flatMap(desired, (one) =>
      one.members === undefined
        ? []
        : [[one.role, new Map(listedMemberships(one).map(({ member, grant }) => [member, grant]))] as const],
    ),
  )
  if (lists.size === 0) return
  for (const { role, grants } of desired)
    for (const grant of ofKind(grants, 'membership')) {
      const list = lists.get(grant.role)
      const listed = list?.get(role)
      if (list === undefined || (listed !== undefined && !isOtherwise(grant, listed))) continue
      const why = listed === undefined ? 'do not include it' : 'include it with other options'
      yield {
        error: new InvalidGrantError({
          role,
          field: 'role',
          message: `cannot grant membership in role ${describeName(grant.role)} to role ${describeName(role)}: the members of ${describeName(grant.role)} ${why}`,
        }),
        grant,
      }
    }
}

/** The first cycle of memberships. */
function* cycles(desired: readonly RequestedRole[]): Wrong {
  const memberships = new Map(
    desired.map(({ role, grants }) => [role, ofKind(grants, 'membership').map((grant) => grant.role)]),
  )
  for (const { member, grant } of flatMap(desired, listedMemberships)) append(memberships, member, grant.role)
  const cycle = membershipCycle(memberships.keys(), (role) => memberships.get(role) ?? [])
  if (cycle !== undefined)
    yield {
      error: new InvalidGrantError({
        role: cycle[0]!,
        field: 'role',
        message: `cannot grant membership in role ${describeName(cycle[1]!)} to role ${describeName(cycle[0]!)}: it would make a cycle: ${cycle.map(describeName).join(' in ')}`,
      }),
    }
}

/** Grants of what goes with a role that should not exist. */
function* withAbsent(desired: readonly RequestedRole[]): Wrong {
  const absent = new Set(flatMap(desired, (one) => (one.absent === true ? [one.role] : [])))
  if (absent.size === 0) return
  for (const { role, members = [] } of desired)
    for (const member of members) {
      const name = typeof member === 'string' ? member : member.role
      if (absent.has(name))
        yield {
          error: new InvalidGrantError({
            role,
            field: 'members',
            message: `cannot grant membership in role ${describeName(role)} to role ${describeName(name)}: that role should not exist`,
          }),
        }
    }
  for (const { role, grants } of desired)
    for (const grant of grants) {
      const named =
        grant.kind === 'membership'
          ? grant.role
          : grant.kind === 'default privilege'
            ? grant.owner
            : undefined
      if (named !== undefined && absent.has(named))
        yield {
          error: new InvalidGrantError({
            role,
            field: grant.kind === 'membership' ? 'role' : 'owner',
            message: `cannot grant ${describeGrant(grant)} to role ${describeName(role)}: role ${describeName(named)} should not exist`,
          }),
          grant,
        }
    }
}

/** What is wrong with roles that are right by themselves, if one looks at all of them. */
export function* wrongTogether(desired: readonly RequestedRole[], options: PlanOptions): Wrong {
  yield* wrongHeirs(desired, newOwnersIn({ desired, options }))
  yield* namedTwice(desired)
  yield* ownedTwice(desired)
  yield* notListed(desired)
  yield* cycles(desired)
  yield* withAbsent(desired)
}
