import { type Future, type FutureObjects, futureObjects, futurePrivileges } from './future-objects.ts'
import { getOrMake } from './get-or-make.ts'
import { type ObjectKind, type ObjectName, objectKey, objectKinds } from './object-kind.ts'
import { sortedBy } from './order.ts'
import { formatPrivileges, parsePrivileges, type Privileges, privilegesSince } from './privilege.ts'
import type { AclItem } from './acl-item.ts'
import type {
  DatabaseObject,
  DefaultPrivileges,
  Membership,
  Role,
  Server,
  Snapshot,
  Unmanaged,
} from './snapshot.ts'

export interface WorldAclItem {
  readonly grantee: string
  readonly grantor: string
  readonly privileges: Privileges
}

/** An ACL by grantee and grantor: PostgreSQL keeps one item for each such pair. */
export type WorldAcl = Map<string, WorldAclItem>

export interface WorldObject extends ObjectName {
  readonly key: string
  readonly oid: string | null
  owner: string
  acl: WorldAcl
  readonly follows?: ObjectName
  readonly actsAsOwner: readonly string[]
  /** Whether only superusers can own it. */
  readonly ownedBySuperusers: boolean
  /** Of a foreign server. */
  readonly wrapper?: ObjectName
}

/** What is granted on what an owner will create: everything that there is, whether it is PostgreSQL’s default or not. */
export interface WorldDefaults extends Future {
  readonly acl: WorldAcl
}

export const aclKey = (grantee: string, grantor: string): string => `${grantee}\0${grantor}`

export const worldAclOf = (items: readonly AclItem[]): WorldAcl =>
  new Map(
    items.map(({ grantee, grantor, privileges }) => [
      aclKey(grantee, grantor),
      { grantee, grantor, privileges: parsePrivileges(privileges) },
    ]),
  )

const aclOf = (acl: WorldAcl): AclItem[] =>
  sortedBy(acl.values(), ({ grantee, grantor }) => aclKey(grantee, grantor)).map(
    ({ grantee, grantor, privileges }) => ({ grantee, grantor, privileges: formatPrivileges(privileges) }),
  )

const defaultsKey = (owner: string, schema: string | null, on: FutureObjects): string =>
  `${owner}\0${on}\0${schema ?? ''}`

export const membershipKey = ({
  role,
  member,
  grantor,
}: Pick<Membership, 'role' | 'member' | 'grantor'>): string => `${member}\0${role}\0${grantor}`

/**
 * The facts about the roles and objects in view, indexed. Starts as a snapshot and is changed only by `apply`, one
 * operation at a time, so that each phase of a plan sees what the phases before it have made.
 */
export class World {
  server: Server
  readonly roles: Map<string, Role>
  readonly objects: Map<string, WorldObject>
  readonly unmanaged: readonly Unmanaged[]
  readonly mayBeUnused: readonly string[]
  readonly #memberships = new Map<string, Membership>()
  readonly #ofMember = new Map<string, Map<string, Map<string, Membership>>>()
  readonly #ofRole = new Map<string, Map<string, Membership>>()
  readonly #ofGrantor = new Map<string, Map<string, Membership>>()
  readonly #defaults = new Map<string, WorldDefaults>()
  readonly #followers = new Map<string, WorldObject[]>()

  constructor(snapshot: Snapshot) {
    this.server = snapshot.server
    this.roles = new Map(snapshot.roles.map((role) => [role.name, role]))
    for (const { owner, schema, on, acl } of snapshot.defaultPrivileges)
      this.#defaults.set(defaultsKey(owner, schema, on), { owner, schema, on, acl: worldAclOf(acl) })
    this.unmanaged = snapshot.unmanaged
    this.mayBeUnused = snapshot.mayBeUnused ?? []
    this.objects = new Map()
    for (const membership of snapshot.memberships) this.setMembership(membership)
    for (const object of snapshot.objects) this.addObject(object)
  }

  addObject(added: DatabaseObject): void {
    const { kind, name, oid, owner, acl, follows, actsAsOwner = [] } = added
    const key = objectKey({ kind, name })
    const object: WorldObject = {
      kind,
      name,
      key,
      oid,
      owner,
      acl: worldAclOf(acl),
      actsAsOwner,
      ownedBySuperusers: added.ownedBySuperusers ?? this.#superusersOwn(kind),
      ...(follows && { follows }),
      ...(added.wrapper && { wrapper: added.wrapper }),
    }
    this.objects.set(key, object)
    if (!follows) return
    getOrMake(this.#followers, objectKey(follows), (): WorldObject[] => []).push(object)
  }

  #superusersOwn(kind: ObjectKind): boolean {
    return this.server.version < (objectKinds[kind].ownedBySuperusersBefore ?? 0)
  }

  object(name: ObjectName): WorldObject | undefined {
    return this.objects.get(objectKey(name))
  }

  /** The columns of a table and the sequences linked to it: what its owner also owns. */
  followersOf(object: ObjectName): readonly WorldObject[] {
    return this.#followers.get(objectKey(object)) ?? []
  }

