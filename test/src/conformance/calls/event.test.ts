import { Grant, operationsOf, type SyncEvent } from '@pgsr/node-postgres'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformanceAtEndsInTurn } from '../../../harness/drivers/conformance.ts'
import { connectionTo } from '../../../harness/servers/servers.ts'
import { untilSomebodyWaits } from '../../../harness/sandbox/waiting.ts'
import { goneWhenGranted } from '../../../harness/sandbox/when-granted.ts'

conformanceAtEndsInTurn('event', (sandbox) => {
  test('events are emitted as things happen', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}`)
    const desired = { role, grants: [Grant.schemaUsage(schema), Grant.login({ password: 'hunter2' })] }
    const other = new pg.Client(connectionTo(box.connection, box.database))
    await other.connect()
    await other.query('begin; select pg_advisory_xact_lock(1)')
    const events: SyncEvent[] = []
    const syncing = box.pool.syncRoles(desired, { onEvent: (event) => events.push(event) })
    await untilSomebodyWaits(box)
    expect(events.map(({ kind }) => kind)).toEqual(['planned', 'lockRequested'])
    await other.query('select pg_sleep(0.1); commit')
    await other.end()
    const { plan } = await syncing

    const operations = operationsOf(plan)
    expect(events.map(({ kind }) => kind)).toEqual([
      'planned',
      'lockRequested',
      'lockAcquired',
      ...operations.map(() => 'executed'),
      'proved',
      'committed',
    ])
    expect(events[0]).toEqual({ kind: 'planned', operations: operations.length })
    expect(events[1]).toEqual({ kind: 'lockRequested', lockKey: 1n })
    expect(events[2]?.kind === 'lockAcquired' && events[2].milliseconds).toBeGreaterThanOrEqual(100)
    expect(events.filter(({ kind }) => kind === 'executed')).toEqual(
      operations.map((operation, index) => ({
        kind: 'executed',
        operation,
        number: index + 1,
        of: operations.length,
      })),
    )
    expect(JSON.stringify(events.filter(({ kind }) => kind === 'executed'))).not.toMatch(/hunter2|SCRAM/)

    const again: SyncEvent[] = []
    await box.pool.syncRoles(
      { role, grants: [Grant.schemaUsage(schema), Grant.login()] },
      { onEvent: (event) => again.push(event) },
    )
    expect(again).toEqual([{ kind: 'planned', operations: 0 }])
  })

  test('a failed attempt emits an event with its reason, and a listener that throws changes nothing', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}`)
    // Each attempt meets it in its batch, in a half of it, and alone, to be named.
    const stop = await goneWhenGranted(box, 6)
    const events: SyncEvent[] = []
    try {
      await box.pool.syncRoles(
        { role, grants: [Grant.schemaUsage(schema)] },
        {
          attempts: 3,
          onEvent: (event) => {
            events.push(event)
            if (event.kind === 'executed') return Promise.reject(new Error('a listener rejects'))
            throw new Error('a listener throws')
          },
        },
      )
    } finally {
      await stop()
    }
    const retries = events.flatMap((event) => (event.kind === 'retry' ? [event] : []))
    expect(retries).toMatchObject([
      { attempt: 1, attempts: 3, reason: { _tag: 'DatabaseError', sqlState: '42P01' } },
      { attempt: 2, attempts: 3, reason: { _tag: 'DatabaseError', sqlState: '42P01' } },
    ])
    expect(events.filter(({ kind }) => kind === 'committed')).toHaveLength(1)
    expect(await box.run(`select has_schema_privilege('${role}', '${schema}', 'USAGE')`)).toEqual([[true]])
  })
})
