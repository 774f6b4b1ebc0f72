import type { Fact } from './fact.ts'

/** What a role that is not synced gains or loses by a plan; or an ownership that a role loses, synced or not. */
export interface Effect {
  readonly role: string
  readonly change: 'gains' | 'loses'
  readonly fact: Fact
  /** Of an ownership that is lost: whose it is then. */
  readonly newOwner?: string
  /** The object may hold code, as a view or a table with a trigger does: it runs as that role from then on. */
  readonly actsAsNewOwner?: true
}
