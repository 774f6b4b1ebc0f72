import fc from 'fast-check'

const hostileNames = [
  '"',
  'a"b',
  '\\',
  "it's",
  '%s %I',
  'two\nlines',
  'carriage\rreturn',
  '\n; DROP ROLE x; --',
  ';--',
  '-- no comment',
  '/* */',
  '$$',
  ':name',
  ' ',
  'a b',
  'tab\tulator',
  'Mixed Case',
  'select',
  'PUBLIC',
  '=r/x',
  '__proto__',
  '_pgsr_x',
  '\u2028',
  '\u202e\u0085',
  '\u0001',
  '👩‍👩‍👧',
  'x'.repeat(63),
  'é'.repeat(31),
] as const

/** Names that PostgreSQL stores as they are, many of them meant to break out of where they are put. */
export const anyName: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 2 }), weight: 2 },
  { arbitrary: fc.constantFrom(...hostileNames), weight: 2 },
  {
    arbitrary: fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 5 })
      .filter((name) => Buffer.byteLength(name) <= 63 && !/\0|^(pg_|public$|none$)/.test(name)),
    weight: 1,
  },
)

/** Picks one of what there is by any number, so that what is drawn need not know what there is. */
export const pick = <T>(from: readonly T[], index: number): T | undefined => from[index % from.length]
