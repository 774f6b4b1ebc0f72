import { heldBy } from './acl.ts'
import { apply } from './apply.ts'
import { attributes, type GrantableAttribute } from './attribute.ts'
import { Authority } from './authority.ts'
import { caretakerName } from './caretaker.ts'
import { preservedSchemas } from './desired-role.ts'
import { describeGrant, describeName, describeObject } from './describe.ts'
import type {
  DefaultPrivilegeGrant,
  Grant,
  LoginGrant,
  MembershipGrant,
  OtherAttributeGrant,
  OwnershipGrant,
  PrivilegeGrant,
} from './grant.ts'
import { getOrMake } from './get-or-make.ts'
import { intermediateName } from './intermediate-role.ts'
import { circlesOf } from './membership-cycle.ts'
import { together } from './membership-option.ts'
import { MembershipPaths } from './membership-paths.ts'
import { type ObjectName, objectKey } from './object-kind.ts'
import type { Reason, Served } from './operation.ts'
import { authorityOver, isAttaching, ownerInOutcome } from './owner-in-outcome.ts'
import { createRoles } from './phase/create-roles.ts'
import { isContainer } from './phase/revoke-privileges.ts'
import { ownContents, ownSchemas } from './phase/ownership.ts'
import type { Phase } from './phase/phase.ts'
import { satisfy } from './membership-verdict.ts'
import type { Skipped } from './plan.ts'
import type { Privilege } from './privilege.ts'
import type { SyncRequest } from './request.ts'
import { isRealMember } from './real-member.ts'
import { rolesAfterwards } from './roles-afterwards.ts'
import { ServingRoles } from './serving-roles.ts'
import type { Role } from './snapshot.ts'
import { isPattern } from './target.ts'
import { isNone, type NoObjects, Targets } from './targets.ts'
import {
  privilegeKey,
  defaultKey,
  type Wanted,
  type WantedDefault,
  type WantedLogin,
  type WantedMembership,
  type WantedOwner,
  type WantedPrivilege,
} from './wanted.ts'
import { World } from './world.ts'

/** One privilege on one object that is there, or will be. */
interface Asked {
  readonly serves: Served
  /** That of the object. */
  readonly key: string
  /** Who will own it. */
  readonly owner: string | undefined
  /** The intermediate roles that give it. */
  readonly serving: readonly Role[]
}

/** Matches what is asked for with what there is: patterns expanded, intermediate roles chosen or named. */
class Resolution implements Wanted {
  readonly #world: World
  /** The world once everything has its owner, where that makes a difference. */
  #settled: World
  readonly #request: SyncRequest
  readonly #serving: ServingRoles
  readonly #targets: Targets
  /** What each grant asks for: many roles ask for the same. */
  readonly #asked = new Map<PrivilegeGrant, readonly Asked[] | NoObjects>()
  /** The roles that somebody is to be a member of. */
  readonly #joined: ReadonlySet<string>
  readonly #newRoleFor = new Map<string, string>()
  readonly #newNames = new Set<string>()
  readonly desired: ReadonlySet<string>
  readonly logins = new Map<string, WantedLogin>()
  readonly attributes = new Map<string, Map<GrantableAttribute, Reason>>()
  readonly memberships = new Map<string, Map<string, WantedMembership>>()
  readonly owners = new Map<string, WantedOwner>()
  readonly privileges = new Map<string, WantedPrivilege>()
  readonly defaults = new Map<string, WantedDefault>()
  readonly idle: ReadonlySet<string>
  readonly skipped: Skipped[] = []
  readonly reassignOwnedTo: string | undefined
  readonly caretakers: ReadonlyMap<string, string>
  readonly attachableIn: ReadonlySet<string>
  readonly preserved: ReadonlyMap<string, ReadonlySet<string>>
  readonly managesCluster: boolean
  readonly keepDependents: boolean
  readonly authority: Authority
  authorityOverContents: Authority
  authorityOverPrivileges: Authority
  readonly roles: readonly string[]

