import type { Attribute } from '../postgres/attribute.ts'
import type { Future } from '../postgres/default-privileges.ts'
import type { MembershipOption } from '../postgres/membership-option.ts'
import { objectKey, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { Grant } from './grant.ts'
import type { PolicyName } from './mentions.ts'
import type { PropertyName } from './role-property.ts'

/** Why an operation is done. */
export interface Reason {
  /**
   * The desired role that it is done for, another member of a role that lists its members, or the unused role that is
   * dropped.
   */
  readonly role: string
  /** The grant that asked for it; `null` if the role itself is created, or loses what no grant asks for. */
  readonly grant: Grant | null
  /**
   * Set if the change lasts only for the transaction. The acting role borrows a membership; a new owner or a
   * grantor is lent a privilege; a membership or attribute that is in the way is paused; or columns are held
   * by a privilege on them, so that nobody can grant on them while the owner of the table changes.
   */
  readonly temporary?: 'borrow' | 'give back' | 'lend' | 'take back' | 'pause' | 'resume' | 'hold' | 'let go'
  /** The revoked privilege is asked for, and the owner grants it again. */
  readonly again?: true
  /** Another role, which keeps what this role had granted to it. */
  readonly keeps?: string
}

interface OperationBase {
  /** The role that runs the statement. */
  readonly as: string
  readonly reason: Reason
}

/** The one privilege on one object that an intermediate role holds for its members. */
export interface ProvidedPrivilege {
  readonly privilege: Privilege
  readonly object: ObjectName
}

/**
 * A sort key. Ordinary roles come first, by name; then intermediate roles, by what they give: their names do not say that.
 */
export const roleOrder = (role: string, provides: ProvidedPrivilege | undefined): string =>
  provides === undefined ? `0\0${role}` : `1\0${objectKey(provides.object)}\0${provides.privilege}\0${role}`

export interface CreateRole extends OperationBase {
  readonly kind: 'createRole'
  readonly role: string
  readonly provides?: ProvidedPrivilege
}

/** Its memberships in other roles go too, and those of others in it. */
export interface DropRole extends OperationBase {
  readonly kind: 'dropRole'
  readonly role: string
}

export interface SetAttribute extends OperationBase {
  readonly kind: 'setAttribute'
  readonly role: string
  readonly attribute: Attribute
  /** `true` gives the attribute, `false` takes it away. */
  readonly value: boolean
}

export interface SetValidUntil extends OperationBase {
  readonly kind: 'setValidUntil'
  readonly role: string
  /** UTC with microseconds, or `infinity`. */
  readonly validUntil: string
}

/** A plan contains neither the password nor its verifier: the password is supplied when the plan is executed. */
export interface SetPassword extends OperationBase {
  readonly kind: 'setPassword'
  readonly role: string
  /** The password itself is sent, not its verifier. */
  readonly hashedBy?: 'server'
}

export interface ClearPassword extends OperationBase {
  readonly kind: 'clearPassword'
  readonly role: string
}

/** Sets the connection limit, the comment or a setting of a role. */
export interface SetProperty extends OperationBase, PropertyName {
  readonly kind: 'setProperty'
  readonly role: string
  /** `null` for the default: no limit, no comment, a setting that is reset. */
  readonly value: string | null
}

export interface GrantMembership extends OperationBase {
  readonly kind: 'grantMembership'
  readonly role: string
  readonly member: string
  /** The role that PostgreSQL records as the grantor. */
  readonly grantor: string
  /** The statement says GRANTED BY, since PostgreSQL would otherwise record another grantor. */
  readonly namesGrantor?: true
  /** The member may make others members too. */
  readonly admin?: true
  /** From PostgreSQL 16 on: the options INHERIT and SET. If left out, PostgreSQL chooses them. */
  readonly options?: { readonly inherit: boolean; readonly set: boolean }
  readonly provides?: ProvidedPrivilege
}

export interface RevokeMembership extends OperationBase {
  readonly kind: 'revokeMembership'
  readonly role: string
  readonly member: string
  /**
   * From PostgreSQL 16 on, the grantor of the row that goes. Before, `null`: there is only one row, whatever
   * its grantor.
   */
  readonly grantor: string | null
  /** The option that is revoked while the membership stays; `null` if the membership itself is revoked. */
  readonly option: MembershipOption | null
  readonly provides?: ProvidedPrivilege
}

/** Changes nothing, but locks a role until the transaction ends. */
export interface LockRole extends OperationBase {
  readonly kind: 'lockRole'
  readonly role: string
  /** `exclusive`: nobody else locks, alters or drops the role meanwhile. `share`: nobody drops it. */
  readonly mode: 'exclusive' | 'share'
}

export interface CreateSchema extends OperationBase {
  readonly kind: 'createSchema'
  readonly schema: string
  readonly owner: string
}

export interface SetOwner extends OperationBase {
  readonly kind: 'setOwner'
  readonly object: ObjectName
  readonly owner: string
}

export interface GrantPrivilege extends OperationBase {
  readonly kind: 'grantPrivilege'
  readonly object: ObjectName
  readonly privilege: Privilege
  readonly grantee: string
  readonly grantor: string
  /** With grant option. */
  readonly grantable?: true
}

export interface RevokePrivilege extends OperationBase {
  readonly kind: 'revokePrivilege'
  readonly object: ObjectName
  readonly privilege: Privilege
  readonly grantee: string
  readonly grantor: string
  /** Only the grant option goes; the privilege stays. */
  readonly grantOptionOnly: boolean
}

/** Grants a privilege on objects that an owner will create. */
export interface GrantDefaultPrivilege extends OperationBase, Future {
  readonly kind: 'grantDefaultPrivilege'
  readonly privilege: Privilege
  readonly grantee: string
  /** With grant option. */
  readonly grantable?: true
}

export interface RevokeDefaultPrivilege extends OperationBase, Future {
  readonly kind: 'revokeDefaultPrivilege'
  readonly privilege: Privilege
  readonly grantee: string
  /** Only the grant option goes; the privilege stays. */
  readonly grantOptionOnly: boolean
}

/** Says which roles a policy is for, without those that should not exist. */
export interface SetPolicyRoles extends OperationBase, PolicyName {
  readonly kind: 'setPolicyRoles'
  readonly roles: readonly string[]
  /** The owner of the table, in whose name it is done. */
  readonly owner: string
}

/** Drops a policy that is only for roles that should not exist. */
export interface DropPolicy extends OperationBase, PolicyName {
  readonly kind: 'dropPolicy'
  readonly owner: string
}

export interface DropUserMapping extends OperationBase {
  readonly kind: 'dropUserMapping'
  readonly role: string
  readonly server: string
  /** The owner of the server, in whose name it is done. */
  readonly owner: string
}

/** One change that a plan makes: plain data, without SQL. */
export type Operation =
  | CreateRole
  | DropRole
  | SetAttribute
  | SetValidUntil
  | SetPassword
  | ClearPassword
  | SetProperty
  | GrantMembership
  | RevokeMembership
  | LockRole
  | CreateSchema
  | SetOwner
  | GrantPrivilege
  | RevokePrivilege
  | GrantDefaultPrivilege
  | RevokeDefaultPrivilege
  | SetPolicyRoles
  | DropPolicy
  | DropUserMapping

/** The object whose owner or ACL an operation changes, if there is one. */
export const objectTouched = (operation: Operation): ObjectName | undefined => {
  if (operation.kind === 'createSchema') return { kind: 'schema', name: [operation.schema] }
  return 'object' in operation ? operation.object : undefined
}

/**
 * The object, if others change with it: the columns and sequences of a table change their owner with the
 * table, and REVOKE on a table also revokes on its columns.
 */
export const objectWithFollowersTouched = (operation: Operation): ObjectName | undefined =>
  operation.kind === 'setOwner' || operation.kind === 'revokePrivilege' ? operation.object : undefined
