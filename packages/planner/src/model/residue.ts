import type { Fact } from './fact.ts'

/**
 * Something that a desired role holds, that nothing asks for, and that a plan does not take away; or an intermediate role
 * that nothing needs, and that a plan does not drop.
 */
export interface Residue {
  readonly role: string
  readonly fact: Fact
  readonly reason:
    | 'granted by another role'
    | 'granted by the role itself'
    | 'passed on'
    | 'acts as its owner'
    | 'shared with another database'
    | 'more than an intermediate role'
    | 'not permitted'
  /** A sentence without a full stop, in PostgreSQL’s tone. */
  readonly message: string
  /** What would end it, and who could run that. */
  readonly statement: string
  readonly by: string
}