  constructor(world: World, request: SyncRequest) {
    this.#world = world
    this.#settled = world
    this.#request = request
    this.#serving = new ServingRoles(world)
    this.#targets = new Targets(world, this.owners)
    this.authority = new Authority(world, { losers: new Set(request.desired.map(({ role }) => role)) })
    this.authorityOverContents = this.authority
    this.authorityOverPrivileges = this.authority
    this.roles = request.desired.map(({ role }) => role)
    this.#joined = new Set(
      request.desired.flatMap(({ grants }) =>
        grants.flatMap((grant) => (grant.kind === 'membership' ? [grant.role] : [])),
      ),
    )
    this.desired = new Set(this.roles)
    this.idle = new Set(
      request.desired.flatMap(({ role, grants, preserveExistingGrantsInSchemas = [] }) =>
        grants.length + preserveExistingGrantsInSchemas.length === 0 ? [role] : [],
      ),
    )
    this.preserved = preservedSchemas(request.desired)
    this.managesCluster = request.options.scope !== 'database'
    this.keepDependents = request.options.keepDependents === true
    this.reassignOwnedTo = request.options.reassignOwnedTo
    this.caretakers = caretakersFor(world, request)
    this.attachableIn = new Set(request.desired.flatMap(({ grants }) => grants.flatMap(attachableSchema)))
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

