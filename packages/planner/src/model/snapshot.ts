import type { AclItem } from '../postgres/acl-item.ts'
import type { Future } from '../postgres/default-privileges.ts'
import type { ObjectName } from '../postgres/object-kind.ts'
import type { Membership } from './membership.ts'
import type { Scope } from './scope.ts'

/** The server and the session a snapshot was taken in. */
export interface Server {
  /** `server_version_num`: 180004 is 18.4. */
  readonly version: number
  /** The database the session is connected to, and its oid. */
  readonly database: string
  readonly databaseOid: string
  /** Who owns that database. */
  readonly databaseOwner: string
  /** Whether `current_user` may create schemas in it. */
  readonly createsSchemas: boolean
  /** `current_user`: whose rights every operation runs with unless it says otherwise. */
  readonly actingRole: string
  /** `session_user`. */
  readonly sessionRole: string
  /** The setting of that name, which makes the lock table larger or smaller. */
  readonly maxLocksPerTransaction: number
  /**
   * How many locks all sessions together can hold, by the server’s settings.
   * @see https://www.postgresql.org/docs/current/runtime-config-locks.html
   */
  readonly lockTableSize: number
  /** The same of predicate locks. */
  readonly predicateLockTableSize: number
  /** The role with oid 10, which stands for every superuser as grantor of memberships from 16 on. */
  readonly bootstrapRole: string
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
  /** How many entries `pg_shdepend` has of this role in other databases of the cluster. */
  readonly elsewhere: number
  /** Of an intermediate role: whether roles that are not desired are members of it, other than to administer it. */
  readonly servesOthers: boolean
  /**
   * Of an intermediate role that a desired role is not in yet: whether others may make members of it, by its ADMIN option,
   * who are neither the acting role nor a delegate of its nor superusers. What its members get, they could take.
   */
  readonly administeredByOthers?: true
  /**
   * From 16 on, of the acting role and its delegates: how many roles it has created and so administers; one more than it
   * should when there are more than that. It has been made by the acting role, and nobody else is a member of it.
   */
  readonly administers?: number
  /** Of a desired role: whether a password of it is stored, where that may be read. */
  readonly hasPassword?: true
  /** Whether the stored password is the one that is asked for, where one is, and what is stored may be read. */
  readonly passwordUnchanged?: true
}

/** An object with its owner and its whole ACL, PostgreSQL's default spelled out where the catalog has none. */
export interface DatabaseObject extends ObjectName {
  /** `null` for an object that a plan is to create. */
  readonly oid: string | null
  readonly owner: string
  readonly acl: readonly AclItem[]
  /** The table whose owner this object always has: a column’s, or that of a serial or identity sequence. */
  readonly follows?: ObjectName
  /**
   * Of a table: it is known to hold nothing that could act with its owner’s rights, as an expression, a trigger or a
   * foreign key may. Where it is not known, it is taken to.
   */
  readonly inert?: true
  /**
   * Of an inert table, before PostgreSQL 18: the columns that have no ACL. While the owner changes they are held, since the
   * old owner could grant on them meanwhile.
   */
  readonly columns?: readonly string[]
  /** Of a table: it takes part in a foreign key, on either side. */
  readonly foreignKey?: true
  /** Of a partitioned table, before PostgreSQL 13: whoever opens it runs code that its owner has written. */
  readonly runsCodeWhenOpened?: true
  /** Of a foreign server: its foreign-data wrapper, on which its owner has to have USAGE. */
  readonly wrapper?: ObjectName
  /** Whoever owns it has to be a superuser, which others of its kind do not ask for. */
  readonly ownedBySuperusers?: true
  /** Of a table that may get another owner: how many indexes it has, its TOAST table’s included. */
  readonly indexes?: number
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
  /** The catalog, or the kind of object, it stands in. */
  readonly kind: string
  /** In words, with names quoted. */
  readonly description: string
}

/** What the catalogs say of the roles and objects in view: plain data, safe in JSON, comparable by `deepEqual`. */
export interface Snapshot {
  /** The version of this format. */
  readonly format: 1
  /**
   * What it was read for. To plan more than that from it is refused. A snapshot made by hand may leave it out: then it is
   * taken to say everything, and what it does not have does not exist.
   */
  readonly scope?: Scope
  readonly server: Server
  readonly roles: readonly Role[]
  readonly memberships: readonly Membership[]
  readonly objects: readonly DatabaseObject[]
  readonly defaultPrivileges: readonly DefaultPrivileges[]
  readonly unmanaged: readonly Unmanaged[]
  /**
   * The intermediate roles that this database may not need any more, where the scope asks for them: those of which
   * nobody is a member, or which `pg_shdepend` does not mention. All their members are in `memberships`.
   */
  readonly mayBeUnused?: readonly string[]
}
