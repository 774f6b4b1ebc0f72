import { isIntermediateName } from '../model/managed-role.ts'
import { compareMemberships } from '../model/membership.ts'
import { type Mentions, noMentions } from '../model/mentions.ts'
import type { Scope } from '../model/scope.ts'
import type {
  DatabaseObject,
  DefaultPrivileges,
  Role,
  Server,
  Snapshot,
  Unmanaged,
} from '../model/snapshot.ts'
import { type Acl, aclOf, copyOf, isSameAcl, itemsOf, type ReadonlyAcl } from '../postgres/acl.ts'
import { builtInDefaults } from '../postgres/built-in-defaults.ts'
import type { Future, FutureObjects } from '../postgres/default-privileges.ts'
import { has } from '../postgres/features.ts'
import { objectKey, type ObjectKind, objectKinds, type ObjectName } from '../postgres/object-kind.ts'
import { parsePrivileges, type ReadonlyPrivileges } from '../postgres/privilege.ts'
import { append, flatMap, getOrMake, sortedBy } from '../util/collections.ts'
import { type CatalogObject, objectFrom, type OwnObject } from './catalog-object.ts'
import { Memberships } from './memberships.ts'
import { Properties } from './properties.ts'
import { SharedMap } from './shared-map.ts'

/** What is granted on objects that an owner will create, including PostgreSQL’s own defaults. */
export interface CatalogDefaults extends Future {
  readonly acl: ReadonlyAcl
}

const defaultsKey = (owner: string, schema: string | null, on: FutureObjects): string =>
  `${owner}\0${on}\0${schema ?? ''}`

/**
 * The facts of a snapshot, indexed. Only `applyOperation` changes a catalog, one operation at a time, so that each
 * phase of a plan sees what the phases before it have done. A fork shares with its original what neither has changed.
 */
export class Catalog {
  server: Server
  /** From 16 on memberships have several grantors, with options of their own. */
  readonly membershipsHaveGrantors: boolean
  readonly scope: Scope | undefined
  readonly unmanaged: readonly Unmanaged[]
  mentions: Mentions
  readonly mayBeUnused: readonly string[]
  readonly #roles: SharedMap<string, Role>
  /** Those of the snapshot: no operation makes one. */
  readonly #servingNobodyElse: readonly string[]
  readonly #objects: SharedMap<string, CatalogObject>
  /** The objects that no other catalog shares. */
  #own = new Set<CatalogObject>()
  readonly memberships: Memberships
  readonly properties: Properties
  readonly #defaults: SharedMap<string, CatalogDefaults>
  /** The ACLs of default privileges that no other catalog shares. */
  #ownDefaults = new Map<string, Acl>()
  /** By the key of a table, the keys of its columns and sequences. */
  readonly #followers = new Map<string, string[]>()

  constructor(from: Snapshot | Catalog) {
    this.server = from.server
    this.membershipsHaveGrantors = has(from.server.version, 'membership grantors')
    this.scope = from.scope
    this.unmanaged = from.unmanaged
    this.mentions = from.mentions ?? noMentions
    this.mayBeUnused = from.mayBeUnused ?? []
    if (from instanceof Catalog) {
      this.#roles = from.#roles.fork()
      this.#servingNobodyElse = from.#servingNobodyElse
      this.#objects = from.#objects.fork()
      this.memberships = from.memberships.fork()
      this.properties = from.properties.fork()
      this.#defaults = from.#defaults.fork()
      for (const [key, followers] of from.#followers) this.#followers.set(key, [...followers])
      from.#own = new Set()
      from.#ownDefaults = new Map()
      return
    }
    this.#roles = new SharedMap()
    for (const role of from.roles) this.setRole(role)
    this.#servingNobodyElse = flatMap(from.roles, ({ name, elsewhere, servesOthers }) =>
      elsewhere > 0 && !servesOthers && isIntermediateName(name) ? [name] : [],
    )
    this.#objects = new SharedMap()
    this.memberships = new Memberships()
    this.properties = new Properties(from)
    for (const row of from.memberships) this.memberships.set(row)
    this.#defaults = new SharedMap()
    // Most ACLs repeat the same few combinations of letters.
    const known = new Map<string, ReadonlyPrivileges>()
    const parse = (text: string): ReadonlyPrivileges => getOrMake(known, text, () => parsePrivileges(text))
    for (const { owner, schema, on, acl } of from.defaultPrivileges)
      this.#defaults.set(defaultsKey(owner, schema, on), { owner, schema, on, acl: aclOf(acl, parse) })
    for (const object of from.objects) this.#add(object, aclOf(object.acl, parse))
  }

  /** A copy that can be changed without changing this catalog. */
  fork(): Catalog {
    return new Catalog(this)
  }

  /** Adds an object with its ACL. */
  addObject(added: Omit<DatabaseObject, 'acl'>, acl: Acl): void {
    this.#own.add(this.#add(added, acl))
  }

  #add(added: Omit<DatabaseObject, 'acl'>, acl: ReadonlyAcl): CatalogObject {
    const { kind, ownerFollows } = added
    const object = objectFrom(added, acl, {
      inert: objectKinds[kind].inert ?? added.inert ?? false,
      ownedBySuperusers: added.ownedBySuperusers ?? this.#superusersOwn(kind),
    })
    const { key } = object
    this.#objects.set(key, object)
    if (ownerFollows) append(this.#followers, objectKey(ownerFollows), key)
    return object
  }