  login({ validUntil, password, hashedBy }: LoginGrant, because: Reason): void {
    const { role } = because
    const existing = this.#world.roles.get(role)
    const login = {
      validUntil,
      password: this.#passwordFor(existing, password),
      ...(hashedBy !== undefined && { hashedBy }),
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

  /** What was stored while a role could not log in, it must not come to log in with unless that is asked for. */
  #passwordFor(existing: Role | undefined, password: LoginGrant['password']): WantedLogin['password'] {
    if (password === 'keep') return existing === undefined || existing.login ? 'keep' : 'clear'
    return existing?.passwordUnchanged === true ? 'keep' : 'set'
  }

  attribute({ attribute }: OtherAttributeGrant, because: Reason): void {
    const { role } = because
    const isThere = this.#world.roles.get(role)?.[attributes[attribute]] === true
    if (isThere || this.authority.maySetAttribute(role, attribute))
      getOrMake(this.attributes, role, () => new Map<GrantableAttribute, Reason>()).set(attribute, because)
    else this.#notPermitted(because, `${this.#acting} may not give it`)
  }

  ownership({ object }: OwnershipGrant, because: Reason): void {
    const existing = this.#world.object(object)
    const { role } = because
    if (object.kind !== 'schema' && existing === undefined)
      return this.#skip(because, 'absent', this.#targets.whyAbsent(object))
    if (existing?.follows !== undefined) {
      if (ownerInOutcome(this.#world, this, existing.key) !== role)
        this.#notPermitted(because, `it belongs to who owns ${describeObject(existing.follows)}`)
      return
    }
    const why =
      existing === undefined
        ? this.authority.whyNotCreatedFor(role)
        : existing.owner === role
          ? undefined
          : existing.ownedBySuperusers && this.#losesSuperuser(role)
            ? 'it would have to stay a superuser'
            : authorityOver(this, existing).whyNotMoved(
                existing,
                role,
                this.attributes.get(role)?.has('SUPERUSER') === true,
              )
    if (why !== undefined) return this.#notPermitted(because, why)
    this.owners.set(objectKey(object), { object, role, because })
  }

  /** Whether an object always has the owner of another. */
  follows(object: ObjectName): boolean {
    return this.#world.object(object)?.follows !== undefined
  }

  /** Whether a desired role is a superuser, and is not to be one. */
  #losesSuperuser(role: string): boolean {
    return (
      this.managesCluster &&
      this.#world.isSuperuser(role) &&
      !(this.attributes.get(role)?.has('SUPERUSER') ?? false) &&
      this.authority.maySetAttribute(role, 'SUPERUSER')
    )
  }

  /** What the acting role can do once a phase has moved what it moves, which takes its privileges along. */
  #authorityAfter(phase: Phase, newOwners: Iterable<string>): Authority {
    if (this.authority.isSuperuser) return this.authority
    if (phase(this.#settled, this).length > 0) {
      this.#settled = new World(this.#settled)
      for (const one of [createRoles, phase])
        for (const operation of one(this.#settled, this)) apply(this.#settled, operation)
    }
    // It acts as the owners, as who else has granted something, and as who comes to what is in schemas.
    const principals = new Set<string>()
    for (const { objects } of new Set([this.#world, this.#settled]))
      for (const { kind, owner, acl } of objects.values()) {
        principals.add(owner)
        for (const { grantor, grantee } of acl.values()) {
          principals.add(grantor)
          if (isContainer({ kind })) principals.add(grantee)
        }
      }
    for (const owner of newOwners) principals.add(owner)
    return new Authority(this.#settled, { principals })
  }

  settleSchemas(): void {
    this.authorityOverContents = this.#authorityAfter(ownSchemas, [
      ...this.roles,
      this.reassignOwnedTo ?? this.#world.server.actingRole,
    ])
  }

  settleContents(): void {
    this.authorityOverPrivileges = this.#authorityAfter(ownContents, [])
  }

  privilege(grant: PrivilegeGrant, because: Reason): void {
    const asked =
      this.roles.length === 1
        ? this.#askedBy(grant)
        : getOrMake(this.#asked, grant, () => this.#askedBy(grant))
    if (isNone(asked)) return this.#skip(because, asked.reason, asked.why)
    const memberInherits =
      this.#world.membershipsHaveGrantors || (this.#world.roles.get(because.role)?.inherit ?? true)
    let hasNoEffect = false
    const notPermitted: string[] = []
    for (const one of asked) {
      const isOwner = one.owner === because.role
      const direct = grant.direct || isOwner
      if (!direct && !memberInherits) hasNoEffect = true
      else {
        // An owner may pass everything on as it is.
        const why = direct
          ? this.#wantDirect(one, grant.grantable && !isOwner, because)
          : this.#wantIntermediate(one, because)
        if (why !== undefined) notPermitted.push(why)
      }
    }
    if (notPermitted.length > 0) for (const why of new Set(notPermitted)) this.#notPermitted(because, why)
    if (hasNoEffect)
      this.#skip(
        because,
        'no effect',
        'the role is NOINHERIT, and before PostgreSQL 16 gets nothing from an intermediate role; grant it directly',
      )
  }

  /** What a grant asks for, whoever is to get it, or why there is no such thing. */
  #askedBy(grant: PrivilegeGrant): readonly Asked[] | NoObjects {
    const objects = this.#targets.objectsOf(grant.object)
    if (isNone(objects)) return objects
    const askedOf = (object: ObjectName, privilege: Privilege): Asked => {
      const key = objectKey(object)
      const owner = ownerInOutcome(this.#world, this, key)
      const serving = grant.direct ? [] : this.#serving.serving(key, privilege)
      return { serves: { privilege, object }, key, owner, serving }
    }
    return grant.privileges.flatMap((privilege) => objects.map((object) => askedOf(object, privilege)))
  }

  #wantPrivilege(wanted: WantedPrivilege): void {
    const key = privilegeKey(wanted.key, wanted.privilege, wanted.role)
    const other = this.privileges.get(key)
    if (other === undefined || (wanted.grantable && !other.grantable)) this.privileges.set(key, wanted)
  }

  /** Why the acting role may not put anything into an object’s ACL. */
  #whyNotGranted({ serves: { object, privilege }, key, owner }: Asked): string | undefined {
    if (owner === undefined || this.authorityOverPrivileges.isSuperuser) return undefined
    const existing = this.#settled.objects.get(key)
    return this.authorityOverPrivileges.whyNotManaged({ ...existing, ...object, owner }, privilege, {
      saying: 'grant',
    })
  }

  #wantDirect(asked: Asked, grantable: boolean, because: Reason): string | undefined {
    const { serves, key } = asked
    const { object, privilege } = serves
    const { role } = because
    const { owner, acl } = this.#settled.objects.get(key) ?? {}
    const held = acl && heldBy(acl, { privilege, grantee: role, grantor: owner! })
    const isHeld = held !== undefined && (held || !grantable)
    const why = isHeld ? undefined : this.#whyNotGranted(asked)
    // What it has of that, it keeps.
    if (why === undefined || held !== undefined)
      this.#wantPrivilege({
        object,
        key,
        privilege,
        role,
        grantable: grantable && why === undefined,
        because,
      })
    return why
  }

  /** Whether a role is there, or is created because somebody is to be it, or a member of it. */
  #willExist(role: string): boolean {
    return (
      this.#world.roles.has(role) ||
      this.desired.has(role) ||
      (this.authority.mayCreateRoles && !role.startsWith('pg_') && this.#joined.has(role))
    )
  }

  defaultPrivilege(grant: DefaultPrivilegeGrant, because: Reason): void {
    const { owner, schema, on, privileges, grantable } = grant
    const inSchema: ObjectName | undefined = schema === null ? undefined : { kind: 'schema', name: [schema] }
    if (!this.#willExist(owner))
      return this.#skip(because, 'absent', `role ${describeName(owner)} does not exist`)
    if (inSchema !== undefined && !this.#targets.exists(inSchema))
      return this.#skip(because, 'absent', this.#targets.whyAbsent(inSchema))
    const held = this.#world.defaultsOf(owner, schema, on).acl.get(because.role, owner)?.privileges
    for (const privilege of privileges) {
      const isHeld = held?.get(privilege) === true || (held?.get(privilege) === false && !grantable)
      const isPermitted = isHeld || this.authorityOverPrivileges.proxyFor(owner) !== undefined
      if (!isPermitted)
        this.#notPermitted(because, `${this.#acting} may not act as role ${describeName(owner)}`)
      // What it has of that, it keeps.
      if (!isPermitted && held?.has(privilege) !== true) continue
      const key = defaultKey(grant, privilege, because.role)
      const other = this.defaults.get(key)
      const asked = { owner, schema, on, privilege, role: because.role, because }
      if (other === undefined || (grantable && isPermitted && !other.grantable))
        this.defaults.set(key, { ...asked, grantable: grantable && isPermitted })
    }
  }

  /**
   * Any trusted role that the member is in already counts; else the oldest that is ours alone, which nobody else can let
   * himself in to, and the acting role may grant; else a new one.
   */
  #wantIntermediate(asked: Asked, because: Reason): string | undefined {
    const membership: WantedMembership = { serves: asked.serves, inherit: true, because }
    let isHeld = false
    for (const { name } of asked.serving)
      if (this.#world.membershipsIn(name, because.role).some(({ inherit }) => inherit)) {
        this.#wantMembership(name, membership)
        isHeld = true
      }
    if (isHeld) return undefined
    const reused = asked.serving.find(
      ({ name, elsewhere, administeredByOthers }) =>
        elsewhere === 0 && administeredByOthers !== true && this.authority.mayGrant(name, this.desired),
    )?.name
    const why = reused === undefined ? this.#whyNoNewRole(asked) : undefined
    if (why !== undefined) return why
    this.#wantMembership(reused ?? this.#newRole(asked, because), membership)
    return undefined
  }

  #whyNoNewRole(asked: Asked): string | undefined {
    if (!this.authority.mayCreateRoles) return `${this.#acting} may not create roles`
    return this.#whyNotGranted(asked)
  }

  #newRole({ serves: { object, privilege }, key }: Asked, because: Reason): string {
    const served = privilegeKey(key, privilege, '')
    const named = this.#newRoleFor.get(served)
    if (named !== undefined) return named
    const isTaken = (name: string): boolean => this.#world.roles.has(name) || this.#newNames.has(name)
    const role = intermediateName(this.#world.server, object, privilege, this.#request.seed, isTaken)
    this.#newRoleFor.set(served, role)
    this.#newNames.add(role)
    this.#wantPrivilege({ object, key, privilege, role, grantable: false, because })
    return role
  }

  /** Asked for more than once, with all the options that were asked for. */
  #wantMembership(role: string, membership: WantedMembership): void {
    const { role: member } = membership.because
    const ofMember = getOrMake(this.memberships, member, () => new Map<string, WantedMembership>())
    const other = ofMember.get(role)
    ofMember.set(role, other === undefined ? membership : { ...membership, ...other })
  }

