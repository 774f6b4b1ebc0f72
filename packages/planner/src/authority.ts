import { few, type ReadonlyAcl } from './acl.ts'
import { type Attribute, attributes } from './attribute.ts'
import { tableOf } from './column.ts'
import { isDelegateName } from './delegate.ts'
import { describeName, describeObject } from './describe.ts'
import { append, getOrMake } from './get-or-make.ts'
import { MembershipPaths } from './membership-paths.ts'
import { type ObjectName, schemaOf } from './object-kind.ts'
import { isNameless, isNamelessMembership, whyNotNamed } from './nameless.ts'
import type { GrantMembership } from './operation.ts'
import type { Privilege } from './privilege.ts'
import { isRealMember } from './real-member.ts'
import type { Membership, Role } from './snapshot.ts'
import type { World, WorldObject } from './world.ts'

/** Whose members everybody who owns the database is, and nobody else can become. */
const databaseOwners = 'pg_database_owner'

const nobody: ReadonlySet<string> = new Set()

/** An object as it is, or as it will be. */
type OwnedObject = ObjectName & Pick<WorldObject, 'owner'> & Partial<Pick<WorldObject, 'acl' | 'follows'>>

type Holders = ReturnType<ReadonlyAcl['holders']>

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
export class Authority {
  readonly #world: World
  readonly #principals: ReadonlySet<string> | undefined
  readonly #acting: string
  readonly isSuperuser: boolean
  readonly #createsRoles: boolean
  readonly #mayInherit: boolean
  /** Whose privileges a role has; whom it can become by SET ROLE; whose member it is in any way. */
  readonly #inheriting: MembershipPaths
  readonly #becoming: MembershipPaths
  readonly #belonging: MembershipPaths
  #meanwhile: ReadonlySet<string> | undefined
  #administering: ReadonlySet<string> | undefined
  /** By who holds a privilege: by whom the acting role does. */
  readonly #held = new WeakMap<Holders, { readonly found: string | undefined }>()
  /** By who holds a privilege with the grant option: those of them that the acting role acts as. */
  readonly #mistakable = new WeakMap<Holders, readonly string[]>()
  readonly #administrators = new Map<MembershipPaths, ReadonlyMap<string, readonly string[]>>()

  /** @param principals the roles that the acting role may have to act as; every role, unless they are known */
  constructor(world: World, principals?: ReadonlySet<string>) {
    this.#world = world
    this.#principals = principals
    this.#acting = world.server.actingRole
    this.isSuperuser = world.isSuperuser(this.#acting)
    this.#createsRoles = world.roles.get(this.#acting)?.createRole ?? false
    const inherits = this.#inherits()
    this.#mayInherit = inherits(this.#acting)
    const rolesOf = (member: string, counts: (row: Membership) => boolean): readonly string[] => [
      ...world.membershipsOf(member).flatMap((row) => (counts(row) ? [row.role] : [])),
      ...(member === world.server.databaseOwner && world.server.version >= 140000 ? [databaseOwners] : []),
    ]
    this.#inheriting = new MembershipPaths((member) =>
      inherits(member) ? rolesOf(member, (row) => row.inherit && !this.#mayPause(row)) : [],
    )
    this.#becoming = new MembershipPaths((member) => rolesOf(member, ({ set }) => set))
    this.#belonging = new MembershipPaths((member) => rolesOf(member, () => true))
  }

  /** Before 16 a role inherits or does not; the acting role does where it may give itself INHERIT. */
  #inherits(): (member: string) => boolean {
    if (this.#world.membershipsHaveGrantors) return () => true
    return (member) =>
      (this.#world.roles.get(member)?.inherit ?? true) || (member === this.#acting && this.mayAlter(member))
  }

  /** Before 16 nobody can be counted on to be a member of the acting role, as which it may be in the way. */
  #mayPause({ role }: Membership): boolean {
    return role === this.#acting && !this.#world.membershipsHaveGrantors
  }

  get #who(): string {
    return `role ${describeName(this.#acting)}`
  }

  get mayCreateRoles(): boolean {
    return this.isSuperuser || this.#createsRoles
  }

  /** Whether the acting role has the privileges of a role as things are, but for its INHERIT before 16. */
  hasPrivilegesOf(role: string): boolean {
    return this.#inheriting.isReachable(this.#acting, role)
  }

  /** Whether the acting role can become a role as things are. */
  canBecome(role: string): boolean {
    return this.#becoming.isReachable(this.#acting, role)
  }

