import { describeGrant, describeName, describeObject } from './describe.ts'
import {
  type AttributeGrant,
  isPattern,
  type MembershipGrant,
  type OwnershipGrant,
  type PrivilegeGrant,
} from './grant.ts'
import { intermediateName } from './intermediate-role.ts'
import { type ObjectName, objectKey } from './object-kind.ts'
import type { Reason } from './operation.ts'
import { compareText } from './order.ts'
import { ownerInOutcome } from './owner-in-outcome.ts'
import type { Skipped } from './plan.ts'
import type { Privilege } from './privilege.ts'
import type { Request } from './request.ts'
import { ServingRoles } from './serving-roles.ts'
import {
  privilegeKey,
  type Wanted,
  type WantedLogin,
  type WantedMembership,
  type WantedOwner,
  type WantedPrivilege,
} from './wanted.ts'
import type { World } from './world.ts'

/** Matches what is asked for with what there is: patterns expanded, intermediate roles chosen or named. */
class Resolution implements Wanted {
  readonly #world: World
  readonly #request: Request
  readonly #serving: ServingRoles
  readonly #tablesOf = new Map<string, ObjectName[]>()
  readonly #newRoleFor = new Map<string, string>()
  readonly desired: ReadonlySet<string>
  readonly logins = new Map<string, WantedLogin>()
  readonly memberships = new Map<string, Map<string, WantedMembership>>()
  readonly owners = new Map<string, WantedOwner>()
  readonly privileges = new Map<string, WantedPrivilege>()
  readonly intermediateRoles = new Map<string, Reason>()
  readonly skipped: Skipped[] = []
  readonly reassignOwnedTo: string
  readonly reassignsExplicitly: boolean
  readonly roles: readonly string[]
  readonly #membershipsAsked: ReadonlyMap<string, readonly string[]>
  readonly #waysUp = new Map<string, ReadonlyMap<string, string | undefined>>()

  constructor(world: World, request: Request) {
    this.#world = world
    this.#request = request
    this.#serving = new ServingRoles(world)
    this.roles = request.desired.map(({ role }) => role)
    this.desired = new Set(this.roles)
    this.reassignsExplicitly = request.options.reassignOwnedTo !== undefined
    this.reassignOwnedTo = request.options.reassignOwnedTo ?? world.server.actingRole
    this.#membershipsAsked = new Map(
      request.desired.map(({ role, grants }) => [
        role,
        grants.flatMap((grant) => (grant.kind === 'membership' ? [grant.role] : [])),
      ]),
    )
    for (const object of world.objects.values()) {
      if (object.kind !== 'table') continue
      const [schema] = object.name as readonly [string, string]
      const tables = this.#tablesOf.get(schema)
      if (tables) tables.push({ kind: object.kind, name: object.name })
      else this.#tablesOf.set(schema, [{ kind: object.kind, name: object.name }])
    }
    for (const tables of this.#tablesOf.values()) tables.sort((a, b) => compareText(a.name[1]!, b.name[1]!))
  }

