import fc from 'fast-check'
import {
  describeOperation,
  operationsOf,
  privilegeLetters,
  quoteIdent,
  quoteLiteral,
  parsePlan,
  renderJson,
  renderSql,
} from '@pgsr/planner'
import { parseAclItem } from '@pgsr/planner/internal'
import { describe, expect, test } from 'vitest'
import { forEveryPlan } from '../arbitrary/desired.ts'
import { anyName } from '../arbitrary/name.ts'

/**
 * What is beyond ASCII is quoted or not, as the version and the locale will have it.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (putid)
 */
const quotedUnless = (bare: RegExp, name: string): string =>
  bare.test(name) ? name : `"${name.replaceAll('"', '""')}"`

describe('an ACL item is read as PostgreSQL prints it', () => {
  const privileges = fc
    .subarray(Object.keys(privilegeLetters), { minLength: 1 })
    .chain((letters) =>
      fc
        .tuple(...letters.map((letter) => fc.constantFrom(letter, `${letter}*`)))
        .map((held) => held.join('')),
    )

  test.for<[string, fc.Arbitrary<string>, RegExp]>([
    ['PUBLIC', fc.constant('public'), /^\w+$/],
    ['any role', anyName, /^\w+$/],
    ['any role, in an alphabet that is not ASCII', anyName, /^[\w\u0080-\u{10ffff}]+$/u],
  ])('for %s', ([, anyGrantee, bare]) =>
    fc.assert(
      fc.property(anyGrantee, anyName, privileges, (grantee, grantor, held) => {
        const who = grantee === 'public' ? '' : quotedUnless(bare, grantee)
        const item = parseAclItem(`${who}=${held}/${quotedUnless(bare, grantor)}`)
        expect(item).toEqual({ grantee, grantor, privileges: held })
      }),
    ),
  )
})

/** Reads a literal as PostgreSQL does; in one with an E, and without `standard_conforming_strings`, `\` escapes. */
const valueOf = (literal: string, standardConformingStrings: boolean): string | undefined => {
  const escapes = /^ ?E/.test(literal) || !standardConformingStrings
  const pattern = escapes ? /^ ?E?'((?:[^'\\]|''|\\[^\w])*)'$/ : /^'((?:[^']|'')*)'$/
  const inner = pattern.exec(literal)?.[1]
  return inner?.replaceAll(escapes ? /''|\\./g : /''/g, (pair) => pair[1]!)
}

describe('what is quoted means the same to PostgreSQL', () => {
  test('as a name', () =>
    fc.assert(
      fc.property(anyName, (name) => {
        const [all, inner = ''] = /^"((?:[^"]|"")+)"$/.exec(quoteIdent(name))!
        expect(inner.replaceAll('""', '"')).toBe(name)
        expect(all).toBe(quoteIdent(name))
      }),
    ))

  test.for([true, false])('as a literal, standard_conforming_strings being %s', (standard) =>
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

  test.for(['', '\0', 'a\0', '\ud800', 'x'.repeat(64), 'é'.repeat(32)])('or refused: the name %j', (name) =>
    expect(() => quoteIdent(name)).toThrow(RangeError),
  )
})

/** A script as psql reads it: a name is `n`, a literal `l`, a comment nothing, and either kind of newline ends it. */
const skeletonOf = (script: string): string =>
  script.replaceAll(
    /"(?:[^"]|"")*"|E'(?:[^'\\]|''|\\[^])*'|'(?:[^'\\]|'')*'|--[^\n\r]*/g,
    (token) => ({ '"': 'n', '-': '' })[token[0]!] ?? 'l',
  )

