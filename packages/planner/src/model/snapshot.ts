import type { AclItem } from '../postgres/acl-item.ts'
import type { Future } from '../postgres/default-privileges.ts'
import type { ObjectName } from '../postgres/object-kind.ts'
import type { AccessTraits } from './access-traits.ts'
import type { Membership } from './membership.ts'
import type { Mentions } from './mentions.ts'
import type { KnownSetting, RoleProperty } from './role-property.ts'
import type { Scope } from './scope.ts'

/** The server, and the session that read the snapshot. */
export interface Server {
  /** `server_version_num`: 180004 is 18.4. */
  readonly version: number
  /** The database the session is connected to, and its oid. */
  readonly database: string
  readonly databaseOid: string
  /** The owner of that database. */
  readonly databaseOwner: string
  /** Whether `current_user` may create schemas in it. */
  readonly createsSchemas: boolean
  /** `current_user`. Every operation runs as this role unless it says otherwise. */
  readonly actingRole: string
  /** `session_user`. */
  readonly sessionRole: string
  /** The setting `max_locks_per_transaction`, which decides the size of the lock table. */
  readonly maxLocksPerTransaction: number
  /**
   * How many locks all sessions together can hold, by the server’s settings.
   * @see https://www.postgresql.org/docs/current/runtime-config-locks.html
   */
  readonly lockTableSize: number
  /** The same for predicate locks. */
  readonly predicateLockTableSize: number
  /** The role with oid 10. From PostgreSQL 16 on it is the grantor of every membership that a superuser grants. */
  readonly bootstrapRole: string
  /** Set if `lo_compat_privileges` is on, so that everybody may read and write every large object. Read only to explain access. */
  readonly largeObjectsForAll?: true
}

/**
 * A role and its attributes.
 * @see https://www.postgresql.org/docs/current/role-attributes.html
 */
export interface Role {
  readonly name: string
  /** `null` for a role that a plan is to create. */
  readonly oid: string | null
  readonly login: boolean
  readonly superuser: boolean
  readonly inherit: boolean
  readonly createRole: boolean
  readonly createDb: boolean
  readonly replication: boolean
  readonly bypassRls: boolean
  /** UTC with microseconds, `2027-06-30T00:00:00.000000Z`; `infinity` also when it was never set. */
  readonly validUntil: string
  /** How many entries `pg_shdepend` has for this role in other databases of the cluster. */
  readonly elsewhere: number
  /**
   * For an intermediate role: whether it has members that are not desired, apart from those that only administer it.
   */
  readonly servesOthers: boolean
  /**
   * For an intermediate role that a desired role is not yet a member of: set if another role has the ADMIN option for
   * it, apart from superusers, the acting role and its delegates. Such a role could give itself what the members get.
   */
  readonly administeredByOthers?: true
  /**
   * From PostgreSQL 16 on, for the acting role and its delegates: how many roles it administers because it
   * created them. Counting stops at one more than it should administer. A delegate has this field only if the
   * acting role created it and nobody else is a member of it.
   */
  readonly administers?: number
  /**
   * For a desired role, if the session may read that: `true` if the server stores a password for it; `false` if it does
   * not, and an initial one is asked for.
   */
  readonly hasPassword?: boolean
  /** Set if a password is asked for, and the session may read the stored verifier and it belongs to that password. */
  readonly passwordUnchanged?: true
}

/** An object with its owner and its whole ACL. If the catalog has no ACL, this is PostgreSQL's default one. */
export interface DatabaseObject extends ObjectName {
  /** `null` for an object that a plan is to create. */
  readonly oid: string | null
  readonly owner: string
  readonly acl: readonly AclItem[]
  /** For a column, or the sequence of a serial or identity column: its table. The two always have the same owner. */
  readonly ownerFollows?: ObjectName
  /**
   * For a table: set if it is known to hold no code that could run with its owner’s rights, as an expression,
   * a trigger or a foreign key may. Without it, the table is assumed to hold such code.
   */
  readonly inert?: true
  /**
   * For an inert table before PostgreSQL 18: the columns that have no ACL. They are held while the owner
   * changes, since the old owner could otherwise grant on them.
   */
  readonly columns?: readonly string[]
  /** For a table: set if it takes part in a foreign key, on either side. */
  readonly foreignKey?: true
  /** For a partitioned table before PostgreSQL 13: set if opening it runs code that its owner has written. */
  readonly runsCodeWhenOpened?: true
  /** For a foreign server: its foreign-data wrapper, on which the owner needs USAGE. */
  readonly wrapper?: ObjectName
  /** Set if only superusers can own this object, although others can own most objects of its kind. */
  readonly ownedBySuperusers?: true
  /** For a table that may get another owner: the number of its indexes, including that of its TOAST table. */
  readonly indexes?: number
  /**
   * Set if it belongs to an extension, or was made with a range type. A grant of the ownership of all objects in a schema
   * leaves it with its owner. Read only for such grants.
   */
  readonly part?: true
  /** Read only to explain access. */
  readonly access?: AccessTraits
}

/**
 * One row of `pg_default_acl`: what is granted on objects that a role will create.
 * @see https://www.postgresql.org/docs/current/catalog-pg-default-acl.html
 */
export interface DefaultPrivileges extends Future {
  readonly acl: readonly AclItem[]
}

/** Something tied to a role that pgsr sees but does not manage. */
export interface Unmanaged {
  readonly role: string
  /** What kind of thing it is: a catalog, or a kind of object. */
  readonly kind: string
  /** In words, with names quoted. */
  readonly description: string
}

/**
 * What the catalogs say about the roles and objects of its scope. Plain data, safe in JSON, comparable by `deepEqual`.
 */
export interface Snapshot {
  /** The version of this format. */
  readonly format: 1
  /**
   * What the snapshot was read for. It cannot be used to plan for more. A snapshot made by hand may leave
   * this out: then whatever the snapshot does not contain does not exist.
   */
  readonly scope?: Scope
  readonly server: Server
  readonly roles: readonly Role[]
  readonly memberships: readonly Membership[]
  readonly objects: readonly DatabaseObject[]
  readonly defaultPrivileges: readonly DefaultPrivileges[]
  readonly unmanaged: readonly Unmanaged[]
  /** If the scope asks for them: connection limits, comments and settings of roles, as far as they are not the default. */
  readonly properties?: readonly RoleProperty[]
  /** What the server knows of settings that the scope names, or that those roles have. */
  readonly settings?: readonly KnownSetting[]
  /** If the scope asks for it: what else names roles that should not exist. */
  readonly mentions?: Mentions
  /**
   * If the scope asks for them: roles of pgsr’s own that may be unused, since they have no members or
   * `pg_shdepend` does not mention them. All their members are in `memberships`.
   */
  readonly mayBeUnused?: readonly string[]
}
