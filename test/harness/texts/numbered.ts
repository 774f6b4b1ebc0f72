/** Names that end in numbers from 0 on. */
export const numbered = (count: number, prefix: string): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}_${index}`)
