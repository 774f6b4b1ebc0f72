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
      /** The role is that of the session. */
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

/** Says why, in a message that names who may not do what. */
export const describeRefusal = (refusal: Refusal): string => {
  switch (refusal.code) {
    case 'nameless role':
      return whyNotNamed(refusal.role)!
    case 'cannot become role':
      return `${roleOf(refusal.role)} may not become ${roleOf(refusal.other)}`
    case 'cannot become superuser':
      return `${roleOf(refusal.role)} may not become ${roleOf(refusal.other)}, a superuser`
    case 'cannot become grantor':
      return `${roleOf(refusal.role)}${refusal.isSession ? ', which is connected,' : ''} may not become ${roleOf(refusal.grantor)}, which granted it`
    case 'cannot act as owner':
      return `${roleOf(refusal.role)} may not act as ${roleOf(refusal.object.owner)}, the owner of ${describeObject(refusal.object)}`
    case 'grantor stays superuser':
      return `${roleOf(refusal.grantor)} granted it before it was a superuser, and cannot lose SUPERUSER for the transaction`
    case 'taken for another grantor':
      return `${roleOf(refusal.role)} may grant ${refusal.privilege} on ${describeObject(refusal.object)} in a name that is not the owner’s, and cannot become the owner`
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
      return `${roleOf(refusal.owner)}, who would own ${describeObject(refusal.object)}, would have to be a superuser`
    case 'only superusers give it away':
      return `${roleOf(refusal.role)} is no superuser, who alone may give away ${describeObject(refusal.object)}`
    case 'runs code when opened':
      return `before PostgreSQL 13, opening ${describeObject(refusal.object)} runs the functions of its partition key as ${roleOf(refusal.role)}`
  }
}
