/** What was asked for cannot be right: a grant, an option, a snapshot or a plan. Nothing was changed. */
export class InvalidGrantError extends Error {
  readonly _tag = 'InvalidGrantError'
  override readonly name = 'InvalidGrantError'
  /** The role that it was asked for; `undefined` if the error concerns no single role. */
  readonly role: string | undefined
  /** The index of the wrong grant among those of the role; `undefined` if no single grant is wrong. */
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
