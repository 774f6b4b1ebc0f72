import type { Fact } from './fact.ts'

/**
 * What a plan gives to a role that is not synced, or takes from it; or ownership or LOGIN that any role loses, even a
 * synced one; or that a role is dropped that should not exist.
 */
export interface Effect {
  readonly role: string
  readonly change: 'gains' | 'loses'
  readonly fact: Fact
  /** For ownership that is lost: the new owner. */
  readonly newOwner?: string
  /**
   * Set if the object may hold code, such as a view or a table with a trigger. The code runs as the new owner
   * from then on.
   */
  readonly actsAsNewOwner?: true
}
