import { describeOperation, operationsOf, parsePlan, renderJson, renderSql } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { forEveryPlan } from '../arbitrary/desired.ts'

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
  /SELECT set_config\(l, l, true\)/,
  / {2}WHERE current_setting\(l, true\) IS NOT NULL;/,
  /SET LOCAL ROLE n;/,
  /(CREATE|ALTER) ROLE n( (NO)?(LOGIN|SUPERUSER|INHERIT|CREATEROLE|CREATEDB|REPLICATION|BYPASSRLS)| PASSWORD NULL| VALID UNTIL l)*;/,
  /ALTER ROLE n RESET ssl_renegotiation_limit;/,
  /GRANT names TO names( WITH (ADMIN OPTION|(ADMIN TRUE, )?INHERIT (TRUE|FALSE), SET (TRUE|FALSE)))?( GRANTED BY n)?;/,
  /REVOKE ((ADMIN|INHERIT|SET) OPTION FOR )?names FROM names( GRANTED BY n)?;/,
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
  test('as a script in which no name gets out of its quotes or its comment', () =>
    forEveryPlan((made) => {
      const lines = skeletonOf(renderSql(made)).split(/[\n\r]/)
      expect(lines.filter((line) => !statement.test(line))).toEqual([])
    }))

  test('in messages of one line, without characters that reorder text', () =>
    forEveryPlan((made) => {
      const { skipped, residue } = made
      const said = [...skipped, ...residue].map(({ message }) => message)
      const done = operationsOf(made).map(describeOperation)
      const misleading = /[\p{Control}\p{Line_Separator}\p{Paragraph_Separator}\p{Bidi_Control}]/u
      expect([...said, ...done].filter((text) => misleading.test(text))).toEqual([])
    }, 100))

  test('as JSON from which it can be read again', () =>
    forEveryPlan((made) => {
      expect(parsePlan(renderJson(made))).toStrictEqual(made)
    }, 100))
})
