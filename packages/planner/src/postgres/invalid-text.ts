/** A text is not what PostgreSQL would accept as a name, a literal or an ACL item. */
export class InvalidTextError extends RangeError {
  readonly _tag = 'InvalidTextError'
  override readonly name = 'InvalidTextError'
}
