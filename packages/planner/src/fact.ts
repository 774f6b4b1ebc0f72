import type { Future } from './future-objects.ts'
import type { ObjectName } from './object-kind.ts'
import type { Membership } from './snapshot.ts'
import type { Privilege } from './privilege.ts'

export interface RoleFact {
  readonly kind: 'role'
  readonly role: string
}

export interface AttributeFact {
  readonly kind: 'attribute'
  readonly role: string
  /** `LOGIN`, `SUPERUSER` and so on, or `VALID UNTIL` and a time. */
  readonly attribute: string
}

export interface MembershipFact extends Membership {
  readonly kind: 'membership'
}

export interface OwnershipFact {
  readonly kind: 'ownership'
  readonly object: ObjectName
  readonly owner: string
}

/** One privilege of one ACL item. */
export interface PrivilegeFact {
  readonly kind: 'privilege'
  readonly object: ObjectName
  readonly privilege: Privilege
  readonly grantee: string
  readonly grantor: string
  readonly grantable: boolean
}

/** One privilege of one item of an owner’s default privileges, which only the owner itself can grant. */
export interface DefaultPrivilegeFact extends Future {
  readonly kind: 'default privilege'
  readonly privilege: Privilege
  readonly grantee: string
  readonly grantable: boolean
}

/** The smallest thing that can be true of a role. */
export type Fact =
  | RoleFact
  | AttributeFact
  | MembershipFact
  | OwnershipFact
  | PrivilegeFact
  | DefaultPrivilegeFact

/** One text for one fact, usable as a key. */
export const factKey = (fact: Fact): string => JSON.stringify(fact)
