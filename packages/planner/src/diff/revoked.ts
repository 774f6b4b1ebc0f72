import type { Granted } from '../catalog/acl-dependencies.ts'
import type { Reason } from '../model/operation.ts'
/** What is to become of one privilege of an ACL item. */
export type PrivilegeVerdict = 'keep' | 'strip grant option' | 'revoke'

/** One privilege of one ACL item that is to go, or to lose its grant option. */
export interface Revoked extends Granted {
  readonly verdict: Exclude<PrivilegeVerdict, 'keep'>
  readonly reason: Reason
  /** It goes only because its grantor cannot revoke something else otherwise: nobody is to lose by it. */
  readonly isCollateral?: true
}

/** Why something cannot be revoked, of which kind that reason is, and in words. */
export interface Obstacle {
  readonly reason: 'granted by another role' | 'passed on' | 'not permitted'
  readonly why: string
}

/** Something that is to go and cannot. */
export interface Blocked {
  readonly revoked: Revoked
  readonly obstacle: Obstacle
}

/** What can be revoked, leaves first, and what cannot. */
export interface Revocations {
  readonly possible: readonly Revoked[]
  readonly blocked: readonly Blocked[]
}
