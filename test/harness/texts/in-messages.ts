/** Statements in messages of moderate length, so that the server’s lock table has room for what each of them locks. */
export const inMessages = (statements: readonly string[], most = 1000): readonly string[] =>
  Array.from({ length: Math.ceil(statements.length / most) }, (_, index) =>
    statements.slice(index * most, (index + 1) * most).join(';'),
  )
