import { apply } from './apply.ts'
import { Authority } from './authority.ts'
import { preservedSchemas } from './desired-role.ts'
import { describeGrant, describeName, describeObject } from './describe.ts'
import {
  type AttributeGrant,
  type Grant,
  isPattern,
  type MembershipGrant,
  type OwnershipGrant,
  type PrivilegeGrant,
} from './grant.ts'
import { getOrMake } from './get-or-make.ts'
import { intermediateName } from './intermediate-role.ts'
import { MembershipPaths } from './membership-paths.ts'
import { type ObjectName, objectKey } from './object-kind.ts'
import type { Reason } from './operation.ts'
import { compareText } from './order.ts'
import { authorityOver, ownerInOutcome } from './owner-in-outcome.ts'
import { createRoles } from './phase/create-roles.ts'
import { ownContents, ownSchemas } from './phase/ownership.ts'
import type { Phase } from './phase/phase.ts'
import { lostMemberships, satisfies } from './phase/lose-memberships.ts'
import type { Skipped } from './plan.ts'
import type { Privilege } from './privilege.ts'
import type { SyncRequest } from './request.ts'
import { ServingRoles } from './serving-roles.ts'
import {
  privilegeKey,
  type Wanted,
  type WantedLogin,
  type WantedMembership,
  type WantedOwner,
  type WantedPrivilege,
} from './wanted.ts'
import { aclKey, membershipKey, World } from './world.ts'

/** Matches what is asked for with what there is: patterns expanded, intermediate roles chosen or named. */
class Resolution implements Wanted {
  readonly #world: World
  /** The world once everything has its owner, where that makes a difference. */
  #settled: World
  readonly #request: SyncRequest
  readonly #serving: ServingRoles
  readonly #tablesOf = new Map<string, ObjectName[]>()
  readonly #newRoleFor = new Map<string, string>()
  readonly #newNames = new Set<string>()
  readonly desired: ReadonlySet<string>
  readonly logins = new Map<string, WantedLogin>()
  readonly memberships = new Map<string, Map<string, WantedMembership>>()
  readonly owners = new Map<string, WantedOwner>()
  readonly privileges = new Map<string, WantedPrivilege>()
  readonly skipped: Skipped[] = []
  readonly reassignOwnedTo: string
  readonly reassignsExplicitly: boolean
  readonly preserved: ReadonlyMap<string, ReadonlySet<string>>
  readonly authority: Authority
  authorityOverContents: Authority
  authorityOverPrivileges: Authority
  readonly roles: readonly string[]

  constructor(world: World, request: SyncRequest) {
    this.#world = world
    this.#settled = world
    this.#request = request
    this.#serving = new ServingRoles(world)
    this.authority = new Authority(world)
    this.authorityOverContents = this.authority
    this.authorityOverPrivileges = this.authority
    this.roles = request.desired.map(({ role }) => role)
    this.desired = new Set(this.roles)
    this.preserved = preservedSchemas(request.desired)
    this.reassignsExplicitly = request.options.reassignOwnedTo !== undefined
    this.reassignOwnedTo = request.options.reassignOwnedTo ?? world.server.actingRole
    for (const object of world.objects.values()) {
      if (object.kind !== 'table') continue
      const [schema] = object.name as readonly [string, string]
      getOrMake(this.#tablesOf, schema, (): ObjectName[] => []).push({ kind: object.kind, name: object.name })
    }
    for (const tables of this.#tablesOf.values()) tables.sort((a, b) => compareText(a.name[1]!, b.name[1]!))
  }

  #skip(because: Reason, reason: Skipped['reason'], why: string, path?: readonly string[]): void {
    const { role, grant } = because
    const what = grant === null ? 'create' : `grant ${describeGrant(grant)} to`
    const message = `cannot ${what} role ${describeName(role)}: ${why}`
    this.skipped.push({ role, grant, reason, message, ...(path && { path }) })
  }

  #notPermitted(because: Reason, why: string): void {
    this.#skip(because, 'not permitted', why)
  }

