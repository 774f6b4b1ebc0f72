import type { Catalog, CatalogObject } from '../catalog/catalog.ts'
import { columnsOf, tableOf } from '../catalog/column.ts'
import { MembershipGraph } from '../catalog/membership-graph.ts'
import { describeName, describeObject } from '../model/describe.ts'
import { isDelegateName } from '../model/managed-role.ts'
import type { Membership } from '../model/membership.ts'
import { isNameless, isNamelessMembership, whyNotNamed } from '../model/nameless.ts'
import type { GrantMembership } from '../model/operation.ts'
import type { Role } from '../model/snapshot.ts'
import { few, type ReadonlyAcl } from '../postgres/acl.ts'
import { type Attribute, attributes } from '../postgres/attribute.ts'
import { isRealMember } from '../postgres/membership-option.ts'
import { objectKey, type ObjectName, schemaOf } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { append, getOrMake } from '../util/collections.ts'
import { type Joining, Joins } from './joins.ts'

/** Whose members everybody who owns the database is, and nobody else can become. */
const databaseOwners = 'pg_database_owner'

const nobody: ReadonlySet<string> = new Set()

type Owned = ObjectName & Pick<CatalogObject, 'owner'>

/** An object as it is, or as it will be. */
type OwnedObject = Owned & Partial<Pick<CatalogObject, 'acl' | 'follows'>>

/** What is done with a privilege. To revoke one on a table revokes it on the columns too, each in a name of its own. */
type Saying = 'grant' | 'revoke'

/** How a privilege is granted or revoked: to revoke it, unless that is said, and while who else has the grant option lent. */
interface How {
  readonly saying?: Saying
  readonly lentTo?: ReadonlySet<string>
}

/** How a role comes by a privilege for a while: another grants it in somebody’s name. */
export interface Lending {
  readonly grantor: string
  readonly as: string
}

type Holders = ReturnType<ReadonlyAcl['holders']>

/** What a search has found, or that there is nothing. */
interface Found<T> {
  readonly found: T | undefined
}

/** Of who may pass a privilege on, the two that a role comes nearest to: the one next to any that it speaks for. */
const nearestTwo = (distances: ReadonlyMap<string, number>, holders: Holders): readonly string[] => {
  const among: ReadonlyMap<string, unknown> = distances.size < holders.size ? distances : holders
  const near: (readonly [role: string, distance: number])[] = []
  for (const role of among.keys()) {
    const distance = distances.get(role)
    if (distance !== undefined && holders.get(role) === true) near.push([role, distance])
  }
  return near
    .sort(([, one], [, other]) => one - other)
    .slice(0, 2)
    .map(([role]) => role)
}

/** What was found out about who holds a privilege, where that are many; about few it is found out again. */
const rememberedFor = <T>(found: WeakMap<Holders, T>, holders: Holders, find: () => T): T => {
  if (holders.size <= few) return find()
  const known = found.get(holders)
  if (known !== undefined) return known
  const made = find()
  found.set(holders, made)
  return made
}

/**
 * What the acting role may do, which is everything for a superuser. In the name of others it acts by being a member of
 * them: for good, or because it may make itself one for the transaction.
 * @see https://www.postgresql.org/docs/current/role-attributes.html
 */
export class Access {
  readonly #catalog: Catalog
  readonly #principals: ReadonlySet<string> | undefined
  readonly #acting: string
  readonly isSuperuser: boolean
  readonly #createsRoles: boolean
  readonly #mayInherit: boolean
  /** Whose privileges a role has; whom it can become by SET ROLE; whose member it is in any way. */
  readonly #inheritsFrom: MembershipGraph
  readonly #canSetRole: MembershipGraph
  readonly #memberOf: MembershipGraph
  #meanwhile: ReadonlyMap<string, number> | undefined
  #administering: ReadonlySet<string> | undefined
  /** By who holds a privilege: by whom the acting role does; whom it may act as to do so; who lends it. */
  readonly #held = new WeakMap<Holders, Found<string>>()
  readonly #holding = new WeakMap<Holders, Found<string>>()
  readonly #lenders = new WeakMap<Holders, Found<Lending>>()
  /** By a role, and by who holds a privilege: whom the role comes nearest to of those that may pass it on. */
  readonly #takenFor = new Map<string, WeakMap<Holders, readonly string[]>>()
  /** By table and privilege: who holds it on the columns. */
  readonly #onColumns = new Map<string, Holders>()
  readonly #ways = new Map<string, Found<Joining>>()
  readonly #waysByMembers = new Map<string, Found<Joining>>()
  readonly #admins = new Map<string, readonly string[]>()
  readonly #others = new Map<string, readonly string[]>()
  readonly #administrators = new Map<MembershipGraph, ReadonlyMap<string, readonly string[]>>()
  readonly #losers: ReadonlySet<string>
  #found: Joins | undefined

