import type { Future } from '../postgres/default-privileges.ts'
import { objectKey, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { type Membership, membershipKey } from './membership.ts'
import type { PolicyName } from './mentions.ts'
import { propertyKey, type RoleProperty } from './role-property.ts'

/** A role exists. */
export interface RoleFact {
  readonly kind: 'role'
  readonly role: string
}

/** A role has an attribute. */
export interface AttributeFact {
  readonly kind: 'attribute'
  readonly role: string
  /** `LOGIN`, `SUPERUSER` and so on; `VALID UNTIL` and a time; or, of residue, `PASSWORD`. */
  readonly attribute: string
}

/** A role has a connection limit, a comment or a setting. */
export interface PropertyFact extends RoleProperty {
  readonly kind: 'property'
}

/** One row of `pg_auth_members`. */
export interface MembershipFact extends Membership {
  readonly kind: 'membership'
}

/** A role owns an object. */
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

/** One privilege of one ACL item of an owner’s default privileges. The owner is always the grantor. */
export interface DefaultPrivilegeFact extends Future {
  readonly kind: 'default privilege'
  readonly privilege: Privilege
  readonly grantee: string
  readonly grantable: boolean
}

/** A policy names a role. */
export interface PolicyFact extends PolicyName {
  readonly kind: 'policy'
  readonly role: string
}

/** A role has a user mapping for a foreign server. */
export interface UserMappingFact {
  readonly kind: 'user mapping'
  readonly role: string
  readonly server: string
}

/** The smallest thing that can be true of a role. */
export type Fact =
  | RoleFact
  | AttributeFact
  | PropertyFact
  | MembershipFact
  | OwnershipFact
  | PrivilegeFact
  | DefaultPrivilegeFact
  | PolicyFact
  | UserMappingFact

/** The role that has what a fact says. */
export const holderOf = (fact: Fact): string => {
  switch (fact.kind) {
    case 'role':
    case 'attribute':
    case 'property':
    case 'policy':
    case 'user mapping':
      return fact.role
    case 'membership':
      return fact.member
    case 'ownership':
      return fact.owner
    case 'privilege':
    case 'default privilege':
      return fact.grantee
  }
}

/** A key that is unique to a fact: no name can hold NUL. */
export const factKey = (fact: Fact): string => {
  switch (fact.kind) {
    case 'role':
      return `${fact.kind}\0${fact.role}`
    case 'attribute':
      return `${fact.kind}\0${fact.role}\0${fact.attribute}`
    case 'property':
      return `${fact.kind}\0${fact.role}\0${propertyKey(fact)}\0${fact.value}`
    case 'membership':
      return `${fact.kind}\0${membershipKey(fact)}\0${fact.admin}\0${fact.inherit}\0${fact.set}`
    case 'ownership':
      return `${fact.kind}\0${fact.owner}\0${objectKey(fact.object)}`
    case 'privilege':
      return `${fact.kind}\0${fact.grantee}\0${fact.grantor}\0${fact.privilege}\0${fact.grantable}\0${objectKey(fact.object)}`
    case 'policy':
      return `${fact.kind}\0${fact.role}\0${fact.policy}\0${objectKey(fact.table)}`
    case 'user mapping':
      return `${fact.kind}\0${fact.role}\0${fact.server}`
    case 'default privilege': {
      const { owner, schema, on, privilege, grantee, grantable } = fact
      return `${fact.kind}\0${owner}\0${schema ?? ''}\0${on}\0${privilege}\0${grantee}\0${grantable}`
    }
  }
}