  #superusersOwn(kind: ObjectKind): boolean {
    return this.server.version < (objectKinds[kind].ownedBySuperusersBefore ?? 0)
  }

  get roles(): ReadonlyMap<string, Role> {
    return this.#roles.entries
  }

  /** Adds a role, or replaces the one of the same name. */
  setRole(role: Role): void {
    this.#roles.set(role.name, role)
  }

  /** The intermediate roles that other databases use too, and whose members are all desired roles. */
  get servingNobodyElse(): readonly string[] {
    return this.#servingNobodyElse.filter((name) => this.roles.has(name))
  }

  removeRole(name: string): void {
    this.#roles.delete(name)
    this.properties.remove(name)
  }

  get objects(): ReadonlyMap<string, CatalogObject> {
    return this.#objects.entries
  }

  object(name: ObjectName): CatalogObject | undefined {
    return this.#objects.entries.get(objectKey(name))
  }

  /** An object that may be changed. A copy takes its place if another catalog may share it. */
  editable(object: CatalogObject): OwnObject {
    const own = this.#own.has(object) ? object : { ...object, acl: copyOf(object.acl) }
    this.#own.add(own)
    this.#objects.set(own.key, own)
    return own as OwnObject
  }

  /** The columns of a table and the sequences linked to it, which always have the same owner. */
  followersOf(object: ObjectName): readonly CatalogObject[] {
    if (this.#followers.size === 0) return []
    return (this.#followers.get(objectKey(object)) ?? []).map((key) => this.#objects.entries.get(key)!)
  }

  /** Notes that a role administers more or fewer roles than before, if their number is known. */
  countAdministered(name: string, change: number): void {
    const role = this.roles.get(name)
    if (role?.administers !== undefined) this.setRole({ ...role, administers: role.administers + change })
  }

  /** All default privileges that have been set. */
  get defaults(): Iterable<CatalogDefaults> {
    return this.#defaults.entries.values()
  }

  /** What is granted on objects that an owner will create: PostgreSQL’s default if nothing has been set. */
  defaultsOf(owner: string, schema: string | null, on: FutureObjects): CatalogDefaults {
    const key = defaultsKey(owner, schema, on)
    return this.#defaults.entries.get(key) ?? this.builtInDefaultsOf(owner, schema, on)
  }

  /** PostgreSQL’s default for objects that an owner will create. */
  builtInDefaultsOf(owner: string, schema: string | null, on: FutureObjects): CatalogDefaults {
    return { owner, schema, on, acl: builtInDefaults(this.server.version, { owner, schema, on }) }
  }

  /** Changes default privileges. Like PostgreSQL, forgets them if they equal the default. */
  changeDefaults({ owner, schema, on }: Future, change: (acl: Acl) => void): void {
    const key = defaultsKey(owner, schema, on)
    const acl = getOrMake(this.#ownDefaults, key, () => copyOf(this.defaultsOf(owner, schema, on).acl))
    change(acl)
    if (isSameAcl(acl, builtInDefaults(this.server.version, { owner, schema, on })))
      this.#defaults.delete(key)
    else this.#defaults.set(key, { owner, schema, on, acl })
  }

  isSuperuser(role: string): boolean {
    return this.roles.get(role)?.superuser ?? false
  }

  snapshot(): Snapshot {
    const mayBeUnused = this.mayBeUnused.filter((name) => this.roles.has(name))
    return {
      format: 1,
      ...(this.scope && { scope: this.scope }),
      server: this.server,
      roles: sortedBy(this.roles.values(), ({ name }) => name),
      memberships: this.memberships.all().toSorted(compareMemberships),
      objects: sortedBy(this.objects.values(), ({ key }) => key).map(
        ({
          kind,
          name,
          oid,
          owner,
          acl,
          ownerFollows,
          inert,
          ownedBySuperusers,
          wrapper,
          indexes,
          ...more
        }) => ({
          kind,
          name,
          oid,
          owner,
          acl: itemsOf(acl),
          ...(ownerFollows && { ownerFollows }),
          ...(inert && objectKinds[kind].inert !== true && { inert }),
          ...(ownedBySuperusers && !this.#superusersOwn(kind) && { ownedBySuperusers }),
          ...(wrapper && { wrapper }),
          ...(indexes && { indexes }),
          ...(more.columns && { columns: more.columns }),
          ...(more.foreignKey && { foreignKey: more.foreignKey }),
          ...(more.runsCodeWhenOpened && { runsCodeWhenOpened: more.runsCodeWhenOpened }),
          ...(more.part && { part: more.part }),
          ...(more.access && { access: more.access }),
        }),
      ),
      defaultPrivileges: sortedBy(this.#defaults.entries.values(), ({ owner, schema, on }) =>
        defaultsKey(owner, schema, on),
      ).map(({ owner, schema, on, acl }): DefaultPrivileges => ({ owner, schema, on, acl: itemsOf(acl) })),
      unmanaged: this.unmanaged,
      ...this.properties.snapshot(),
      ...(this.mentions !== noMentions && { mentions: this.mentions }),
      ...(mayBeUnused.length > 0 && { mayBeUnused }),
    }
  }
}