  membership({ role, admin, inherit, set }: MembershipGrant, because: Reason): void {
    if (role.startsWith('pg_') && !this.#world.roles.has(role)) {
      this.#skip(
        because,
        'absent',
        `role ${describeName(role)} does not exist, and the prefix "pg_" is PostgreSQL’s own`,
      )
      return
    }
    const asked = {
      ...(admin !== undefined && { admin }),
      ...(inherit !== undefined && { inherit }),
      ...(set !== undefined && { set }),
    }
    const rows = this.#world.membershipsIn(role, because.role)
    if (satisfy(rows, asked) || this.authority.mayGrant(role, this.desired)) {
      this.#wantMembership(role, { ...asked, because })
      return
    }
    this.#notPermitted(because, `${this.#acting} may not grant it`)
    // What it has of that, it keeps.
    const held = together(rows)
    if (isRealMember(held))
      this.#wantMembership(role, {
        ...(admin === true && held.admin && { admin }),
        ...(inherit === false && { inherit }),
        ...(set === false && { set }),
        because,
      })
  }

  /**
   * Takes back the memberships that would make a cycle: whose role will still be a member of who asks for it, when
   * the desired roles have lost what they should not have and got what they should.
   */
  skipCycles(): void {
    const asked: { readonly member: string; readonly role: string; readonly because: Reason }[] = []
    for (const [member, roles] of this.memberships)
      for (const [role, { serves, because }] of roles)
        if (serves === undefined) asked.push({ member, role, because })
    if (asked.length === 0) return
    const rolesOf = rolesAfterwards(this.#world, this)
    const circles = circlesOf(this.memberships.keys(), rolesOf)
    const paths = new MembershipPaths(rolesOf)
    for (const { member, role, because } of asked) {
      if (circles.get(member) !== circles.get(role)) continue
      const path = paths.path(role, member)
      if (path === undefined) continue
      this.memberships.get(member)!.delete(role)
      const cycle = [member, ...path].map(describeName).join(' in ')
      this.#skip(because, 'cycle', `it would make a cycle: ${cycle}`, path)
    }
  }
}

