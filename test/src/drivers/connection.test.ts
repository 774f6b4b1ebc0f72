import { Grant } from '@pgsr/node-postgres'
import * as nodePostgres from '@pgsr/node-postgres'
import * as nodePostgresEffect from '@pgsr/node-postgres/effect'
import * as postgresJs from '@pgsr/postgres-js'
import * as postgresJsEffect from '@pgsr/postgres-js/effect'
import * as Effect from 'effect/Effect'
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import { EventEmitter } from 'node:events'
import pg from 'pg'
import postgres from 'postgres'
import { describe, expect, test } from 'vitest'

const nothing = (): undefined => undefined

const kysely = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** Connections of other libraries, which look like those of pg and postgres.js, and things that are not connections. */
const others: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['a text', 'postgres://localhost/warehouse'],
  ['a number', 5432],
  ['options', { host: 'localhost' }],
  ['a promise of a connection', Promise.resolve(new pg.Pool())],
  ['Kysely', kysely],
  ['PGlite', { query: nothing, exec: nothing, sql: nothing, transaction: nothing, waitReady: nothing }],
  ['Drizzle', { query: {}, execute: nothing, select: nothing, transaction: nothing, $client: new pg.Pool() }],
  ['a DataSource of TypeORM', { query: nothing, initialize: nothing, manager: {} }],
  ['a connection of mysql2', Object.assign(new EventEmitter(), { query: nothing, connect: nothing })],
  ['the SQL of Bun', Object.assign(() => undefined, { unsafe: nothing, reserve: nothing, begin: nothing })],
]

const desired = { role: 'r', grants: [Grant.login()] }

describe('something that is not a connection is refused at once, and the error says what would be one', () => {
  test.for([...others, ['a postgres()', postgres()] as const])(
    '%s is not a connection of pg',
    async ([, given]) => {
      const message = /^cannot use the connection: it is neither a Pool nor a Client of pg; /
      const refused = nodePostgres.planRoles(given as never, desired)
      await expect(refused).rejects.toBeInstanceOf(TypeError)
      await expect(refused).rejects.toThrow(message)
      const work = Effect.provide(
        nodePostgresEffect.planRoles(desired),
        nodePostgresEffect.layer(given as never),
      )
      await expect(Effect.runPromise(work)).rejects.toThrow(message)
    },
  )

  test.for([...others, ['a Pool', new pg.Pool()] as const, ['a Client', new pg.Client()] as const])(
    '%s is not a connection of postgres.js',
    async ([, given]) => {
      const message = /^cannot use the connection: it is neither a postgres\(\) of postgres.js nor /
      const refused = postgresJs.syncRoles(given as never, desired)
      await expect(refused).rejects.toBeInstanceOf(TypeError)
      await expect(refused).rejects.toThrow(message)
      const work = Effect.provide(postgresJsEffect.syncRoles(desired), postgresJsEffect.layer(given as never))
      await expect(Effect.runPromise(work)).rejects.toThrow(message)
    },
  )

  test.for<[unknown, string]>([
    [undefined, 'undefined is not a desired role'],
    [null, 'null is not a desired role'],
    ['alice', '"alice" is not a desired role'],
    [[desired, undefined], 'undefined is not a desired role'],
  ])('%j is not a desired role', async ([asked, message]) => {
    const refused = nodePostgres.planRoles(new pg.Pool(), asked as never)
    await expect(refused).rejects.toMatchObject({ _tag: 'InvalidGrantError', field: 'desired' })
    await expect(refused).rejects.toThrow(`cannot sync roles: ${message}`)
  })
})
