import type { Grant } from './grant.ts'

/** A role and everything it should have. What it has beyond that is taken away. */
export interface DesiredRole {
  readonly role: string
  readonly grants: readonly Grant[]
}
