/** A text that is none of those that PostgreSQL has for something: a name, a literal, an ACL item. */
export class InvalidTextError extends RangeError {
  readonly _tag = 'InvalidTextError'
  override readonly name = 'InvalidTextError'
}