  #skip(because: Reason, reason: Skipped['reason'], why: string, path?: readonly string[]): void {
    const grant = because.grant!
    const message = `cannot grant ${describeGrant(grant)} to role ${describeName(because.role)}: ${why}`
    this.skipped.push({ role: because.role, grant, reason, message, ...(path && { path }) })
  }

  login({ validUntil, password }: AttributeGrant, because: Reason): void {
    this.logins.set(because.role, { validUntil, password: password === 'keep' ? 'keep' : 'set', because })
  }

  ownership({ object }: OwnershipGrant, because: Reason): void {
    if (object.kind !== 'schema' && this.#world.object(object) === undefined)
      this.#skip(because, 'absent', this.#whyAbsent(object))
    else this.owners.set(objectKey(object), { object, role: because.role, because })
  }

  #exists(object: ObjectName): boolean {
    return this.#world.object(object) !== undefined || this.owners.has(objectKey(object))
  }

  #whyAbsent(object: ObjectName): string {
    const schema: ObjectName = { kind: 'schema', name: [object.name[0]!] }
    const missing = object.kind === 'table' && !this.#exists(schema) ? schema : object
    return `${describeObject(missing)} does not exist`
  }

  privilege(grant: PrivilegeGrant, because: Reason): void {
    const objects = this.#objectsOf(grant, because)
    if (objects === undefined) return
    const memberInherits =
      this.#world.membershipsHaveGrantors || (this.#world.roles.get(because.role)?.inherit ?? true)
    for (const object of objects) {
      const direct = grant.direct || ownerInOutcome(this.#world, this, object) === because.role
      if (direct) this.#wantPrivilege(object, grant.privilege, because.role, because)
      else if (memberInherits) this.#wantIntermediate(object, grant.privilege, because)
      else {
        this.#skip(
          because,
          'no effect',
          'the role is NOINHERIT, and before PostgreSQL 16 gets nothing from an intermediate role; grant it directly',
        )
        return
      }
    }
  }

  #objectsOf({ object }: PrivilegeGrant, because: Reason): readonly ObjectName[] | undefined {
    if (!isPattern(object)) {
      if (this.#exists(object)) return [object]
      this.#skip(because, 'absent', this.#whyAbsent(object))
      return undefined
    }
    const schema: ObjectName = { kind: 'schema', name: [object.schema] }
    const pattern = new RegExp(object.pattern.source, object.pattern.flags)
    const matching = (this.#tablesOf.get(object.schema) ?? []).filter(({ name }) => pattern.test(name[1]!))
    if (matching.length > 0) return matching
    const why = this.#exists(schema) ? 'no table matches' : `${describeObject(schema)} does not exist`
    this.#skip(because, 'absent', why)
    return undefined
  }

  #wantPrivilege(object: ObjectName, privilege: Privilege, role: string, because: Reason): void {
    const key = privilegeKey(objectKey(object), privilege, role)
    if (!this.privileges.has(key)) this.privileges.set(key, { object, privilege, role, because })
  }

  /** Any trusted role that the member is in already counts; else the oldest that is ours alone; else a new one. */
  #wantIntermediate(object: ObjectName, privilege: Privilege, because: Reason): void {
    const serving = this.#serving.serving(object, privilege)
    const held = serving.filter(({ name }) =>
      this.#world.membershipsIn(name, because.role).some(({ inherit }) => inherit),
    )
    const chosen =
      held.length > 0
        ? held.map(({ name }) => name)
        : [
            serving.find(({ elsewhere }) => elsewhere === 0)?.name ??
              this.#newRole(object, privilege, because),
          ]
    const serves = { privilege, object: { kind: object.kind, name: object.name } }
    for (const role of chosen) this.#wantMembership(role, { serves, because })
  }

  #newRole(object: ObjectName, privilege: Privilege, because: Reason): string {
    const key = privilegeKey(objectKey(object), privilege, '')
    const named = this.#newRoleFor.get(key)
    if (named !== undefined) return named
    const isTaken = (name: string): boolean => this.#world.roles.has(name) || this.intermediateRoles.has(name)
    const name = intermediateName(this.#world.server, object, privilege, this.#request.seed, isTaken)
    this.#newRoleFor.set(key, name)
    this.intermediateRoles.set(name, because)
    this.#wantPrivilege(object, privilege, name, because)
    return name
  }

  #wantMembership(role: string, membership: WantedMembership): void {
    const { role: member } = membership.because
    const ofMember = this.memberships.get(member) ?? new Map<string, WantedMembership>()
    this.memberships.set(member, ofMember)
    if (!ofMember.has(role)) ofMember.set(role, membership)
  }

  membership({ role }: MembershipGrant, because: Reason): void {
    if (role.startsWith('pg_') && !this.#world.roles.has(role)) {
      this.#skip(
        because,
        'absent',
        `role ${describeName(role)} does not exist, and the prefix "pg_" is PostgreSQL’s own`,
      )
      return
    }
    const path = this.#pathThroughBystanders(role, because.role)
    if (path === undefined) this.#wantMembership(role, { because })
    else
      this.#skip(
        because,
        'cycle',
        `it would make a cycle: ${[because.role, ...path].map(describeName).join(' in ')}`,
        path,
      )
  }

  /**
   * How `from` will still be a member of `to` when the desired roles have lost what they should not have and got
   * what they should: a desired role on the way counts with what is asked for it, a bystander with what it has.
   */
  #pathThroughBystanders(from: string, to: string): readonly string[] | undefined {
    const cameFrom = this.#waysUp.get(from) ?? new Map<string, string | undefined>([[from, undefined]])
    if (!this.#waysUp.has(from)) {
      this.#waysUp.set(from, cameFrom)
      // A Map visits what is added to it while it is walked: breadth first.
      for (const role of cameFrom.keys())
        for (const next of this.#rolesAfterwards(role))
          if (!cameFrom.has(next)) (cameFrom as Map<string, string | undefined>).set(next, role)
    }
    if (!cameFrom.has(to)) return undefined
    const path: string[] = []
    for (let step: string | undefined = to; step !== undefined; step = cameFrom.get(step)) path.unshift(step)
    return path
  }

  #rolesAfterwards(member: string): readonly string[] {
    return this.#membershipsAsked.get(member) ?? this.#world.membershipsOf(member).map(({ role }) => role)
  }
}

const inTurn = [
  ['attribute', 'ownership'],
  ['privilege', 'membership'],
] as const

/** What should be true of the desired roles, given what is. */
export const resolve = (world: World, request: Request): Wanted => {
  const resolution = new Resolution(world, request)
  // Who will own what has to be known first: an owner needs no grant, and a schema may be about to be created.
  for (const kinds of inTurn)
    for (const { role, grants } of request.desired)
      for (const grant of grants)
        if ((kinds as readonly string[]).includes(grant.kind)) resolveGrant(resolution, { role, grant })
  return resolution
}

const resolveGrant = (resolution: Resolution, because: Reason): void => {
  const grant = because.grant!
  switch (grant.kind) {
    case 'attribute':
      return resolution.login(grant, because)
    case 'ownership':
      return resolution.ownership(grant, because)
    case 'privilege':
      return resolution.privilege(grant, because)
    case 'membership':
      return resolution.membership(grant, because)
  }
}
