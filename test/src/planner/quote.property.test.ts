import { quoteIdent, quoteLiteral, statementOf } from '@pgsr/planner'
import fc from 'fast-check'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connectionTo, type TestServer } from '../../harness/servers/servers.ts'

interface Answer {
  /** The names of the columns. */
  readonly names: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

interface Connection {
  /** Runs statements as they stand, in one message. */
  readonly run: (text: string) => Promise<void>
  /** Runs one statement as it stands. */
  readonly ask: (text: string) => Promise<Answer>
  readonly end: () => Promise<void>
}

const connectWithPg = async (server: TestServer): Promise<Connection> => {
  const client = new pg.Client(connectionTo(server))
  await client.connect()
  return {
    run: async (text) => {
      await client.query(text)
    },
    ask: async (text) => {
      const { fields, rows } = await client.query<unknown[]>({ text, rowMode: 'array' })
      return { names: fields.map(({ name }) => name), rows }
    },
    end: () => client.end(),
  }
}

const connectWithPostgres = async (server: TestServer): Promise<Connection> => {
  const sql = postgres({ ...connectionTo(server), max: 1, onnotice: () => undefined })
  return {
    run: async (text) => {
      await sql.unsafe(text)
    },
    ask: async (text) => {
      const rows = await sql.unsafe(text).values()
      return { names: rows.columns.map(({ name }) => name), rows: [...rows] }
    },
    end: () => sql.end(),
  }
}

/** What means something somewhere: in SQL, in a pattern, to psql, to a driver, to a terminal, in Unicode. */
const pieces = [
  ...`' " \\ \` $ % & _ ? : ; , . ( ) [ ] { } < > = * / + - # @ ! | ^ ~`.split(' '),
  ...`'' "" \\\\ \\' \\" E' U&' U&" ' || ' $$ $1 $a$ :x :'x' %s %I \\u0041 \\x41 \\101`.split(' '),
  ...`;-- -- /* */ \\q \\. public PUBLIC none current_user select pg_ null A z 0`.split(' '),
  ...'é e\u0301 ß İ 中 😀 👩‍👩‍👧 \u{10ffff} \u0080 \u00a0 \u2028 \u202e \ufeff \ufffd \uffff'.split(' '),
  ...' /\n/\r/\r\n/\t/\b/\f/\v/\u0001/\u001b[31m/\u007f'.split('/'),
]

const hostile = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...pieces) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
    ),
    { maxLength: 40, size: 'max' },
  )
  .map((characters) => characters.join('').replaceAll('\0', ''))

/** As much of a text as fits into some bytes; no character is cut in two. */
const cut = (text: string, bytes: number): string => {
  let fitting = ''
  for (const character of text) {
    if (Buffer.byteLength(fitting + character) > bytes) break
    fitting += character
  }
  return fitting
}

const hostileName = fc.tuple(hostile, fc.constantFrom(1, 63)).map(([text, atLeast]) => {
  const name = cut(text, 63)
  return name + 'x'.repeat(Math.max(0, atLeast - Buffer.byteLength(name)))
})

const columns = fc.array(fc.tuple(hostileName, hostile), { minLength: 1, maxLength: 100, size: 'max' })

/** Ends of their own make the names differ from one another, and from the roles of every other test. */
const roleNames = fc
  .array(hostileName, { minLength: 1, maxLength: 100, size: 'max' })
  .map((names) => names.map((name, index) => `${cut(name, 52)}~quote~${index}`))
  .map((names) => names.filter((name) => !name.startsWith('pg_')))

const cases = inject('servers').flatMap((server) =>
  [
    { driver: 'pg', connect: connectWithPg },
    { driver: 'postgres', connect: connectWithPostgres },
  ].flatMap((driver) =>
    ['on', 'off'].map((conforming) => ({ name: server.name, server, ...driver, conforming })),
  ),
)

describe.for(cases)('$name, $driver, standard_conforming_strings $conforming', (each) => {
  const { server, connect, conforming } = each
  let connection: Connection

  beforeAll(async () => {
    connection = await connect(server)
    await connection.run(`set standard_conforming_strings = ${conforming}; set client_min_messages = error`)
  })
  afterAll(() => connection.end())

  test('the server returns every literal under every name as it was given', async () => {
    const property = fc.asyncProperty(columns, async (pairs) => {
      const list = pairs.map(([name, text]) => `${quoteLiteral(text)}::text as ${quoteIdent(name)}`)
      await expect(connection.ask(`select ${list.join(', ')}`)).resolves.toEqual({
        names: pairs.map(([name]) => name),
        rows: [pairs.map(([, text]) => text)],
      })
    })
    await fc.assert(property, { numRuns: 25, interruptAfterTimeLimit: 10_000 })
  })

  test('the server stores every role name as it was given', async () => {
    const property = fc.asyncProperty(roleNames, async (names) => {
      const creations = names.map((role) =>
        statementOf({ kind: 'createRole', role, as: server.user, reason: { role, grant: null } }),
      )
      try {
        await connection.run(['begin', ...creations].join('; '))
        // All that this transaction has made, whatever its name.
        const { rows } = await connection.ask(
          `select rolname from pg_catalog.pg_authid
          where xmin::text::bigint = pg_catalog.txid_current() % 4294967296 order by oid`,
        )
        expect(rows.flat()).toEqual(names)
      } finally {
        await connection.run('rollback')
      }
    })
    await fc.assert(property, { numRuns: 10, interruptAfterTimeLimit: 10_000 })
  })
})
