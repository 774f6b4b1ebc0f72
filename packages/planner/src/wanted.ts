import type { Authority } from './authority.ts'
import { type ObjectName, schemaOf } from './object-kind.ts'
import type { Reason, Served } from './operation.ts'
import type { Skipped } from './plan.ts'
import type { Privilege } from './privilege.ts'

export interface WantedLogin {
  readonly validUntil: string
  readonly password: 'keep' | 'set'
  readonly because: Reason
}

export interface WantedMembership {
  /** Of an intermediate role: what the member gets through it. Then it has to inherit. */
  readonly serves?: Served
  readonly because: Reason
}

export interface WantedOwner {
  readonly object: ObjectName
  readonly role: string
  readonly because: Reason
}

export interface WantedPrivilege {
  readonly object: ObjectName
  readonly privilege: Privilege
  /** A desired role, or an intermediate role that is to be created. */
  readonly role: string
  readonly because: Reason
}

/** The facts that should be true of the desired roles: what is asked for, matched with what there is. */
export interface Wanted {
  /** The desired roles, sorted. */
  readonly roles: readonly string[]
  readonly desired: ReadonlySet<string>
  readonly logins: ReadonlyMap<string, WantedLogin>
  /** By member, then by role. */
  readonly memberships: ReadonlyMap<string, ReadonlyMap<string, WantedMembership>>
  /** By the key of the object. */
  readonly owners: ReadonlyMap<string, WantedOwner>
  /** What is to stand in an object’s own ACL, by {@link privilegeKey}. */
  readonly privileges: ReadonlyMap<string, WantedPrivilege>
  readonly skipped: readonly Skipped[]
  /** Whose objects become that a desired role loses. */
  readonly reassignOwnedTo: string
  /** Whether the caller has named that role. */
  readonly reassignsExplicitly: boolean
  /** By role: the schemas in which it keeps whatever it has. */
  readonly preserved: ReadonlyMap<string, ReadonlySet<string>>
  /** What the acting role could do before anything was done. */
  readonly authority: Authority
  /** What it can do with what is in schemas, once these have the owners that they are to have. */
  readonly authorityOverContents: Authority
  /** What it can do with privileges, once everything has its owner. */
  readonly authorityOverPrivileges: Authority
}

export const privilegeKey = (objectKey: string, privilege: Privilege, role: string): string =>
  `${objectKey}\0\0${privilege}\0${role}`

/** Whether a desired role keeps what it has on an object, asked for or not. */
export const isPreserved = (
  { preserved }: Pick<Wanted, 'preserved'>,
  role: string,
  object: ObjectName,
): boolean => {
  const schema = schemaOf(object)
  return schema !== undefined && preserved.get(role)?.has(schema) === true
}

/** Why something is taken away: nothing asked for it. */
export const notAskedFor = (role: string): Reason => ({ role, grant: null })