  /**
   * Whether the acting role may need until the end what a role is a member of: it acts as that role, or administers
   * others by what that one administers.
   */
  needs(role: string): boolean {
    if (this.isSuperuser) return false
    if (this.hasPrivilegesOf(role) || this.canBecome(role)) return true
    const administers = (member: string): boolean =>
      this.#world.membershipsOf(member).some(({ admin }) => admin)
    this.#administering ??= this.#belonging.leadingTo([this.#acting], administers)
    return this.#administering.has(role)
  }

  /**
   * In which order memberships have to go: those by which the acting role administers others go last, and before those
   * by which it is a member of their members.
   */
  revocationRank({ role, member, admin }: Membership): number {
    if (!this.needs(member)) return 0
    return 1 + 2 * this.#belonging.count(role) + Number(admin)
  }

  /** By which rows others are members of the acting role that must not be for it to become a member of some roles. */
  membersInTheWay(roles: readonly string[]): readonly Membership[] {
    const above = this.#belonging.above(roles)
    return this.#world.membersOf(this.#acting).filter(({ member }) => above.has(member))
  }

  /** Whom to be a member of to have a role’s privileges: nobody can be granted pg_database_owner. */
  representative(role: string): string {
    return role === databaseOwners ? this.#world.server.databaseOwner : role
  }

  /** Whether the acting role has a role’s privileges, or may give them to itself. */
  mayActAs(role: string): boolean {
    if (isNameless(role)) return false
    if (this.isSuperuser || this.hasPrivilegesOf(role)) return true
    const representative = this.representative(role)
    const isRepresented = this.#inheriting.isReachable(representative, role)
    return isRepresented && this.#mayInherit && this.mayGrant(representative)
  }

  /** Whether the acting role can become a role, or may make itself able to: then it may make it an owner. */
  mayBecome(role: string): boolean {
    return this.isSuperuser || this.canBecome(role) || this.mayGrant(this.representative(role))
  }

