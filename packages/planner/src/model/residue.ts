import type { Fact } from './fact.ts'

/** Something that a desired role keeps although no grant asks for it; or a role that is not dropped. */
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
    | 'in another database'
    | 'not managed'
    | 'keeps something'
    | 'not permitted'
  /** For `in another database`: which one has something of the role. */
  readonly database?: string
  /** A sentence without a full stop, in PostgreSQL’s tone. */
  readonly message: string
  /** The SQL that would end it; a comment or an instruction if no statement here can. */
  readonly statement: string
  /** Who could run the statement, in words. */
  readonly by: string
}