const statements = [
  /BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;/,
  /SET LOCAL client_encoding = l;/,
  /SET LOCAL search_path = pg_catalog, pg_temp;/,
  /SELECT pg_catalog\.pg_advisory_xact_lock\(1\);/,
  /SELECT set_config\(name, l, true\) FROM pg_settings WHERE name = l;/,
  /SET LOCAL ROLE n;/,
  /(CREATE|ALTER) ROLE n( (NO)?(LOGIN|SUPERUSER|INHERIT|CREATEROLE|CREATEDB|REPLICATION|BYPASSRLS)| PASSWORD NULL| VALID UNTIL l)*;/,
  /ALTER ROLE n RESET ssl_renegotiation_limit;/,
  /GRANT names TO names( WITH (ADMIN OPTION|(ADMIN TRUE, )?INHERIT (TRUE|FALSE), SET (TRUE|FALSE)))?( GRANTED BY n)?;/,
  /REVOKE (ADMIN OPTION FOR )?names FROM names( GRANTED BY n)?;/,
  /CREATE SCHEMA n AUTHORIZATION n;/,
  /ALTER object OWNER TO n;/,
  /GRANT privileges ON objects TO grantees( WITH GRANT OPTION)?;/,
  /REVOKE (GRANT OPTION FOR )?privileges ON objects FROM grantees;/,
  /ALTER DEFAULT PRIVILEGES FOR ROLE n( IN SCHEMA n)? (GRANT privileges ON future TO grantees( WITH GRANT OPTION)?|REVOKE (GRANT OPTION FOR )?privileges ON future FROM grantees);/,
  /COMMIT;/,
]
/** By how statements name a kind, how they name objects of it. */
const named: readonly (readonly [kind: RegExp, name: RegExp])[] = [
  [
    /(DATABASE|SCHEMA|TABLESPACE|LANGUAGE|FOREIGN DATA WRAPPER|FOREIGN SERVER|SERVER|PARAMETER|EVENT TRIGGER)/,
    /n/,
  ],
  [/(TABLE|SEQUENCE|TYPE|COLLATION)/, /n\.n/],
  [/FUNCTION/, /n\.n\(\w+( \w+)*(\[\])?(, \w+( \w+)*(\[\])?)*\)/],
  [/OPERATOR/, /n\.\+ \(integer, integer\)/],
  [/LARGE OBJECT/, /\d+/],
]
const list = (one: string): string => `(${one})(, (${one}))*`
const oneOf = (all: readonly string[]): string => `(${all.join('|')})`
const words: Readonly<Record<string, string>> = {
  objects: oneOf(named.map(([kind, name]) => `${kind.source} ${list(name.source)}`)),
  object: oneOf(named.map(([kind, name]) => `${kind.source} ${name.source}`)),
  future: '(TABLES|SEQUENCES|FUNCTIONS|TYPES|SCHEMAS|LARGE OBJECTS)',
  names: list('n'),
  grantees: list('n|PUBLIC'),
  privileges: list(String.raw`[A-Z ]+( \(n(, n)*\))?`),
}
const statement = new RegExp(
  `^(${statements.map(({ source }) => source.replaceAll(/objects?|future|names|grantees|privileges/g, (word) => words[word]!)).join('|')})? *$`,
)

describe('a plan is printed', () => {
  test('as a script in which no name leaves its quotes or its comment', () =>
    forEveryPlan((made) => {
      const lines = skeletonOf(renderSql(made)).split(/[\n\r]/)
      expect(lines.filter((line) => !statement.test(line))).toEqual([])
    }))

  test('in words that are in one line, and read in the order in which they are shown', () =>
    forEveryPlan((made) => {
      const { skipped, residue } = made
      const said = [...skipped, ...residue].map(({ message }) => message)
      const done = operationsOf(made).map(describeOperation)
      const misleading = /[\p{Control}\p{Line_Separator}\p{Paragraph_Separator}\p{Bidi_Control}]/u
      expect([...said, ...done].filter((text) => misleading.test(text))).toEqual([])
    }, 100))

  test('as JSON that gives it back', () =>
    forEveryPlan((made) => {
      expect(parsePlan(renderJson(made))).toStrictEqual(made)
    }, 100))
})
