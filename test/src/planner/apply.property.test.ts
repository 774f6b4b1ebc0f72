import { type Operation, outcomeOf, type Snapshot, statementOf } from '@pgsr/planner'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connectionTo } from '../../harness/servers/servers.ts'
import { blindly } from './apply-acls.ts'
import { makers, pickBy } from './apply-operations.ts'
import { linesOf, makeObjects, prepareSnapshot } from './apply-state.ts'

/** How often each kind of operation is tried. */
const kinds = fc.oneof(
  ...(
    [
      ['grantPrivilege', 5],
      ['revokePrivilege', 8],
      ['setOwner', 4],
      ['createSchema', 1],
      ['createRole', 2],
      ['dropRole', 6],
      ['grantMembership', 3],
      ['revokeMembership', 3],
      ['setAttribute', 1],
      ['grantDefaultPrivilege', 2],
      ['revokeDefaultPrivilege', 2],
      ['setValidUntil', 1],
      ['clearPassword', 1],
      ['lockRole', 1],
    ] as const
  ).map(([kind, weight]) => ({ arbitrary: fc.constant(kind), weight })),
)

/** What `pickBy` picks with. Smaller numbers would make nothing simpler, only the shrinking longer. */
const numbers = fc.noShrink(fc.array(fc.nat(), { minLength: 12, maxLength: 12 }))
const before = fc.array(numbers, { maxLength: 60, size: 'max' })
const then = fc.array(fc.tuple(kinds, numbers), { maxLength: 50, size: 'max' })

const sent = (operation: Operation, actingRole: string): string => {
  if (operation.kind === 'setPassword') throw new Error('a password has no statement')
  const statement = statementOf(operation)
  if (operation.as === actingRole) return statement
  return `set local role ${pg.escapeIdentifier(operation.as)}; ${statement}; set local role none`
}

describe.for(inject('servers'))('`apply` against $name', (server) => {
  const database = `pgsr-apply ${process.pid}`
  const admin = new pg.Client(connectionTo(server))
  const client = new pg.Client(connectionTo(server, database))

  /** Sends some statements in one message, and reads what they have made of the state. */
  const stateAfter = async (statements: string): Promise<Snapshot> => {
    const results: unknown = await client.query(`${statements}; execute snapshot`)
    return (results as pg.QueryResult<{ readonly snapshot: Snapshot }>[]).at(-1)!.rows[0]!.snapshot
  }

  // A database of its own, for its owner and ACL; all else is in a transaction that is never committed.
  beforeAll(async () => {
    await admin.connect()
    await admin.query(`create database ${pg.escapeIdentifier(database)} template template0`)
    await client.connect()
    await client.query(`set search_path = pg_catalog; set client_min_messages = error`)
    await client.query(prepareSnapshot(server.version))
    await client.query(`begin; ${makeObjects(server.version)}; savepoint made`)
  })

  afterAll(async () => {
    await client.end()
    await admin.query(`drop database if exists ${pg.escapeIdentifier(database)}`)
    await admin.end()
  })

  test('predicts what every operation changes', async () => {
    const tried = new Set<string>()
    await fc.assert(
      fc.asyncProperty(before, then, async (choices, tries) => {
        const initial = await stateAfter(`rollback to made; ${blindly(choices, database, server.version)}`)
        const { actingRole } = initial.server
        const operations: Operation[] = []
        const statements: string[] = []
        let predicted = initial
        for (const [kind, picks] of tries) {
          const operation = makers[kind](predicted, pickBy(picks))
          if (operation === undefined) continue
          tried.add(operation.as === actingRole ? kind : `${kind} as another role`)
          operations.push(operation)
          statements.push(sent(operation, actingRole))
          try {
            predicted = outcomeOf(initial, operations)
            expect(linesOf(await stateAfter(statements.at(-1)!))).toEqual(linesOf(predicted))
          } catch (cause) {
            const script = [...linesOf(initial), ...statements].join('\n')
            throw new Error(`the last statement went otherwise than predicted:\n${script}`, { cause })
          }
        }
      }),
      { numRuns: 12, interruptAfterTimeLimit: 10_000 },
    )
    const all = [...Object.keys(makers), 'revokePrivilege as another role']
    expect([...tried]).toEqual(expect.arrayContaining(all))
  })
})