  /** The roles that administer others for the acting role, which can become them. */
  delegates(): readonly string[] {
    return [...this.#becoming.reachable(this.#acting)].filter((name) => this.isDelegate(name))
  }

  /**
   * Whether a role administers others for the acting role. Who else is a member of it could become it, or let himself in, and
   * anybody who creates roles can give one its name: so it has to be one that the acting role has created, of which it
   * alone is a member.
   */
  isDelegate(name: string): boolean {
    if (!isDelegateName(name) || this.isSuperuser) return false
    const { administers, createRole, login, superuser, createDb, replication, bypassRls } =
      this.#world.roles.get(name) ?? {}
    if (administers === undefined || !createRole) return false
    if (login || superuser || createDb || replication || bypassRls) return false
    const { bootstrapRole } = this.#world.server
    const rows = this.#world.membershipsIn(name, this.#acting)
    const ofCreator = rows.find(({ grantor }) => grantor === bootstrapRole)
    return (
      ofCreator?.admin === true &&
      !isRealMember(ofCreator) &&
      rows.every(({ grantor }) => grantor === bootstrapRole || grantor === this.#acting)
    )
  }

  /** The delegate that administers a role, if one does. */
  #delegateFor(role: string): string | undefined {
    if (this.isSuperuser || !this.#world.membershipsHaveGrantors) return undefined
    return this.#administratorsOf(role, this.#becoming).find((name) => this.isDelegate(name))
  }

  /** As whom statements about a role itself are run: as the delegate that administers it, where one does. */
  speakerFor(role: string): string {
    return this.#delegateFor(role) ?? this.#acting
  }

  /** As whom a role is granted in the name of a grantor, which has to be named where PostgreSQL would record another. */
  granting(role: string, grantor: string): Pick<GrantMembership, 'grantor' | 'namesGrantor' | 'as'> {
    const as = this.speakerFor(role)
    return { grantor, ...(!this.isSuperuser && grantor !== as && { namesGrantor: true as const }), as }
  }

  /** As whom a membership is taken away: as the delegate that has granted it, where one has. */
  speakerAgainst({ role, grantor }: Membership): string {
    return this.#delegateFor(role) === grantor ? grantor : this.#acting
  }

  /**
   * In whose name the acting role grants a role; `undefined` when it may not.
   * @param losers roles in whose name it must not, because they will lose the ADMIN option
   */
  grantorOf(role: string, losers: ReadonlySet<string> = nobody): string | undefined {
    const { membershipsHaveGrantors, server } = this.#world
    if (this.isSuperuser) return membershipsHaveGrantors ? server.bootstrapRole : this.#acting
    if (!this.mayGrant(role, losers)) return undefined
    if (!membershipsHaveGrantors) return this.#acting
    return this.#delegateFor(role) ?? this.#recordedGrantor(role, losers) ?? this.#acting
  }

  /**
   * Whether the acting role may make others, or itself, members of a role.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (check_role_membership_authorization)
   */
  mayGrant(role: string, losers: ReadonlySet<string> = nobody): boolean {
    if (isNameless(role)) return false
    if (this.isSuperuser) return true
    const existing = this.#world.roles.get(role)
    if (existing === undefined) return this.mayCreateRoles
    if (existing.superuser || (role === databaseOwners && this.#world.server.version >= 140000)) return false
    if (this.#world.membershipsHaveGrantors)
      return this.#delegateFor(role) !== undefined || this.#recordedGrantor(role, losers) !== undefined
    return this.#createsRoles || this.#isLoggedIn(role) || this.#isAdministrator(role)
  }

  #isAdministrator(role: string): boolean {
    return this.#administratorsOf(role, this.#belonging).length > 0
  }

  /** Up to 14, who is logged in as a role administers it. */
  #isLoggedIn(role: string): boolean {
    const { version, sessionRole } = this.#world.server
    return version < 150000 && role === this.#acting && role === sessionRole
  }

  /** Whether the acting role may take a membership away. From 16 on that is done in the name of who granted it. */
  mayRevoke(row: Membership): boolean {
    const { role, grantor } = row
    if (isNamelessMembership(row, this.#world.membershipsHaveGrantors)) return false
    if (this.isSuperuser || !this.#world.membershipsHaveGrantors) return this.mayGrant(role)
    if (this.#delegateFor(role) === grantor) return true
    return this.#isAdministrator(role) && !this.#world.isSuperuser(role) && this.mayActAs(grantor)
  }

  /** Whether the acting role may change a role’s LOGIN, password, and how long that is valid. */
  mayAlter(role: string): boolean {
    const existing = this.#world.roles.get(role)
    if (this.isSuperuser || existing === undefined) return this.mayCreateRoles
    if (!this.#createsRoles || existing.superuser) return false
    if (this.#world.membershipsHaveGrantors) return this.#isAdministrator(role)
    return !this.#isReserved(existing)
  }

  /** Whether the acting role may alter a role without changing it. Nobody alters PostgreSQL’s own. */
  mayLock(role: string): boolean {
    return !role.startsWith('pg_') && this.mayAlter(role)
  }

  /**
   * Whether the acting role may give a role an attribute, or take it away.
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (AlterRole)
   */
  maySetAttribute(role: string, attribute: Attribute): boolean {
    if (this.isSuperuser) return true
    if (attribute === 'SUPERUSER' || !this.mayAlter(role)) return false
    if (attribute !== 'CREATEDB' && attribute !== 'REPLICATION' && attribute !== 'BYPASSRLS') return true
    if (!this.#world.membershipsHaveGrantors) return attribute === 'CREATEDB'
    return this.#world.roles.get(this.#acting)?.[attributes[attribute]] === true
  }

  /**
   * Why the acting role cannot revoke in the name of a grantor that does not own the object. PostgreSQL lets a superuser
   * revoke in the name of the owner only, so that such a grantor has to be none meanwhile.
   */
  whyNotSpokenFor(grantor: string): string | undefined {
    const { sessionRole, bootstrapRole } = this.#world.server
    const name = describeName(grantor)
    const nameless = whyNotNamed(grantor)
    if (nameless !== undefined) return nameless
    if (this.#world.isSuperuser(grantor)) {
      if (!this.isSuperuser) return `${this.#who} may not become role ${name}, a superuser`
      return [this.#acting, sessionRole, bootstrapRole].includes(grantor)
        ? `role ${name} granted it before it was a superuser, and cannot be made none meanwhile`
        : undefined
    }
    if (grantor === this.#acting) return undefined
    if (!this.isSuperuser)
      return this.mayBecome(grantor)
        ? undefined
        : `${this.#who} may not become role ${name}, which granted it`
    // Whom a session may become is decided by who it is, not by whom it has become.
    return this.#world.isSuperuser(sessionRole) || this.#becoming.isReachable(sessionRole, grantor)
      ? undefined
      : `role ${describeName(sessionRole)}, which is connected, may not become role ${name}, which granted it`
  }

  /** Before 16 only superusers alter roles with these attributes. */
  #isReserved({ replication, bypassRls }: Role): boolean {
    return replication || (bypassRls && this.#world.server.version < 100000)
  }

  /** Whether the acting role may drop a role. */
  mayDrop(role: string): boolean {
    if (this.isSuperuser) return true
    if (!this.#createsRoles || this.#world.isSuperuser(role)) return false
    return !this.#world.membershipsHaveGrantors || this.#isAdministrator(role)
  }

  /** Why the acting role may not create a schema that will belong to a role; `undefined` when it may. */
  whyNotCreatedFor(owner: string): string | undefined {
    if (this.isSuperuser) return undefined
    if (!this.#world.server.createsSchemas) return `${this.#who} may not create schemas in the database`
    return this.mayBecome(owner) ? undefined : `${this.#who} may not become role ${describeName(owner)}`
  }

  /** Why the acting role may not do what only an object’s owner may; `undefined` when it may. */
  #whyNotOwned(object: ObjectName & Pick<WorldObject, 'owner'>): string | undefined {
    if (!this.mayActAs(object.owner))
      return `${this.#who} may not act as role ${describeName(object.owner)}, the owner of ${describeObject(object)}`
    return this.guides(object) === undefined
      ? `${this.#who} has no USAGE on the schema of ${describeObject(object)}`
      : undefined
  }

  /**
   * Why the acting role may not grant and revoke on an object as its owner does; `undefined` when it may.
   * @param lentTo who is lent the grant option meanwhile
   */
  whyNotManaged(object: OwnedObject, privilege: Privilege, lentTo?: string): string | undefined {
    if (this.isSuperuser) return undefined
    const why = this.#whyNotOwned(object)
    if (why !== undefined || this.speaker(object, privilege, lentTo) === this.#acting) return why
    const schema = this.#schemaOf(object)
    return this.mayBecome(object.owner) &&
      (schema === undefined ||
        this.#world.isSuperuser(object.owner) ||
        this.holds(object.owner, schema, 'USAGE'))
      ? undefined
      : `${this.#who} may pass on ${privilege} on ${describeObject(object)} without its owner, and not become that`
  }

  /**
   * As whom to grant and revoke in the name of an object’s owner. PostgreSQL takes another role for the grantor that
   * may pass the privilege on, where the acting role acts as that one too, or is it: then it has to become the owner.
   * @param lentTo who is lent the grant option meanwhile
   * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (select_best_grantor)
   */
  speaker(object: OwnedObject, privilege: Privilege, lentTo?: string): string {
    const { owner } = object
    if (this.isSuperuser || owner === this.#acting) return this.#acting
    const isMistaken =
      (lentTo !== undefined && lentTo !== owner && this.#actsMeanwhile.has(lentTo)) ||
      [object, ...tableOf(this.#world, object)].some(
        ({ acl }) => acl && this.#mistakableIn(acl.holders(privilege)).some((grantee) => grantee !== owner),
      )
    return isMistaken ? owner : this.#acting
  }

  #mistakableIn(holders: Holders): readonly string[] {
    return rememberedFor(this.#mistakable, holders, () =>
      [...holders].flatMap(([grantee, grantable]) =>
        grantable && this.#actsMeanwhile.has(grantee) ? [grantee] : [],
      ),
    )
  }

  /** The roles that the acting role may act as for some of the time: as others, and as whom these inherit from. */
  get #actsMeanwhile(): ReadonlySet<string> {
    this.#meanwhile ??= this.#inheriting.above(
      [
        this.#acting,
        this.#world.server.databaseOwner,
        ...(this.#principals ?? this.#world.roles.keys()),
      ].filter((role) => this.mayActAs(role)),
    )
    return this.#meanwhile
  }

  /**
   * Why the acting role may not make another role the owner of an object; `undefined` when it may.
   * @param becomesSuperuser whether the new owner is made a superuser before
   */
  whyNotMoved(object: WorldObject, newOwner: string, becomesSuperuser = false): string | undefined {
    const { server } = this.#world
    if (object.ownedBySuperusers && !becomesSuperuser && !this.#world.isSuperuser(newOwner))
      return `role ${describeName(newOwner)}, who would own ${describeObject(object)}, would have to be a superuser`
    if (object.runsCodeWhenOpened)
      return `before PostgreSQL 13, to open ${describeObject(object)} runs what its key calls as ${this.#who}`
    if (this.isSuperuser) return undefined
    if (object.kind === 'foreign-data wrapper')
      return `${this.#who} is no superuser, who alone may give away ${describeObject(object)}`
    const why = this.#whyNotOwned(object)
    if (why !== undefined) return why
    if (!this.mayBecome(newOwner)) return `${this.#who} may not become role ${describeName(newOwner)}`
    if (object.kind === 'database' && !(this.#world.roles.get(this.#acting)?.createDb ?? false))
      return `${this.#who} has not CREATEDB`
    if ((object.kind === 'schema' || object.kind === 'subscription') && !server.createsSchemas)
      return `${this.#who} has no CREATE on the database`
    const { wrapper } = object
    const isUsable = wrapper === undefined || this.holdsOn(newOwner, wrapper, 'USAGE')
    if (!isUsable) return `role ${describeName(newOwner)} has no USAGE on ${describeObject(wrapper)}`
    const container = this.containerOf(object)
    if (container === undefined || this.mayCreateIn(newOwner, container)) return undefined
    return this.whyNotManaged(container, 'CREATE')
  }

  /** What the owner of an object needs CREATE on to be made its owner by who is no superuser. */
  containerOf(object: ObjectName): WorldObject | undefined {
    return object.kind === 'publication'
      ? this.#world.object({ kind: 'database', name: [this.#world.server.database] })
      : this.#schemaOf(object)
  }

  /** Whether a role may create objects in a schema or database. */
  mayCreateIn(role: string, container: WorldObject): boolean {
    return this.#world.isSuperuser(role) || this.holds(role, container, 'CREATE')
  }

  /** The same as `holds`, of an object that may not be in view. */
  holdsOn(role: string, name: ObjectName, privilege: Privilege): boolean {
    const object = this.#world.object(name)
    return this.#world.isSuperuser(role) || (object !== undefined && this.holds(role, object, privilege))
  }

  /**
   * Whose privileges the acting role needs to reach an object by its name, besides those of its owner: nobody’s, where
   * it reaches the schema by itself; `undefined` where it cannot.
   */
  guides(object: ObjectName & Pick<WorldObject, 'owner'>): readonly string[] | undefined {
    const schema = this.#schemaOf(object)
    if (schema === undefined) return []
    const holder = this.#holder(schema, 'USAGE')
    if (holder !== undefined) return holder === 'public' ? [] : [holder]
    if (this.mayActAs(schema.owner) && this.holds(schema.owner, schema, 'USAGE')) return [schema.owner]
    return this.holds(object.owner, schema, 'USAGE') ? [] : undefined
  }

  /** Whether a role has a privilege, by an ACL: itself, through another role, or as everybody. */
  holds(role: string, object: WorldObject, privilege: Privilege): boolean {
    const holders = object.acl.holders(privilege)
    return holders.has(role) || holders.has('public') || this.#inheriting.isAnyReachable(role, holders)
  }

  /** By whom the acting role has a privilege: the role itself, or everybody, rather than another. */
  #holder(object: WorldObject, privilege: Privilege): string | undefined {
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

  #schemaOf(object: ObjectName): WorldObject | undefined {
    const schema = schemaOf(object)
    return schema === undefined ? undefined : this.#world.object({ kind: 'schema', name: [schema] })
  }

  /** Of the acting role and the roles it is a member of, those that have the ADMIN option for a role, the nearest first. */
  #administratorsOf(role: string, paths: MembershipPaths): readonly string[] {
    return getOrMake(this.#administrators, paths, () => this.#administratorsBy(paths)).get(role) ?? []
  }

  #administratorsBy(paths: MembershipPaths): ReadonlyMap<string, readonly string[]> {
    const all = new Map<string, string[]>()
    for (const member of paths.reachable(this.#acting))
      for (const { role, admin } of this.#world.membershipsOf(member)) {
        if (!admin) continue
        if (all.get(role)?.at(-1) !== member) append(all, role, member)
      }
    return all
  }

  /** From 16 on: in whose name the acting role grants a role, which takes the membership along when it loses ADMIN. */
  #recordedGrantor(role: string, losers: ReadonlySet<string>): string | undefined {
    return this.#administratorsOf(role, this.#inheriting).find(
      (administrator) => administrator === this.#acting || !losers.has(administrator),
    )
  }
}
