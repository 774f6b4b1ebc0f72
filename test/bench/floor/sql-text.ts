/** Some names as the text of an array. No name of a benchmark has to be quoted. */
export const array = (names: readonly string[]): string => `'{${names.join(',')}}'`

/** Statements as one message, which is one transaction. */
export const message = (statements: readonly string[]): string => statements.join(';\n')
