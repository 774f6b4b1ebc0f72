import type { Granted } from '../catalog/acl-dependencies.ts'
import type { Reason } from '../model/operation.ts'
/** What should happen to one privilege of an ACL item. */
export type PrivilegeVerdict = 'keep' | 'strip grant option' | 'revoke'

/** One privilege of one ACL item that is to go, or to lose its grant option. */
export interface Revoked extends Granted {
  readonly verdict: Exclude<PrivilegeVerdict, 'keep'>
  readonly reason: Reason
  /** It goes only because its grantor cannot revoke something else otherwise. The holder should get it back. */
  readonly isCollateral?: true
}

/** Why something cannot be revoked: the kind of reason, and the reason in words. */
export interface Obstacle {
  readonly reason: 'granted by another role' | 'passed on' | 'not permitted'
  readonly why: string
}

/** Something that should go but cannot. */
export interface Blocked {
  readonly revoked: Revoked
  readonly obstacle: Obstacle
}

/** What can be revoked, dependents first, and what cannot. */
export interface Revocations {
  readonly possible: readonly Revoked[]
  /** What goes on columns by itself when it is revoked on their table. */
  readonly along: readonly Revoked[]
  readonly blocked: readonly Blocked[]
}
