import type { Attribute } from '../postgres/attribute.ts'
import type { Future } from '../postgres/default-privileges.ts'
import type { MembershipOption } from '../postgres/membership-option.ts'
import { objectKey, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { Grant } from './grant.ts'

/** Why an operation is there. */
export interface Reason {
  /** The desired role it is done for, or the intermediate role that is dropped. */
  readonly role: string
  /** The grant that asked for it; `null` when none did: the role itself is made, or loses what is not in its list. */
  readonly grant: Grant | null
  /**
   * The role is given or loses something only for the transaction: a membership that the acting role borrows, a
   * privilege that is lent to a new owner or to a grantor, a membership or attribute that is in the way and has to pause, or
   * a privilege on columns that keeps others from granting on them while the owner of the table changes.
   */
  readonly temporary?: 'borrow' | 'give back' | 'lend' | 'take back' | 'pause' | 'resume' | 'hold' | 'let go'
  /** What is taken away is asked for, and granted again by the owner. */
  readonly again?: true
  /** Another role that keeps what the role had passed on to it. */
  readonly keeps?: string
}

interface OperationBase {
  /** The role it runs as. */
  readonly as: string
  readonly reason: Reason
}

/** The one privilege on one object that an intermediate role holds for its members. */
export interface ProvidedPrivilege {
  readonly privilege: Privilege
  readonly object: ObjectName
}

/** Orders ordinary roles by name before intermediate roles by what they serve: their names are random. */
export const roleOrder = (role: string, provides: ProvidedPrivilege | undefined): string =>
  provides === undefined ? `0\0${role}` : `1\0${objectKey(provides.object)}\0${provides.privilege}\0${role}`

export interface CreateRole extends OperationBase {
  readonly kind: 'createRole'
  readonly role: string
  readonly provides?: ProvidedPrivilege
}

/** Its memberships go with it, and those in it. */
export interface DropRole extends OperationBase {
  readonly kind: 'dropRole'
  readonly role: string
}

export interface SetAttribute extends OperationBase {
  readonly kind: 'setAttribute'
  readonly role: string
  readonly attribute: Attribute
  /** Whether the role is to have it, or to have it no more. */
  readonly value: boolean
}

export interface SetValidUntil extends OperationBase {
  readonly kind: 'setValidUntil'
  readonly role: string
  /** UTC with microseconds, or `infinity`. */
  readonly validUntil: string
}

/** Neither the password nor its verifier is part of a plan: what is sent is supplied then. */
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

export interface GrantMembership extends OperationBase {
  readonly kind: 'grantMembership'
  readonly role: string
  readonly member: string
  /** Who will be recorded to have granted it. */
  readonly grantor: string
  /** Whether the statement has to name the grantor: by itself PostgreSQL would record another. */
  readonly namesGrantor?: true
  /** The member may make others members too. */
  readonly admin?: true
  /** From 16 on: whether the member inherits, and may SET ROLE. Without: what PostgreSQL does by default. */
  readonly options?: { readonly inherit: boolean; readonly set: boolean }
  readonly provides?: ProvidedPrivilege
}

export interface RevokeMembership extends OperationBase {
  readonly kind: 'revokeMembership'
  readonly role: string
  readonly member: string
  /** Whose row is to go, from 16 on; `null` before, when there is one row and its grantor means nothing. */
  readonly grantor: string | null
  /** The option that goes while the rest of the row stays; `null` where all of it goes. */
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

/** Privileges on what an owner will create. */
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

/** One thing to be done: plain data that knows nothing of SQL text. */
export type Operation =
  | CreateRole
  | DropRole
  | SetAttribute
  | SetValidUntil
  | SetPassword
  | ClearPassword
  | GrantMembership
  | RevokeMembership
  | LockRole
  | CreateSchema
  | SetOwner
  | GrantPrivilege
  | RevokePrivilege
  | GrantDefaultPrivilege
  | RevokeDefaultPrivilege

/** The object whose owner or ACL an operation changes, if it does. */
export const objectTouched = (operation: Operation): readonly ObjectName[] => {
  if (operation.kind === 'createSchema') return [{ kind: 'schema', name: [operation.schema] }]
  return 'object' in operation ? [operation.object] : []
}

/**
 * The object, where what follows it changes too: a table’s columns and sequences change their owner with it, and a
 * privilege that is revoked on a table goes on its columns.
 */
export const objectWithFollowersTouched = (operation: Operation): readonly ObjectName[] =>
  operation.kind === 'setOwner' || operation.kind === 'revokePrivilege' ? [operation.object] : []

/** Which default privileges some operations change, each once. */
export const defaultsTouched = (operations: readonly Operation[]): readonly Future[] => {
  const touched = operations.flatMap((operation) => {
    if (operation.kind !== 'grantDefaultPrivilege' && operation.kind !== 'revokeDefaultPrivilege') return []
    const { owner, schema, on } = operation
    return [{ owner, schema, on }]
  })
  return [...new Map(touched.map((one) => [JSON.stringify(one), one])).values()]
}

/** The roles of which some operations change the attributes. */
export const attributesTouched = (operations: readonly Operation[]): ReadonlySet<string> =>
  new Set(operations.flatMap((operation) => (operation.kind === 'setAttribute' ? [operation.role] : [])))

/** The roles that some operations create. */
export const rolesCreated = (operations: readonly Operation[]): ReadonlySet<string> =>
  new Set(operations.flatMap((operation) => (operation.kind === 'createRole' ? [operation.role] : [])))

/** By role: who creates it, of those that some operations create. */
export const creatorsOf = (operations: readonly Operation[]): ReadonlyMap<string, string> =>
  new Map(
    operations.flatMap((operation) =>
      operation.kind === 'createRole' ? [[operation.role, operation.as] as const] : [],
    ),
  )

/** The roles that some operations drop. */
export const rolesDropped = (operations: readonly Operation[]): ReadonlySet<string> =>
  new Set(operations.flatMap((operation) => (operation.kind === 'dropRole' ? [operation.role] : [])))

/** Between which roles and members some operations change memberships; whoever creates a role may become its member. */
export const membershipsTouched = (
  operations: readonly Operation[],
): readonly { readonly role: string; readonly member: string }[] =>
  operations.flatMap((operation) => {
    if (operation.kind === 'createRole') return [{ role: operation.role, member: operation.as }]
    return 'member' in operation ? [{ role: operation.role, member: operation.member }] : []
  })

/** The roles whose memberships some operations change. */
export const membersTouched = (operations: readonly Operation[]): ReadonlySet<string> =>
  new Set(membershipsTouched(operations).map(({ member }) => member))
