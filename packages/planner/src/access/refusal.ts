import { describeName, describeObject } from '../model/describe.ts'
import { whyNotNamed } from '../model/nameless.ts'
import type { ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'

/** Why a role may not do something with objects, in its own name or in another’s. */
export type Refusal =
  | { readonly code: 'nameless role'; readonly role: string }
  | { readonly code: 'cannot become role'; readonly role: string; readonly other: string }
  | { readonly code: 'cannot become superuser'; readonly role: string; readonly other: string }
  | {
      readonly code: 'cannot become grantor'
      readonly role: string
      readonly grantor: string
      /** The role is the session user. */
      readonly isSession?: true
    }
  | { readonly code: 'cannot act as owner'; readonly role: string; readonly object: Owned }
  | { readonly code: 'grantor stays superuser'; readonly grantor: string }
  | {
      readonly code: 'taken for another grantor'
      readonly role: string
      readonly privilege: Privilege
      readonly object: Owned
    }
  | { readonly code: 'no USAGE on schema'; readonly role: string; readonly object: Owned }
  | { readonly code: 'owner has no USAGE'; readonly object: Owned }
  | { readonly code: 'grantor has no USAGE'; readonly grantor: string; readonly object: Owned }
  | { readonly code: 'no USAGE on wrapper'; readonly role: string; readonly wrapper: ObjectName }
  | { readonly code: 'cannot create schemas'; readonly role: string }
  | { readonly code: 'no CREATEDB'; readonly role: string }
  | { readonly code: 'no CREATE on database'; readonly role: string }
  | { readonly code: 'owner must be superuser'; readonly owner: string; readonly object: Owned }
  | { readonly code: 'only superusers give it away'; readonly role: string; readonly object: Owned }
  | { readonly code: 'runs code when opened'; readonly role: string; readonly object: Owned }

type Owned = ObjectName & { readonly owner: string }

const roleOf = (name: string): string => `role ${describeName(name)}`

/** A refusal in words: which role may not do what. */
export const describeRefusal = (refusal: Refusal): string => {
  switch (refusal.code) {
    case 'nameless role':
      return whyNotNamed(refusal.role)!
    case 'cannot become role':
      return `${roleOf(refusal.role)} may not SET ROLE to ${roleOf(refusal.other)}`
    case 'cannot become superuser':
      return `${roleOf(refusal.role)} may not SET ROLE to ${roleOf(refusal.other)}, which is a superuser`
    case 'cannot become grantor':
      return `${roleOf(refusal.role)}${refusal.isSession ? ', the session user,' : ''} may not SET ROLE to ${roleOf(refusal.grantor)}, which granted it`
    case 'cannot act as owner':
      return `${roleOf(refusal.role)} may not act as ${roleOf(refusal.object.owner)}, the owner of ${describeObject(refusal.object)}`
    case 'grantor stays superuser':
      return `${roleOf(refusal.grantor)} granted it before it was a superuser, and cannot lose SUPERUSER for the transaction`
    case 'taken for another grantor':
      return `PostgreSQL may record another grantor of ${refusal.privilege} on ${describeObject(refusal.object)} than its owner, and ${roleOf(refusal.role)} cannot become the owner`
    case 'no USAGE on schema':
      return `${roleOf(refusal.role)} has no USAGE on the schema of ${describeObject(refusal.object)}`
    case 'owner has no USAGE':
      return `${roleOf(refusal.object.owner)}, the owner of ${describeObject(refusal.object)}, has no USAGE on its schema`
    case 'grantor has no USAGE':
      return `${roleOf(refusal.grantor)}, which granted it, has no USAGE on the schema of ${describeObject(refusal.object)}`
    case 'no USAGE on wrapper':
      return `${roleOf(refusal.role)} has no USAGE on ${describeObject(refusal.wrapper)}`
    case 'cannot create schemas':
      return `${roleOf(refusal.role)} may not create schemas in the database`
    case 'no CREATEDB':
      return `${roleOf(refusal.role)} does not have CREATEDB`
    case 'no CREATE on database':
      return `${roleOf(refusal.role)} has no CREATE on the database`
    case 'owner must be superuser':
      return `only superusers can own ${describeObject(refusal.object)}, and ${roleOf(refusal.owner)} is not one`
    case 'only superusers give it away':
      return `only superusers may change the owner of ${describeObject(refusal.object)}, and ${roleOf(refusal.role)} is not one`
    case 'runs code when opened':
      return `before PostgreSQL 13, opening ${describeObject(refusal.object)} runs the functions of its partition key as ${roleOf(refusal.role)}`
  }
}