  get #acting(): string {
    return `role ${describeName(this.#world.server.actingRole)}`
  }

  /** Whether a role is there, or can be created. */
  role(because: Reason): boolean {
    if (this.#world.roles.has(because.role) || this.authority.mayCreateRoles) return true
    this.#notPermitted(because, `it does not exist, and ${this.#acting} may not create roles`)
    return false
  }

  login({ validUntil, password }: AttributeGrant, because: Reason): void {
    const { role } = because
    const existing = this.#world.roles.get(role)
    const login = {
      validUntil,
      password: password === 'keep' ? ('keep' as const) : ('set' as const),
      because,
    }
    const isThere =
      existing?.login === true && existing.validUntil === validUntil && login.password === 'keep'
    if (isThere || this.authority.mayAlter(role)) {
      this.logins.set(role, login)
      return
    }
    this.#notPermitted(because, `${this.#acting} may not alter the role`)
    if (existing?.login === true)
      this.logins.set(role, { validUntil: existing.validUntil, password: 'keep', because })
  }

  ownership({ object }: OwnershipGrant, because: Reason): void {
    const existing = this.#world.object(object)
    const { role } = because
    if (object.kind !== 'schema' && existing === undefined)
      return this.#skip(because, 'absent', this.#whyAbsent(object))
    const why =
      existing === undefined
        ? this.authority.whyNotCreatedFor(role)
        : existing.owner === role
          ? undefined
          : authorityOver(this, existing).whyNotMoved(existing, role)
    if (why !== undefined) return this.#notPermitted(because, why)
    this.owners.set(objectKey(object), { object, role, because })
  }

  /** What the acting role can do once a phase has moved what it moves, which takes its privileges along. */
  #authorityAfter(phase: Phase, newOwners: Iterable<string>): Authority {
    if (this.authority.isSuperuser) return this.authority
    if (phase(this.#settled, this).length > 0) {
      this.#settled = new World(this.#settled.snapshot())
      for (const one of [createRoles, phase])
        for (const operation of one(this.#settled, this)) apply(this.#settled, operation)
    }
    const owners = [this.#world, this.#settled].flatMap(({ objects }) =>
      [...objects.values()].map(({ owner }) => owner),
    )
    return new Authority(this.#settled, new Set([...owners, ...newOwners]))
  }

  settleSchemas(): void {
    this.authorityOverContents = this.#authorityAfter(ownSchemas, [...this.roles, this.reassignOwnedTo])
  }

  settleContents(): void {
    this.authorityOverPrivileges = this.#authorityAfter(ownContents, [])
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
    let hasNoEffect = false
    const notPermitted = new Set<string>()
    for (const object of objects) {
      const direct = grant.direct || ownerInOutcome(this.#world, this, object) === because.role
      if (!direct && !memberInherits) hasNoEffect = true
      else {
        const why = direct
          ? this.#wantDirect(object, grant.privilege, because)
          : this.#wantIntermediate(object, grant.privilege, because)
        if (why !== undefined) notPermitted.add(why)
      }
    }
    for (const why of notPermitted) this.#notPermitted(because, why)
    if (hasNoEffect)
      this.#skip(
        because,
        'no effect',
        'the role is NOINHERIT, and before PostgreSQL 16 gets nothing from an intermediate role; grant it directly',
      )
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

  /** Why the acting role may not put anything into an object’s ACL. */
  #whyNotGranted(object: ObjectName, privilege: Privilege): string | undefined {
    const owner = ownerInOutcome(this.#world, this, object)
    if (owner === undefined) return undefined
    return this.authorityOverPrivileges.whyNotManaged(
      { ...this.#settled.object(object), ...object, owner },
      privilege,
    )
  }

  #wantDirect(object: ObjectName, privilege: Privilege, because: Reason): string | undefined {
    const { owner, acl } = this.#settled.object(object) ?? {}
    const isHeld = owner !== undefined && acl?.get(aclKey(because.role, owner))?.privileges.has(privilege)
    const why = isHeld ? undefined : this.#whyNotGranted(object, privilege)
    if (why === undefined) this.#wantPrivilege(object, privilege, because.role, because)
    return why
  }

  /**
   * Any trusted role that the member is in already counts; else the oldest that is ours alone and the acting role may
   * grant; else a new one.
   */
  #wantIntermediate(object: ObjectName, privilege: Privilege, because: Reason): string | undefined {
    const serving = this.#serving.serving(object, privilege)
    const held = serving.filter(({ name }) =>
      this.#world.membershipsIn(name, because.role).some(({ inherit }) => inherit),
    )
    const serves = { privilege, object: { kind: object.kind, name: object.name } }
    for (const { name } of held) this.#wantMembership(name, { serves, because })
    if (held.length > 0) return undefined
    const reused = serving.find(
      ({ name, elsewhere }) => elsewhere === 0 && this.authority.mayGrant(name, this.desired),
    )?.name
    const why = reused === undefined ? this.#whyNoNewRole(object, privilege) : undefined
    if (why !== undefined) return why
    this.#wantMembership(reused ?? this.#newRole(object, privilege, because), { serves, because })
    return undefined
  }

  #whyNoNewRole(object: ObjectName, privilege: Privilege): string | undefined {
    if (!this.authority.mayCreateRoles) return `${this.#acting} may not create roles`
    return this.#whyNotGranted(object, privilege)
  }

  #newRole(object: ObjectName, privilege: Privilege, because: Reason): string {
    const key = privilegeKey(objectKey(object), privilege, '')
    const named = this.#newRoleFor.get(key)
    if (named !== undefined) return named
    const isTaken = (name: string): boolean => this.#world.roles.has(name) || this.#newNames.has(name)
    const name = intermediateName(this.#world.server, object, privilege, this.#request.seed, isTaken)
    this.#newRoleFor.set(key, name)
    this.#newNames.add(name)
    this.#wantPrivilege(object, privilege, name, because)
    return name
  }

  #wantMembership(role: string, membership: WantedMembership): void {
    const { role: member } = membership.because
    getOrMake(
      getOrMake(this.memberships, member, () => new Map<string, WantedMembership>()),
      role,
      () => membership,
    )
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
    const isMember = this.#world.membershipsIn(role, because.role).some((row) => satisfies(row, false))
    if (isMember || this.authority.mayGrant(role, this.desired)) this.#wantMembership(role, { because })
    else this.#notPermitted(because, `${this.#acting} may not grant it`)
  }

  /**
   * Takes back the memberships that would make a cycle: whose role will still be a member of who asks for it, when
   * the desired roles have lost what they should not have and got what they should.
   */
  skipCycles(): void {
    const asked = [...this.memberships].flatMap(([member, roles]) =>
      [...roles].flatMap(([role, { serves, because }]) => (serves ? [] : [{ member, role, because }])),
    )
    if (asked.length === 0) return
    const paths = new MembershipPaths(this.#rolesAfterwards())
    for (const { member, role, because } of asked) {
      const path = paths.path(role, member)
      if (path === undefined) continue
      this.memberships.get(member)!.delete(role)
      const cycle = [member, ...path].map(describeName).join(' in ')
      this.#skip(because, 'cycle', `it would make a cycle: ${cycle}`, path)
    }
  }

  /** What is asked for, and what is not lost, or only at the end because the acting role may need it. */
  #rolesAfterwards(): (member: string) => readonly string[] {
    const world = this.#world
    const { actingRole } = world.server
    const isSuperuser = world.isSuperuser(actingRole)
    const asked = new Map([...this.memberships].map(([member, roles]) => [member, [...roles.keys()]]))
    const lost = new Set(lostMemberships(world, this).map(membershipKey))
    // From 16 on who creates roles without being a superuser administers them, which makes it a member.
    const created =
      world.membershipsHaveGrantors && !isSuperuser ? this.roles.filter((role) => !world.roles.has(role)) : []
    return (member) => {
      const isNeeded = this.authority.needs(member)
      const kept = world.membershipsOf(member).filter((row) => isNeeded || !lost.has(membershipKey(row)))
      return [
        ...(asked.get(member) ?? []),
        ...kept.map(({ role }) => role),
        ...(member === actingRole ? created : []),
      ]
    }
  }
}

const ownsSchema = (grant: Grant): boolean => grant.kind === 'ownership' && grant.object.kind === 'schema'

const ownsContent = (grant: Grant): boolean => grant.kind === 'ownership' && !ownsSchema(grant)

/**
 * What should be true of the desired roles, given what is. Who will own what has to be known first: an owner needs no
 * grant, and a schema may be about to be created.
 */
export const resolve = (world: World, request: SyncRequest): Wanted => {
  const resolution = new Resolution(world, request)
  const desired = request.desired.filter(({ role }) => resolution.role({ role, grant: null }))
  const resolveAll = (isNow: (grant: Grant) => boolean): void => {
    for (const { role, grants } of desired)
      for (const grant of grants) if (isNow(grant)) resolveGrant(resolution, { role, grant })
  }
  resolveAll(ownsSchema)
  resolution.settleSchemas()
  resolveAll(ownsContent)
  resolution.settleContents()
  resolveAll((grant) => grant.kind !== 'ownership')
  resolution.skipCycles()
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
