import type { Fact } from './fact.ts'

/** What a role keeps only because the mode is `additive`: the mode `exact` would take it away. */
export interface Kept {
  readonly role: string
  readonly fact: Fact
  /** A sentence without a full stop, in PostgreSQL’s tone. */
  readonly message: string
}
