import type { GrantableKind, ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { RowPolicy } from './access-traits.ts'
import type { Membership } from './membership.ts'
import type { Target } from './target.ts'

/** What a role may do: a privilege on an object. */
export interface AccessQuestion {
  /** The role; `public` for PUBLIC. */
  readonly role: string
  readonly privilege: Privilege
  /** One object by name. */
  readonly object: Target<GrantableKind>
}

/**
 * - `granted`: PostgreSQL says that the role has the privilege
 * - `conditional`: the same, but something else decides what it is worth, which `conditions` say
 * - `not granted`: the role does not have the privilege
 * - `unknown`: the snapshot was not read for this
 */
export type Verdict = 'granted' | 'conditional' | 'not granted' | 'unknown'

/** A membership on the way. */
export interface MembershipLink extends Omit<Membership, 'grantor'> {
  /** `null` for the owner of the database, who is a member of pg_database_owner without anybody having granted it. */
  readonly grantor: string | null
  /** How it counts on this way: the member has the privileges of the role, or has to SET ROLE first. */
  readonly by: 'inherit' | 'set role'
}

/** Where a path comes from. */
export type PathSource =
  /** The role at the end of the path may do everything. */
  | { readonly kind: 'superuser'; readonly role: string }
  /** The owner’s own item in the ACL of the object. It may give itself that again. */
  | (ItemSource & { readonly kind: 'ownership' })
  /** An item in the ACL of the object. */
  | (ItemSource & { readonly kind: 'privilege' })
  /** An item for PUBLIC, which stands for every role. */
  | (ItemSource & { readonly kind: 'PUBLIC' })
  /** PostgreSQL gives members of the role this privilege on all objects of the kind. */
  | { readonly kind: 'predefined role'; readonly role: string; readonly privilege: Privilege }
  /** The setting `lo_compat_privileges` lets everybody use every large object. */
  | { readonly kind: 'setting'; readonly setting: 'lo_compat_privileges' }

/** One privilege of one ACL item. */
export interface ItemSource {
  /** What the ACL belongs to: for a column it may be its table. */
  readonly object: ObjectName
  readonly privilege: Privilege
  readonly grantee: string
  readonly grantor: string
  /** With grant option. */
  readonly grantable: boolean
  /** The catalog has no ACL for the object: this is PostgreSQL’s default. */
  readonly byDefault: boolean
}

/** A statement that somebody has to run. */
export interface AccessStatement {
  readonly sql: string
  /** The role that has to run it, so that it is the grantor; `null` if anybody may who has the right, such as a superuser. */
  readonly as: string | null
}

/** A way to end a path. */
export interface Ending {
  /** What ends: the source of the path, or the membership at this place of its links. */
  readonly link: 'source' | number
  /** In this order; what depends on the last comes first. Empty if nothing can be done about this link. */
  readonly statements: readonly AccessStatement[]
  /** Why nothing can be done about this link, or what it leaves. */
  readonly note?: string
}

/** One way in which a role has a privilege: it suffices without any other. */
export interface AccessPath {
  /** The memberships, from the role that was asked about. Empty if it has the privilege itself. */
  readonly memberships: readonly MembershipLink[]
  /** If the role has to SET ROLE first: the role that it has to become. */
  readonly setsRole?: string
  readonly source: PathSource
  /** The ways to end it. Each one ends it. */
  readonly endings: readonly Ending[]
}

/** What decides what a privilege is worth, beside the privilege. */
export type Condition =
  /** Row security applies to the role. Without a policy, it sees no row. */
  | { readonly kind: 'row security'; readonly policies: readonly RowPolicy[] }
  /** The view reads its tables with the rights of who asks. */
  | { readonly kind: 'security invoker' }
  /** Another server decides, by the user mapping of the role. */
  | { readonly kind: 'foreign table' }

/** One privilege on one object, and how a role has it. */
export interface AccessStep {
  readonly object: ObjectName
  readonly privilege: Privilege
  readonly verdict: Verdict
  /** All ways in which the role has the privilege, the shortest first. */
  readonly paths: readonly AccessPath[]
  /** All ways in which it has the privilege after SET ROLE, and not before. */
  readonly afterSetRole: readonly AccessPath[]
  /** Set if there are more ways than were asked for. */
  readonly morePaths?: true
  readonly conditions: readonly Condition[]
  /** If the role does not have the privilege: the smallest grant of it. */
  readonly give?: AccessStatement
  /** Why the verdict is `unknown`, or why nothing can be granted. */
  readonly why?: string
}

/** A privilege on single columns of a table, on which as a whole a role does not have it. */
export interface ColumnAccess {
  readonly column: string
  readonly paths: readonly AccessPath[]
}

/** The answer to a question about access. */
export interface Explanation extends AccessStep {
  readonly role: string
  /** Whether the role may log in; `null` for PUBLIC. */
  readonly login: boolean | null
  /** What the role needs besides, from the outside in: CONNECT on the database, USAGE on the schema. */
  readonly around: readonly AccessStep[]
  /** Whether the role has everything that it needs to use the privilege; `null` if that is unknown. */
  readonly usable: boolean | null
  /** For a table that the role does not have the privilege on: the columns on which it has it. */
  readonly columns?: readonly ColumnAccess[]
}

/** How many paths of each step are listed. */
export interface ExplainOptions {
  /** Default: 100. */
  readonly paths?: number
}

/** How one role has a privilege. */
export interface RoleAccess {
  readonly role: string
  readonly login: boolean
  /** `not granted` if it has to SET ROLE first. */
  readonly verdict: Verdict
  readonly paths: readonly AccessPath[]
  readonly afterSetRole: readonly AccessPath[]
  readonly morePaths?: true
  readonly conditions: readonly Condition[]
}

/** Who gets a privilege from one source, directly or by memberships. */
export interface AccessGroup {
  readonly source: PathSource
  /** Those who may log in first. */
  readonly roles: readonly string[]
}

/** Who has a privilege on an object. */
export interface WhoCan {
  readonly privilege: Privilege
  readonly object: ObjectName
  /** `unknown` if the snapshot was not read for the object; otherwise `granted` or `not granted`, to anybody. */
  readonly verdict: Verdict
  readonly why?: string
  /** How every role has it, because PUBLIC has it. */
  readonly everybody: readonly AccessPath[]
  /** Roles that have it in another way than by PUBLIC, or can get it by SET ROLE. Those who may log in come first. */
  readonly roles: readonly RoleAccess[]
  readonly groups: readonly AccessGroup[]
  /** For a table: the columns on which others have it, who do not have it on the table as a whole. */
  readonly columns?: readonly ColumnHolders[]
}

/** Who has a privilege on a column, and not on the table. */
export interface ColumnHolders extends Pick<WhoCan, 'everybody' | 'roles' | 'groups'> {
  readonly column: string
}

/** A way from a role to more than it has. It is not counted as having that. */
export type Escalation = {
  /** The role by whose rights it is possible: the role itself, or one that it is a member of. */
  readonly by: string
} & (
  | {
      /** It may make itself a member of the role. */
      readonly kind: 'ADMIN option'
      readonly role: string
    }
  | {
      /** Before 16 it may make itself a member of every role that is no superuser. From 16 on, of those it creates. */
      readonly kind: 'CREATEROLE'
      readonly reach: 'every role' | 'roles that it creates'
    }
  | {
      /** It may read all data of the cluster as a standby does. */
      readonly kind: 'REPLICATION'
    }
  | {
      /** It may become a superuser by SET ROLE. */
      readonly kind: 'SET ROLE'
      readonly role: string
    }
  | {
      /** It may pass on the privilege, also to roles that it can become. */
      readonly kind: 'grant option'
      readonly object: ObjectName
      readonly privilege: Privilege
    }
  | {
      /** It may give itself every privilege on the object. */
      readonly kind: 'ownership'
      readonly object: ObjectName
    }
  | {
      /**
       * It may run code, or read what is behind a view, with the rights of the owner; or read or write files of the server by
       * a function.
       */
      readonly kind: 'security definer' | 'view' | 'server files'
      readonly object: ObjectName
      readonly owner: string
    }
  | {
      /** It may set what only superusers may set otherwise. Some parameters decide which code the server runs. */
      readonly kind: 'parameter'
      readonly object: ObjectName
      readonly privilege: 'SET' | 'ALTER SYSTEM'
    }
  | {
      /**
       * `TRIGGER`: it may attach code that runs with the rights of whoever changes the table. `REFERENCES`: it may find out
       * which keys there are, and keep rows from being deleted.
       */
      readonly kind: 'TRIGGER' | 'REFERENCES'
      readonly object: ObjectName
      readonly owner: string
    }
  | {
      /** The predefined role may do what leads to all data, or to the rights of the server’s operating system user. */
      readonly kind: 'predefined role'
      readonly role: string
    }
)

/** What a role may do with one object. */
export interface ObjectAccess {
  readonly object: ObjectName
  readonly owner: string
  /** The privileges that it has, or can get by SET ROLE. */
  readonly privileges: readonly AccessStep[]
}

/** Everything that a role may do. */
export interface AccessOf {
  readonly role: string
  readonly login: boolean | null
  readonly superuser: boolean
  readonly objects: readonly ObjectAccess[]
  readonly escalations: readonly Escalation[]
}

export interface AccessOfOptions extends ExplainOptions {
  /** Whether to list what the role has only because PUBLIC has it. Default: no. */
  readonly byPublic?: boolean
}

/** What a role gains or loses on an object. */
export interface AccessChange {
  /** The role; `public` for PUBLIC, and so for every role that has it in no other way. */
  readonly role: string
  readonly change: 'gains' | 'loses'
  readonly privilege: Privilege
  readonly object: ObjectName
  /** Only after SET ROLE, before and afterwards. */
  readonly bySetRole?: true
}

/** How access differs before and after a plan. */
export interface AccessDifference {
  readonly changes: readonly AccessChange[]
  /** Objects that the plan changes, and for which the snapshot was not read. */
  readonly unknown: readonly ObjectName[]
}
