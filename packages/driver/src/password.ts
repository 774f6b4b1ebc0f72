import type { LoginGrant, Secret } from '@pgsr/planner'

/** A password that a call may set, and who makes the verifier of it. */
export interface Password extends Pick<LoginGrant, 'hashedBy'> {
  readonly secret: Secret
}