  /** The rows by which a role is a member of others. */
  membershipsOf(member: string): readonly Membership[] {
    return [...(this.#ofMember.get(member)?.values() ?? [])].flatMap((rows) => [...rows.values()])
  }

  /** The rows by which a role is a direct member of one other; before 16 there is at most one. */
  membershipsIn(role: string, member: string): readonly Membership[] {
    return [...(this.#ofMember.get(member)?.get(role)?.values() ?? [])]
  }

  /** The rows by which others are members of a role. */
  membersOf(role: string): readonly Membership[] {
    return [...(this.#ofRole.get(role)?.values() ?? [])]
  }

  /** The rows that a role has granted. */
  membershipsGrantedBy(grantor: string): readonly Membership[] {
    return [...(this.#ofGrantor.get(grantor)?.values() ?? [])]
  }

  /** Notes that a role administers more roles than before, or fewer, where it is known how many. */
  countAdministered(name: string, change: number): void {
    const role = this.roles.get(name)
    if (role?.administers !== undefined)
      this.roles.set(name, { ...role, administers: role.administers + change })
  }

  setMembership(membership: Membership): void {
    const { role, member, grantor } = membership
    const key = membershipKey(membership)
    this.#memberships.set(key, membership)
    const ofMember = getOrMake(this.#ofMember, member, () => new Map<string, Map<string, Membership>>())
    getOrMake(ofMember, role, () => new Map<string, Membership>()).set(grantor, membership)
    getOrMake(this.#ofRole, role, () => new Map<string, Membership>()).set(key, membership)
    getOrMake(this.#ofGrantor, grantor, () => new Map<string, Membership>()).set(key, membership)
  }

  removeMembership(membership: Membership): void {
    const { role, member, grantor } = membership
    const key = membershipKey(membership)
    this.#memberships.delete(key)
    this.#ofMember.get(member)?.get(role)?.delete(grantor)
    this.#ofRole.get(role)?.delete(key)
    this.#ofGrantor.get(grantor)?.delete(key)
  }

  /** Everything that has been said of what is still to be created. */
  get defaults(): Iterable<WorldDefaults> {
    return this.#defaults.values()
  }

  /** What is granted on what an owner will create; PostgreSQL’s default where nothing has been said. */
  defaultsOf(owner: string, schema: string | null, on: FutureObjects): WorldDefaults {
    const key = defaultsKey(owner, schema, on)
    return this.#defaults.get(key) ?? this.builtInDefaultsOf(owner, schema, on)
  }

  /** What PostgreSQL grants where nothing has been said. */
  builtInDefaultsOf(owner: string, schema: string | null, on: FutureObjects): WorldDefaults {
    return { owner, schema, on, acl: this.#builtInDefaults(owner, schema, on) }
  }

  /** As PostgreSQL does, forgets default privileges that are what they would be without. */
  setDefaults(defaults: WorldDefaults): void {
    const { owner, schema, on, acl } = defaults
    const key = defaultsKey(owner, schema, on)
    const builtIn = aclOf(this.#builtInDefaults(owner, schema, on))
    if (JSON.stringify(aclOf(acl)) === JSON.stringify(builtIn)) this.#defaults.delete(key)
    else this.#defaults.set(key, defaults)
  }

  /** @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (acldefault) */
  #builtInDefaults(owner: string, schema: string | null, on: FutureObjects): WorldAcl {
    const acl: WorldAcl = new Map()
    if (schema !== null) return acl
    const add = (grantee: string, privileges: Privileges): unknown =>
      acl.set(aclKey(grantee, owner), { grantee, grantor: owner, privileges })
    const known = futurePrivileges(on).filter(
      (privilege) => (privilegesSince[privilege] ?? 0) <= this.server.version,
    )
    add(owner, new Map(known.map((privilege) => [privilege, false])))
    const { toPublic } = futureObjects[on]
    if (toPublic !== undefined) add('public', new Map([[toPublic, false]]))
    return acl
  }

  isSuperuser(role: string): boolean {
    return this.roles.get(role)?.superuser ?? false
  }

  /** From 16 on memberships have several grantors, with options of their own. */
  get membershipsHaveGrantors(): boolean {
    return this.server.version >= 160000
  }

  snapshot(): Snapshot {
    const mayBeUnused = this.mayBeUnused.filter((name) => this.roles.has(name))
    return {
      format: 1,
      server: this.server,
      roles: sortedBy(this.roles.values(), ({ name }) => name),
      memberships: sortedBy(this.#memberships.values(), membershipKey),
      objects: sortedBy(this.objects.values(), ({ key }) => key).map(
        ({ kind, name, oid, owner, acl, follows, actsAsOwner, ownedBySuperusers, wrapper }) => ({
          kind,
          name,
          oid,
          owner,
          acl: aclOf(acl),
          ...(follows && { follows }),
          ...(actsAsOwner.length > 0 && { actsAsOwner }),
          ...(ownedBySuperusers && !this.#superusersOwn(kind) && { ownedBySuperusers }),
          ...(wrapper && { wrapper }),
        }),
      ),
      defaultPrivileges: sortedBy(this.#defaults.values(), ({ owner, schema, on }) =>
        defaultsKey(owner, schema, on),
      ).map(({ owner, schema, on, acl }): DefaultPrivileges => ({ owner, schema, on, acl: aclOf(acl) })),
      unmanaged: this.unmanaged,
      ...(mayBeUnused.length > 0 && { mayBeUnused }),
    }
  }
}

/** Whether pgsr moves this object when its owner is not to own it. */
export const ownerIsManaged = (object: WorldObject): boolean =>
  object.follows === undefined && objectKinds[object.kind].ownerKeyword !== undefined
