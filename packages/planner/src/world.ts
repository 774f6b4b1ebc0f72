import { getOrMake } from './get-or-make.ts'
import { type ObjectName, objectKey, objectKinds } from './object-kind.ts'
import { sortedBy } from './order.ts'
import { formatPrivileges, parsePrivileges, type Privileges } from './privilege.ts'
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
  readonly server: Server
  readonly roles: Map<string, Role>
  readonly objects: Map<string, WorldObject>
  readonly defaultPrivileges: readonly DefaultPrivileges[]
  readonly unmanaged: readonly Unmanaged[]
  readonly mayBeUnused: readonly string[]
  readonly #memberships = new Map<string, Membership>()
  readonly #ofMember = new Map<string, Map<string, Map<string, Membership>>>()
  readonly #ofRole = new Map<string, Map<string, Membership>>()
  readonly #ofGrantor = new Map<string, Map<string, Membership>>()
  readonly #followers = new Map<string, WorldObject[]>()

  constructor(snapshot: Snapshot) {
    this.server = snapshot.server
    this.roles = new Map(snapshot.roles.map((role) => [role.name, role]))
    this.defaultPrivileges = snapshot.defaultPrivileges
    this.unmanaged = snapshot.unmanaged
    this.mayBeUnused = snapshot.mayBeUnused ?? []
    this.objects = new Map()
    for (const membership of snapshot.memberships) this.setMembership(membership)
    for (const object of snapshot.objects) this.addObject(object)
  }

  addObject({ kind, name, oid, owner, acl, follows, actsAsOwner = [] }: DatabaseObject): void {
    const key = objectKey({ kind, name })
    const object: WorldObject = {
      kind,
      name,
      key,
      oid,
      owner,
      acl: worldAclOf(acl),
      actsAsOwner,
      ...(follows && { follows }),
    }
    this.objects.set(key, object)
    if (!follows) return
    getOrMake(this.#followers, objectKey(follows), (): WorldObject[] => []).push(object)
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
        ({ kind, name, oid, owner, acl, follows, actsAsOwner }) => ({
          kind,
          name,
          oid,
          owner,
          acl: aclOf(acl),
          ...(follows && { follows }),
          ...(actsAsOwner.length > 0 && { actsAsOwner }),
        }),
      ),
      defaultPrivileges: this.defaultPrivileges,
      unmanaged: this.unmanaged,
      ...(mayBeUnused.length > 0 && { mayBeUnused }),
    }
  }
}

/** Whether pgsr moves this object when its owner is not to own it. */
export const ownerIsManaged = (object: WorldObject): boolean =>
  object.follows === undefined && objectKinds[object.kind].managesOwnership === true