/** By desired role that owns something: the name of a role that may own it instead. */
const caretakersFor = (world: World, { desired, seed }: SyncRequest): ReadonlyMap<string, string> => {
  const owners = new Set([...world.objects.values()].map(({ owner }) => owner))
  const named = new Set<string>()
  const caretakers = new Map<string, string>()
  for (const { role } of desired) {
    if (!owners.has(role)) continue
    const name = caretakerName(role, seed, (taken) => world.roles.has(taken) || named.has(taken))
    caretakers.set(role, name)
    named.add(name)
  }
  return caretakers
}

const attachableSchema = (grant: Grant): readonly string[] => {
  if (grant.kind !== 'privilege' || !grant.privileges.some(isAttaching)) return []
  const { object } = grant
  return isPattern(object) ? [object.schema] : [object.name[0]!]
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
  resolveAll(({ kind }) => kind === 'attribute')
  resolveAll(ownsSchema)
  resolution.settleSchemas()
  const follows = (grant: Grant): boolean => grant.kind === 'ownership' && resolution.follows(grant.object)
  resolveAll((grant) => ownsContent(grant) && !follows(grant))
  resolveAll(follows)
  resolution.settleContents()
  resolveAll(({ kind }) => kind !== 'attribute' && kind !== 'ownership')
  resolution.skipCycles()
  return resolution
}

const resolveGrant = (resolution: Resolution, because: Reason): void => {
  const grant = because.grant!
  switch (grant.kind) {
    case 'attribute':
      return grant.attribute === 'LOGIN'
        ? resolution.login(grant, because)
        : resolution.attribute(grant, because)
    case 'default privilege':
      return resolution.defaultPrivilege(grant, because)
    case 'ownership':
      return resolution.ownership(grant, because)
    case 'privilege':
      return resolution.privilege(grant, because)
    case 'membership':
      return resolution.membership(grant, because)
  }
}