  /**
   * @param principals the roles that the acting role may have to act as; every role, unless they are known
   * @param losers roles in whose name it must not make itself a member of others, because their memberships change
   */
  constructor(
    catalog: Catalog,
    { principals, losers = nobody }: { principals?: ReadonlySet<string>; losers?: ReadonlySet<string> } = {},
  ) {
    this.#catalog = catalog
    this.#principals = principals
    this.#losers = losers
    this.#acting = catalog.server.actingRole
    this.isSuperuser = catalog.isSuperuser(this.#acting)
    this.#createsRoles = catalog.roles.get(this.#acting)?.createRole ?? false
    this.#mayInherit = this.#inherits(this.#acting)
    const rolesOf = (member: string, counts: (row: Membership) => boolean): readonly string[] => [
      ...catalog.membershipsOf(member).flatMap((row) => (counts(row) ? [row.role] : [])),
      ...(member === catalog.server.databaseOwner && catalog.server.version >= 140000
        ? [databaseOwners]
        : []),
    ]
    this.#inheritsFrom = new MembershipGraph((member) =>
      this.#inherits(member) ? rolesOf(member, (row) => this.#passesOn(row)) : [],
    )
    this.#canSetRole = new MembershipGraph((member) => rolesOf(member, ({ set }) => set))
    this.#memberOf = new MembershipGraph((member) => rolesOf(member, () => true))
  }

