import type { GrantableKind } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { WhoCan } from './explanation.ts'
import type { Target } from './target.ts'

/** One privilege, or several. */
type Privileges = Privilege | readonly Privilege[]

interface OfDatabases {
  /** The databases that it is about. In others it says nothing. Default: all. */
  readonly inDatabases?: readonly string[]
}

/**
 * Nobody but these roles has a privilege, in whatever way, nor can get it by SET ROLE. Whoever has it only as a member of
 * one of them may have it. Superusers do not count, since nothing limits them.
 */
export interface OnlyAssertion extends OfDatabases {
  readonly only: readonly string[]
  readonly can: Privileges
  readonly on: Target<GrantableKind>
}

/** PUBLIC has nothing in a schema, nor on the schema itself. */
export interface PublicAssertion extends OfDatabases {
  readonly public: 'nothing'
  readonly in: string
}

/** What has to be true of access. */
export type Assertion = OnlyAssertion | PublicAssertion

/** Whether an assertion says anything of a database. */
export const isAbout = ({ inDatabases }: Assertion, database: string): boolean =>
  inDatabases === undefined || inDatabases.includes(database)

/** An assertion that is not true, for one privilege on one object. */
export interface BrokenAssertion extends Pick<WhoCan, 'privilege' | 'object' | 'everybody' | 'roles'> {
  readonly assertion: Assertion
  /** Its index in the list of assertions. */
  readonly index: number
  /** Set if it cannot be known whether it is true: what is not known is taken for broken. */
  readonly unknown?: true
  /** A sentence without a full stop. */
  readonly message: string
}

/** Somebody could do what nobody should be able to do. Nothing was changed. */
export class AssertionsError extends Error {
  readonly _tag = 'AssertionsError'
  override readonly name = 'AssertionsError'
  readonly broken: readonly BrokenAssertion[]

  constructor(broken: readonly BrokenAssertion[]) {
    const more = broken.length > 3 ? `; and ${broken.length - 3} more` : ''
    super(
      `${broken
        .slice(0, 3)
        .map(({ message }) => message)
        .join('; ')}${more}`,
    )
    this.broken = broken
  }
}
