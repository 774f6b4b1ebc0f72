/** Something asked for that cannot be right, found before anything is sent. */
export class InvalidGrantError extends Error {
  readonly _tag = 'InvalidGrantError'
  override readonly name = 'InvalidGrantError'
  /** The role it was asked for; `undefined` when the role itself is what is wrong. */
  readonly role: string | undefined
  /** Which grant of that role, counted from 0; `undefined` when it is none of them. */
  readonly grant: number | undefined
  /** The field that is wrong. */
  readonly field: string

  constructor(details: { role?: string; grant?: number; field: string; message: string }) {
    super(details.message)
    this.role = details.role
    this.grant = details.grant
    this.field = details.field
  }
}