  get #joins(): Joins {
    return (this.#found ??= new Joins(this.#catalog, {
      inheriting: this.#inheritsFrom,
      becoming: this.#canSetRole,
      losers: this.#losers,
    }))
  }

  /** Before 16 a role inherits or does not; the acting role does where it may give itself INHERIT. */
  #inherits(member: string): boolean {
    return (
      this.#catalog.membershipsHaveGrantors ||
      (this.#catalog.roles.get(member)?.inherit ?? true) ||
      (member === this.#acting && this.mayAlter(member))
    )
  }

  /**
   * Whether a member has a role’s privileges by a row. Before 16 nobody can be counted on to be a member of the acting role, as
   * which it may be in the way.
   */
  #passesOn({ role, member, inherit }: Membership): boolean {
    const mayPause = role === this.#acting && !this.#catalog.membershipsHaveGrantors
    return inherit && !mayPause && this.#inherits(member)
  }

  get #who(): string {
    return `role ${describeName(this.#acting)}`
  }

  get mayCreateRoles(): boolean {
    return this.isSuperuser || this.#createsRoles
  }

  /** Whether the acting role has the privileges of a role as things are, but for its INHERIT before 16. */
  hasPrivilegesOf(role: string): boolean {
    return this.#inheritsFrom.isReachable(this.#acting, role)
  }

  /** Whether the acting role can become a role as things are. */
  canSetRole(role: string): boolean {
    return this.#canSetRole.isReachable(this.#acting, role)
  }

  /**
   * Whether the acting role may need until the end what a role is a member of: it acts as that role, or administers
   * others by what that one administers.
   */
  needs(role: string): boolean {
    if (this.isSuperuser) return false
    if (this.hasPrivilegesOf(role) || this.canSetRole(role)) return true
    const administers = (member: string): boolean =>
      this.#catalog.membershipsOf(member).some(({ admin }) => admin)
    this.#administering ??= this.#memberOf.leadingTo([this.#acting], administers)
    return this.#administering.has(role)
  }

  /**
   * In which order memberships have to go: those by which the acting role administers others go last, and before those
   * by which it is a member of their members.
   */
  revocationRank({ role, member, admin }: Membership): number {
    if (!this.needs(member)) return 0
    return 1 + 2 * this.#memberOf.count(role) + Number(admin)
  }

  /** By which rows others are members of the acting role that must not be for it to become a member of some roles. */
  membersInTheWay(roles: readonly string[]): readonly Membership[] {
    const above = this.#memberOf.above(roles)
    return this.#catalog.membersOf(this.#acting).filter(({ member }) => above.has(member))
  }

  /** Whom to be a member of to have a role’s privileges: nobody can be granted pg_database_owner. */
  grantableStandIn(role: string): string {
    return role === databaseOwners ? this.#catalog.server.databaseOwner : role
  }

  /** Whether the acting role has a role’s privileges, or may give them to itself. */
  mayActAs(role: string): boolean {
    return !isNameless(role) && (this.isSuperuser || this.toActAs(role) !== undefined)
  }

  /** Whether the acting role can become a role, or may make itself able to: then it may make it an owner. */
  maySetRole(role: string): boolean {
    return this.isSuperuser || this.toSetRole(role) !== undefined
  }

  /** What the acting role has to make itself a member of to have a role’s privileges; `undefined` where it may not. */
  toActAs(role: string): Joining | undefined {
    if (isNameless(role)) return undefined
    if (this.hasPrivilegesOf(role)) return []
    if (this.#keepsTrackOf(role)) return this.#joins.toHave(role)
    if (!this.#mayInherit) return undefined
    const isRepresented = this.#inheritsFrom.isReachable(this.grantableStandIn(role), role)
    return isRepresented ? (this.#toJoin(role) ?? this.#toJoinMember(role)) : undefined
  }

  /** Before 16: of who may not be joined, a superuser, another member may be that has its privileges. */
  #toJoinMember(role: string): Joining | undefined {
    return getOrMake(this.#waysByMembers, role, () => {
      for (const member of this.#withPrivilegesOf(role)) {
        const found = this.#toJoin(member)
        if (found !== undefined) return { found }
      }
      return { found: undefined }
    }).found
  }

  /** Others that have a role’s privileges, the nearest first. */
  #withPrivilegesOf(role: string): readonly string[] {
    const { databaseOwner, version } = this.#catalog.server
    const members = new Set([role])
    for (const one of members) {
      for (const row of this.#catalog.membersOf(one)) if (this.#passesOn(row)) members.add(row.member)
      if (one === databaseOwners && version >= 140000 && this.#inherits(databaseOwner))
        members.add(databaseOwner)
    }
    return [...members].filter((member) => member !== role && member !== this.#acting)
  }

  /** The same to be able to become it. */
  toSetRole(role: string): Joining | undefined {
    if (isNameless(role)) return undefined
    if (this.canSetRole(role)) return []
    return this.#keepsTrackOf(role) ? this.#joins.toBecome(role) : this.#toJoin(role)
  }

  /** From 16 on rows say who administers a role; what is still to be created, its creator will. */
  #keepsTrackOf(role: string): boolean {
    return this.#catalog.membershipsHaveGrantors && this.#catalog.roles.has(role)
  }

  /**
   * As whom to do something in a role’s name: as the acting role, as that role itself, or as another that has its privileges.
   */
  *#proxies(role: string): Iterable<string> {
    if (isNameless(role)) return
    if (this.mayActAs(role)) yield this.#acting
    // Nobody becomes a superuser but in the name of one.
    if (this.maySetRole(role) && (this.mayActAs(role) || !this.#catalog.isSuperuser(role))) yield role
    if (!this.isSuperuser) yield* getOrMake(this.#others, role, () => this.#othersWith(role))
  }

  /**
   * Others that have a role’s privileges and that the acting role may become, the nearest first. Before 16 it may be whom it
   * likes, but for superusers.
   */
  #othersWith(role: string): readonly string[] {
    return this.#catalog.membershipsHaveGrantors || this.#catalog.isSuperuser(role)
      ? this.#withPrivilegesOf(role).filter((one) => !this.#catalog.isSuperuser(one) && this.maySetRole(one))
      : []
  }

  /** As whom to say something in a role’s name that only that role, or who has its privileges, may say. */
  proxyFor(role: string): string | undefined {
    for (const proxy of this.#proxies(role)) return proxy
    return undefined
  }

  /** Whoever may grant a role may join it. */
  #toJoin(role: string): Joining | undefined {
    const representative = this.grantableStandIn(role)
    return this.mayGrant(representative)
      ? [{ role: representative, as: this.#acting, grantor: this.#acting }]
      : undefined
  }

  /** What the acting role has to make itself a member of to be one, in any way, of who has the ADMIN option for a role. */
  toAdminister(role: string): Joining | undefined {
    if (!this.#catalog.membershipsHaveGrantors || this.#isAdministrator(role)) return []
    return getOrMake(this.#ways, role, () => ({ found: this.#wayToAdminister(role) })).found
  }

  #wayToAdminister(role: string): Joining | undefined {
    let best: Joining | undefined
    for (const member of this.#adminsOf(role)) {
      const way = this.#joins.toHave(member) ?? this.#joins.toJoin(member)
      if (way !== undefined && (best === undefined || way.length < best.length)) best = way
    }
    return best
  }

  /** Who has the ADMIN option for a role. */
  #adminsOf(role: string): readonly string[] {
    return getOrMake(this.#admins, role, () =>
      this.#catalog.membersOf(role).flatMap(({ member, admin }) => (admin ? [member] : [])),
    )
  }

  /** The roles that administer others for the acting role, which can become them. */
  delegates(): readonly string[] {
    return [...this.#canSetRole.reachable(this.#acting)].filter((name) => this.isDelegate(name))
  }

  /**
   * Whether a role administers others for the acting role. Who else is a member of it could become it, or let himself in, and
   * anybody who creates roles can give one its name: so it has to be one that the acting role has created, of which it
   * alone is a member.
   */
  isDelegate(name: string): boolean {
    if (!isDelegateName(name) || this.isSuperuser) return false
    const { administers, createRole, login, superuser, createDb, replication, bypassRls } =
      this.#catalog.roles.get(name) ?? {}
    if (administers === undefined || !createRole) return false
    if (login || superuser || createDb || replication || bypassRls) return false
    const { bootstrapRole } = this.#catalog.server
    const rows = this.#catalog.membershipsIn(name, this.#acting)
    const ofCreator = rows.find(({ grantor }) => grantor === bootstrapRole)
    return (
      ofCreator?.admin === true &&
      !isRealMember(ofCreator) &&
      rows.every(({ grantor }) => grantor === bootstrapRole || grantor === this.#acting)
    )
  }

  /** The delegate that administers a role, if one does. */
  #delegateFor(role: string): string | undefined {
    if (this.isSuperuser || !this.#catalog.membershipsHaveGrantors) return undefined
    return this.#administratorsOf(role, this.#canSetRole).find((name) => this.isDelegate(name))
  }

  /** As whom statements about a role itself are run: as the delegate that administers it, where one does. */
  runAsFor(role: string): string {
    return this.#delegateFor(role) ?? this.#acting
  }

  /** As whom a role is granted in the name of a grantor, which has to be named where PostgreSQL would record another. */
  granting(role: string, grantor: string): Pick<GrantMembership, 'grantor' | 'namesGrantor' | 'as'> {
    const isOwn = this.isSuperuser || !this.#catalog.membershipsHaveGrantors || this.mayActAs(grantor)
    const as = this.#delegateFor(role) ?? (isOwn ? this.#acting : grantor)
    return { grantor, ...(!this.isSuperuser && grantor !== as && { namesGrantor: true as const }), as }
  }

  /** As whom a membership is taken away: as the delegate that has granted it, where one has. */
  runAsToRevoke(row: Membership): string {
    return (this.#catalog.membershipsHaveGrantors ? this.#revoker(row) : undefined) ?? this.#acting
  }

  /** From 16 on a membership is taken away in the name of who granted it. */
  #revoker({ role, grantor }: Membership): string | undefined {
    if (this.isSuperuser) return this.#acting
    if (this.#delegateFor(role) === grantor) return grantor
    if (this.#catalog.isSuperuser(role)) return undefined
    for (const proxy of this.#proxies(grantor)) if (this.#administers(proxy, role)) return proxy
    return undefined
  }

  #administers(proxy: string, role: string): boolean {
    if (proxy === this.#acting) return this.toAdminister(role) !== undefined
    return (
      !this.#catalog.isSuperuser(proxy) &&
      this.#adminsOf(role).some((member) => this.#memberOf.isReachable(proxy, member))
    )
  }

  /**
   * In whose name the acting role grants a role; `undefined` when it may not.
   * @param losers roles in whose name it must not, because they will lose the ADMIN option
   */
  grantorOf(role: string, losers: ReadonlySet<string> = nobody): string | undefined {
    const { membershipsHaveGrantors, server } = this.#catalog
    if (this.isSuperuser) return membershipsHaveGrantors ? server.bootstrapRole : this.#acting
    if (!this.mayGrant(role, losers)) return undefined
    if (!membershipsHaveGrantors) return this.#acting
    return (
      this.#delegateFor(role) ??
      this.#recordedGrantor(role, losers) ??
      this.#otherGrantor(role, losers) ??
      this.#acting
    )
  }

  /**
   * Whether the acting role may make others, or itself, members of a role.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (check_role_membership_authorization)
   */
  mayGrant(role: string, losers: ReadonlySet<string> = nobody): boolean {
    if (isNameless(role)) return false
    if (this.isSuperuser) return true
    const existing = this.#catalog.roles.get(role)
    if (existing === undefined) return this.mayCreateRoles
    if (existing.superuser || (role === databaseOwners && this.#catalog.server.version >= 140000))
      return false
    if (this.#catalog.membershipsHaveGrantors)
      return (
        this.#delegateFor(role) !== undefined ||
        this.#recordedGrantor(role, losers) !== undefined ||
        this.#otherGrantor(role, losers) !== undefined
      )
    return this.#createsRoles || this.#isLoggedIn(role) || this.#isAdministrator(role)
  }

  #isAdministrator(role: string): boolean {
    return this.#administratorsOf(role, this.#memberOf).length > 0
  }

  /** Up to 14, who is logged in as a role administers it. */
  #isLoggedIn(role: string): boolean {
    const { version, sessionRole } = this.#catalog.server
    return version < 150000 && role === this.#acting && role === sessionRole
  }

  /** Whether the acting role may take a membership away. From 16 on that is done in the name of who granted it. */
  mayRevoke(row: Membership): boolean {
    if (isNamelessMembership(row, this.#catalog.membershipsHaveGrantors)) return false
    if (this.isSuperuser || !this.#catalog.membershipsHaveGrantors) return this.mayGrant(row.role)
    return this.#revoker(row) !== undefined
  }

  /** Whether the acting role may change a role’s LOGIN, password, and how long that is valid. */
  mayAlter(role: string): boolean {
    const existing = this.#catalog.roles.get(role)
    if (this.isSuperuser || existing === undefined) return this.mayCreateRoles
    if (!this.#createsRoles || existing.superuser) return false
    if (this.#catalog.membershipsHaveGrantors) return this.toAdminister(role) !== undefined
    return !this.#isReserved(existing)
  }

  /** Whether the acting role may alter a role as things are, without changing it. Nobody alters PostgreSQL’s own. */
  mayLock(role: string): boolean {
    if (role.startsWith('pg_') || !this.mayAlter(role)) return false
    const isNow = this.isSuperuser || !this.#catalog.membershipsHaveGrantors || !this.#catalog.roles.has(role)
    return isNow || this.#isAdministrator(role)
  }

  /**
   * Whether the acting role may give a role an attribute, or take it away.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (AlterRole)
   */
  maySetAttribute(role: string, attribute: Attribute): boolean {
    if (this.isSuperuser) return true
    if (attribute === 'SUPERUSER' || !this.mayAlter(role)) return false
    if (attribute !== 'CREATEDB' && attribute !== 'REPLICATION' && attribute !== 'BYPASSRLS') return true
    if (!this.#catalog.membershipsHaveGrantors) return attribute === 'CREATEDB'
    return this.#catalog.roles.get(this.#acting)?.[attributes[attribute]] === true
  }

  /**
   * Why the acting role cannot revoke in the name of a grantor that does not own the object. PostgreSQL lets a superuser
   * revoke in the name of the owner only, so that such a grantor has to be none meanwhile.
   */
  whyCannotRevokeAs(
    grantor: string,
    object: OwnedObject,
    privilege: Privilege,
    lentTo: ReadonlySet<string>,
  ): string | undefined {
    const { sessionRole, bootstrapRole } = this.#catalog.server
    const name = describeName(grantor)
    const nameless = whyNotNamed(grantor)
    if (nameless !== undefined) return nameless
    if (!this.isSuperuser && this.#runAsOf(grantor, object, privilege, { lentTo }) !== undefined)
      return undefined
    if (this.#catalog.isSuperuser(grantor)) {
      if (!this.isSuperuser) return `${this.#who} may not become role ${name}, a superuser`
      return [this.#acting, sessionRole, bootstrapRole].includes(grantor)
        ? `role ${name} granted it before it was a superuser, and cannot be made none meanwhile`
        : undefined
    }
    if (!this.isSuperuser)
      return grantor === this.#acting || this.maySetRole(grantor)
        ? `role ${name}, which granted it, has no USAGE on the schema of ${describeObject(object)}`
        : `${this.#who} may not become role ${name}, which granted it`
    if (grantor === this.#acting) return undefined
    // Whom a session may become is decided by who it is, not by whom it has become.
    return this.#catalog.isSuperuser(sessionRole) || this.#canSetRole.isReachable(sessionRole, grantor)
      ? undefined
      : `role ${describeName(sessionRole)}, which is connected, may not become role ${name}, which granted it`
  }

  /** Before 16 only superusers alter roles with these attributes. */
  #isReserved({ replication, bypassRls }: Role): boolean {
    return replication || (bypassRls && this.#catalog.server.version < 100000)
  }

  /** Whether the acting role may drop a role. */
  mayDrop(role: string): boolean {
    if (this.isSuperuser) return true
    if (!this.#createsRoles || this.#catalog.isSuperuser(role)) return false
    return !this.#catalog.membershipsHaveGrantors || this.#isAdministrator(role)
  }

  /** Why the acting role may not create a schema that will belong to a role; `undefined` when it may. */
  whyNotCreatedFor(owner: string): string | undefined {
    if (this.isSuperuser) return undefined
    if (!this.#catalog.server.createsSchemas) return `${this.#who} may not create schemas in the database`
    return this.maySetRole(owner) ? undefined : `${this.#who} may not become role ${describeName(owner)}`
  }

  /** Why the acting role may not do what only an object’s owner may; `undefined` when it may. */
  #whyNotOwned(object: OwnedObject): string | undefined {
    if (!this.mayActAs(object.owner))
      return `${this.#who} may not act as role ${describeName(object.owner)}, the owner of ${describeObject(object)}`
    return this.#reaches(this.#acting, object)
      ? undefined
      : `${this.#who} has no USAGE on the schema of ${describeObject(object)}`
  }

  /** Why the acting role may not grant and revoke on an object as its owner does; `undefined` when it may. */
  whyNotManaged(object: OwnedObject, privilege: Privilege, how: How = {}): string | undefined {
    const { owner } = object
    if (this.isSuperuser || this.#runAsOf(owner, object, privilege, how) !== undefined) return undefined
    const why = this.#whyNotOwned(object)
    if (why !== undefined) return why
    return this.maySetRole(owner)
      ? `role ${describeName(owner)}, the owner of ${describeObject(object)}, has no USAGE on its schema`
      : `${this.#who} may pass on ${privilege} on ${describeObject(object)} without its owner, and not become that`
  }

  /**
   * As whom to grant and revoke in the name of an object’s owner. Of the roles that may pass the privilege on, PostgreSQL
   * takes the nearest for the grantor. Where that may be another, the acting role has to become the owner.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (select_best_grantor)
   */
  runAs(
    object: OwnedObject,
    privilege: Privilege,
    { grantor = object.owner, ...how }: How & { readonly grantor?: string } = {},
  ): string {
    if (this.isSuperuser) return grantor === object.owner ? this.#acting : grantor
    return this.#runAsOf(grantor, object, privilege, how) ?? grantor
  }

  /** The same in the name of any role that may pass the privilege on; `undefined` where it cannot. */
  #runAsOf(name: string, object: OwnedObject, privilege: Privilege, how: How): string | undefined {
    for (const proxy of this.#proxies(name)) {
      const isGrantor = this.#catalog.isSuperuser(proxy)
        ? name === object.owner
        : this.#isTakenFor(proxy, name, object, privilege, how) && this.#reaches(proxy, object, name)
      if (isGrantor) return proxy
    }
    return undefined
  }

  /** Whether PostgreSQL takes one role for the grantor when another speaks: nobody else is as near. */
  #isTakenFor(
    proxy: string,
    name: string,
    object: OwnedObject,
    privilege: Privilege,
    { saying = 'revoke', lentTo = nobody }: How,
  ): boolean {
    if (proxy === name) return true
    const isActing = proxy === this.#acting
    const own = isActing ? this.#farthest(name) : this.#inheritsFrom.distance(proxy, name)
    const distances = isActing ? this.#nearest : this.#inheritsFrom.distancesFrom(proxy)
    const isFarther = (other: string): boolean =>
      other === name || own < (distances.get(other) ?? Number.POSITIVE_INFINITY)
    if (!isFarther(object.owner)) return false
    for (const other of lentTo) if (!isFarther(other)) return false
    const found = getOrMake(this.#takenFor, proxy, () => new WeakMap<Holders, readonly string[]>())
    return this.#holdersOn(object, privilege, saying).every((holders) =>
      rememberedFor(found, holders, () => nearestTwo(distances, holders)).every(isFarther),
    )
  }

  /** Who holds a privilege of which some may pass it on: on a column also by the table; to revoke it also on columns. */
  #holdersOn(object: OwnedObject, privilege: Privilege, saying: Saying): readonly Holders[] {
    const all = [object, ...tableOf(this.#catalog, object)].flatMap(
      ({ acl }) => acl?.holders(privilege) ?? [],
    )
    return saying === 'revoke' && object.kind === 'table'
      ? [...all, this.#holdersOnColumns(object, privilege)]
      : all
  }

  #holdersOnColumns(table: OwnedObject, privilege: Privilege): Holders {
    return getOrMake(this.#onColumns, `${objectKey(table)}\0${privilege}`, () => {
      const all = new Map<string, boolean>()
      for (const { acl } of columnsOf(this.#catalog, table))
        for (const [grantee, grantable] of acl.holders(privilege)) if (grantable) all.set(grantee, grantable)
      return all
    })
  }

  /**
   * The roles that the acting role may act as for some of the time: as others, and as whom these inherit from; each with
   * how near it comes then.
   */
  get #nearest(): ReadonlyMap<string, number> {
    return (this.#meanwhile ??= this.#findNearest())
  }

  #findNearest(): ReadonlyMap<string, number> {
    const principals = this.#principals ?? this.#catalog.roles.keys()
    const joined = [this.#catalog.server.databaseOwner, ...principals].flatMap((role) => [
      ...(this.toActAs(role) ?? []),
      ...(this.toSetRole(role) ?? []),
    ])
    return this.#inheritsFrom.distancesFrom(this.#acting, new Set(joined.map((join) => join.role)))
  }

  /** How near the acting role comes to a role at least when it acts as that one. */
  #farthest(role: string): number {
    const now = this.#inheritsFrom.distance(this.#acting, role)
    if (Number.isFinite(now)) return now
    const last = this.toActAs(role)?.at(-1)
    return last === undefined ? Number.POSITIVE_INFINITY : 1 + this.#inheritsFrom.distance(last.role, role)
  }

  /**
   * Why the acting role may not make another role the owner of an object; `undefined` when it may.
   * @param becomesSuperuser whether the new owner is made a superuser before
   */
  whyNotMoved(object: CatalogObject, newOwner: string, becomesSuperuser = false): string | undefined {
    if (object.ownedBySuperusers && !becomesSuperuser && !this.#catalog.isSuperuser(newOwner))
      return `role ${describeName(newOwner)}, who would own ${describeObject(object)}, would have to be a superuser`
    if (object.runsCodeWhenOpened)
      return `before PostgreSQL 13, to open ${describeObject(object)} runs what its key calls as ${this.#who}`
    if (this.isSuperuser) return undefined
    if (object.kind === 'foreign-data wrapper')
      return `${this.#who} is no superuser, who alone may give away ${describeObject(object)}`
    if (this.mover(object, newOwner) === undefined) {
      const why = this.#whyNotOwned(object) ?? this.#whyNotGiven(this.#acting, object, newOwner)
      if (why !== undefined) return why
    }
    const { wrapper } = object
    const isUsable = wrapper === undefined || this.holdsOn(newOwner, wrapper, 'USAGE')
    if (!isUsable) return `role ${describeName(newOwner)} has no USAGE on ${describeObject(wrapper)}`
    const container = this.containerOf(object)
    if (container === undefined || this.mayCreateIn(newOwner, container)) return undefined
    const isLent =
      this.lenderOf(container, 'CREATE') !== undefined ||
      (newOwner === this.#acting && this.holderFor(container, 'CREATE') !== undefined)
    return isLent ? undefined : this.whyNotManaged(container, 'CREATE')
  }

  /** As whom an object is given to another role; `undefined` where nobody’s rights are enough. */
  mover(object: CatalogObject, newOwner: string): string | undefined {
    if (this.isSuperuser) return this.#acting
    for (const proxy of this.#proxies(object.owner))
      // Before 16 another can be a member of the acting role, from which it may have to be removed meanwhile.
      if (proxy !== this.#acting && !this.#catalog.membershipsHaveGrantors) return undefined
      else if (this.#reaches(proxy, object) && this.#whyNotGiven(proxy, object, newOwner) === undefined)
        return proxy
    return undefined
  }

  /** Why who has an object owner’s privileges may not give it to another role. */
  #whyNotGiven(proxy: string, { kind }: CatalogObject, newOwner: string): string | undefined {
    const { database, createsSchemas } = this.#catalog.server
    const isActing = proxy === this.#acting
    const who = `role ${describeName(proxy)}`
    if (!(isActing ? this.maySetRole(newOwner) : this.#canSetRole.isReachable(proxy, newOwner)))
      return `${who} may not become role ${describeName(newOwner)}`
    if (kind === 'database' && !(this.#catalog.roles.get(proxy)?.createDb ?? false))
      return `${who} has not CREATEDB`
    if (kind !== 'schema' && kind !== 'subscription') return undefined
    const mayCreate = isActing
      ? createsSchemas
      : this.holdsOn(proxy, { kind: 'database', name: [database] }, 'CREATE')
    return mayCreate ? undefined : `${who} has no CREATE on the database`
  }

  /** What the owner of an object needs CREATE on to be made its owner by who is no superuser. */
  containerOf(object: ObjectName): CatalogObject | undefined {
    return object.kind === 'publication'
      ? this.#catalog.object({ kind: 'database', name: [this.#catalog.server.database] })
      : this.#schemaOf(object)
  }

  /** Whether a role has another’s privileges, other than by what it may make itself a member of. */
  acts(role: string, other: string): boolean {
    return this.#inheritsFrom.isReachable(role, other)
  }

  /** As which of some roles a role acts in that way. */
  actsAmong(role: string, others: ReadonlyMap<string, unknown>): Iterable<string> {
    return this.#inheritsFrom.reachableAmong(role, others)
  }

  /** Whether a role may create objects in a schema or database. */
  mayCreateIn(role: string, container: CatalogObject): boolean {
    return this.#catalog.isSuperuser(role) || this.holds(role, container, 'CREATE')
  }

  /** The same as `holds`, of an object that may not be in view. */
  holdsOn(role: string, name: ObjectName, privilege: Privilege): boolean {
    const object = this.#catalog.object(name)
    return this.#catalog.isSuperuser(role) || (object !== undefined && this.holds(role, object, privilege))
  }

  /** Whether a role comes to what is in a schema: it has USAGE, or is lent it. */
  #reaches(role: string, object: Owned, inNameOf: string = object.owner): boolean {
    const schema = this.#schemaOf(object)
    if (schema === undefined) return true
    const isOpen =
      role === this.#acting
        ? this.schemaUsageHolders(object, inNameOf) !== undefined
        : this.holds(role, schema, 'USAGE')
    return isOpen || this.lenderOf(schema, 'USAGE') !== undefined
  }

  /**
   * Whose privileges the acting role needs to reach an object by its name, besides those of the role in whose name it
   * acts: nobody’s, where it reaches the schema by itself; `undefined` where it has to be lent USAGE.
   */
  schemaUsageHolders(object: Owned, inNameOf: string = object.owner): readonly string[] | undefined {
    const schema = this.#schemaOf(object)
    if (schema === undefined) return []
    const holder = this.#holder(schema, 'USAGE')
    if (holder !== undefined) return holder === 'public' ? [] : [holder]
    if (this.mayActAs(schema.owner) && this.holds(schema.owner, schema, 'USAGE')) return [schema.owner]
    if (this.mayActAs(inNameOf) && this.holds(inNameOf, schema, 'USAGE')) return []
    const guide = this.holderFor(schema, 'USAGE')
    return guide === undefined ? undefined : [guide]
  }

  /** Whom the acting role has to act as to have a privilege by that: one that has it. */
  holderFor(container: CatalogObject, privilege: Privilege): string | undefined {
    const holders = container.acl.holders(privilege)
    return rememberedFor(this.#holding, holders, () => ({
      found: [...holders.keys()].find(
        (grantee) => this.#catalog.roles.has(grantee) && this.mayActAs(grantee),
      ),
    })).found
  }

  /** Who lends a privilege on a schema or database: its owner, or who else may pass it on. */
  lenderOf(container: CatalogObject, privilege: Privilege): Lending | undefined {
    const holders = container.acl.holders(privilege)
    return rememberedFor(this.#lenders, holders, () => ({
      found: this.#lenderAmong(holders, container, privilege),
    })).found
  }

  #lenderAmong(holders: Holders, container: CatalogObject, privilege: Privilege): Lending | undefined {
    // Who is not in view is not known to be anybody’s member.
    const grantees = [...holders].flatMap(([grantee, grantable]) =>
      grantable && this.#catalog.roles.has(grantee) ? [grantee] : [],
    )
    for (const grantor of new Set([container.owner, ...grantees])) {
      const as = this.isSuperuser
        ? this.#acting
        : this.#runAsOf(grantor, container, privilege, { saying: 'grant' })
      if (as !== undefined) return { grantor, as }
    }
    return undefined
  }

  /** Whether a role has a privilege, by an ACL: itself, through another role, or as everybody. */
  holds(role: string, object: CatalogObject, privilege: Privilege): boolean {
    const holders = object.acl.holders(privilege)
    return holders.has(role) || holders.has('public') || this.#inheritsFrom.isAnyReachable(role, holders)
  }

  /** By whom the acting role has a privilege: the role itself, or everybody, rather than another. */
  #holder(object: CatalogObject, privilege: Privilege): string | undefined {
    const holders = object.acl.holders(privilege)
    const { found } = rememberedFor(this.#held, holders, () => {
      const grantees = [...holders.keys()]
      return {
        found:
          grantees.find((grantee) => grantee === this.#acting || grantee === 'public') ??
          grantees.find((grantee) => this.hasPrivilegesOf(grantee)),
      }
    })
    return found
  }

  #schemaOf(object: ObjectName): CatalogObject | undefined {
    const schema = schemaOf(object)
    return schema === undefined ? undefined : this.#catalog.object({ kind: 'schema', name: [schema] })
  }

  /** Of the acting role and the roles it is a member of, those that have the ADMIN option for a role, the nearest first. */
  #administratorsOf(role: string, paths: MembershipGraph): readonly string[] {
    return getOrMake(this.#administrators, paths, () => this.#administratorsBy(paths)).get(role) ?? []
  }

  #administratorsBy(paths: MembershipGraph): ReadonlyMap<string, readonly string[]> {
    const all = new Map<string, string[]>()
    for (const member of paths.reachable(this.#acting))
      for (const { role, admin } of this.#catalog.membershipsOf(member)) {
        if (!admin) continue
        if (all.get(role)?.at(-1) !== member) append(all, role, member)
      }
    return all
  }

  /** From 16 on: in whose name the acting role grants a role, which takes the membership along when it loses ADMIN. */
  #recordedGrantor(role: string, losers: ReadonlySet<string>): string | undefined {
    return this.#administratorsOf(role, this.#inheritsFrom).find(
      (administrator) =>
        administrator === this.#acting || (!losers.has(administrator) && !isNameless(administrator)),
    )
  }

  /** Another that has the ADMIN option, and as which the acting role may act, or which it may become. */
  #otherGrantor(role: string, losers: ReadonlySet<string>): string | undefined {
    return this.#adminsOf(role).find(
      (member) =>
        !losers.has(member) &&
        this.#catalog.roles.has(member) &&
        !this.#catalog.isSuperuser(member) &&
        (this.mayActAs(member) || this.maySetRole(member)),
    )
  }
}
