import fc from 'fast-check'
import { quoteIdent, quoteLiteral } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { anyName } from '../arbitrary/name.ts'

/** Reads a literal as PostgreSQL does; in one with an E, and without `standard_conforming_strings`, `\` escapes. */
const valueOf = (literal: string, standardConformingStrings: boolean): string | undefined => {
  const escapes = /^ ?E/.test(literal) || !standardConformingStrings
  const pattern = escapes ? /^ ?E?'((?:[^'\\]|''|\\[^\w])*)'$/ : /^'((?:[^']|'')*)'$/
  const inner = pattern.exec(literal)?.[1]
  return inner?.replaceAll(escapes ? /''|\\./g : /''/g, (pair) => pair[1]!)
}

describe('PostgreSQL reads what is quoted as the same text', () => {
  test('as a name', () =>
    fc.assert(
      fc.property(anyName, (name) => {
        const [all, inner = ''] = /^"((?:[^"]|"")+)"$/.exec(quoteIdent(name))!
        expect(inner.replaceAll('""', '"')).toBe(name)
        expect(all).toBe(quoteIdent(name))
      }),
    ))

  test.for([true, false])('as a literal, with standard_conforming_strings %s', (standard) =>
    fc.assert(
      fc.property(
        fc.string({ unit: fc.oneof(fc.constantFrom("'", '\\', 'n', 'E', ' ', '\n'), fc.string()) }),
        (text) => {
          fc.pre(!text.includes('\0'))
          expect(valueOf(quoteLiteral(text), standard)).toBe(text)
        },
      ),
    ),
  )

  test.for(['', '\0', 'a\0', '\ud800', 'x'.repeat(64), 'é'.repeat(32)])(
    'except the name %j, which is refused',
    (name) => expect(() => quoteIdent(name)).toThrow(RangeError),
  )
})
