import { type DesiredRole, Grant, type SyncEvent } from '@pgsr/node-postgres'
import { executePlan, layer, planRoles, type Sessions, syncRoles } from '@pgsr/node-postgres/effect'
import * as Effect from 'effect/Effect'
import pg from 'pg'
import { expect, test } from 'vitest'
import { inAnotherDatabase } from '../../../harness/sandbox/another-database.ts'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { connectionTo } from '../../../harness/servers/servers.ts'
import { sendingBy } from '../../../harness/drivers/sessions.ts'
import { untilItWaits, untilSomebodyWaits } from '../../../harness/sandbox/waiting.ts'
import { whenGranted } from '../../../harness/sandbox/when-granted.ts'

/**
 * Syncs some roles, and one more so that something is granted on a table: that is what stops the sync when it commits,
 * its proof being done, until the work beside it is, or waits for it.
 */
const whileItCommits = async (
  box: Sandbox,
  desired: readonly DesiredRole[],
  meanwhile: () => Promise<void>,
): Promise<void> => {
  const [gate, reader] = [box.name('gate'), box.name('r')]
  await box.run(`create schema ${gate}; create table ${gate}.t ()`)
  await box.admin(
    `create table ${gate}.passing ();
     create function ${gate}.pass() returns trigger language plpgsql as $$ begin
       perform pg_advisory_xact_lock(4711); return null;
     end $$;
     create constraint trigger pass after insert on ${gate}.passing deferrable initially deferred
       for each row execute procedure ${gate}.pass();
     create function ${gate}.granted() returns event_trigger language plpgsql security definer as $$ begin
       insert into ${gate}.passing default values;
     end $$;
     create event trigger ${gate} on ddl_command_end when tag in ('GRANT') execute procedure ${gate}.granted()`,
  )
  const keeper = new pg.Client(connectionTo(box.server, box.database))
  await keeper.connect()
  try {
    await keeper.query('select pg_advisory_lock(4711)')
    const syncing = box.pool.syncRoles([
      ...desired,
      { role: reader, grants: [Grant.tableSelect(gate, 't', { direct: true })] },
    ])
    await untilSomebodyWaits(box)
    await meanwhile()
    await keeper.query('select pg_advisory_unlock(4711)')
    await syncing
  } finally {
    await keeper.end()
    await box.admin(`drop event trigger ${gate}; drop schema ${gate} cascade`)
  }
}

conformanceAround16('role locks', (sandbox) => {
  test('syncs in two databases that change the same role run one after the other', async () => {
    const box = sandbox()
    const [role, first, second] = [box.name('u'), box.name('a'), box.name('b')]
    await box.run(`create role ${role}; create role ${first}; create role ${second}`)
    await inAnotherDatabase(box, async (database, connect) => {
      const there = connect()
      const syncs: Promise<unknown>[] = []
      const here = [{ role, grants: [Grant.roleMembership(first)] }]
      await whileItCommits(box, here, async () => {
        syncs.push(there.syncRoles({ role, grants: [Grant.roleMembership(second)] }))
        await untilItWaits(box, database, syncs[0]!)
      })
      await syncs[0]
    })
    const rows = await box.run(
      `select roleid::regrole::text from pg_auth_members where member = '${role}'::regrole`,
    )
    expect(rows).toEqual([[second]])
  })

  test.for<[string, (names: { role: string; group: string; schema: string }) => readonly [string, Grant]]>([
    ['that is granted', ({ group }) => [group, Grant.roleMembership(group)]],
    ['that becomes a member', ({ role, group }) => [role, Grant.roleMembership(group)]],
    [
      'that becomes a member of an intermediate role',
      ({ role, schema }) => [role, Grant.schemaUsage(schema)],
    ],
  ])('dropping a role %s leaves no half of a membership behind', async ([, choose]) => {
    const box = sandbox()
    const names = { role: box.name('u'), group: box.name('g'), schema: box.name('s') }
    const { role, group, schema } = names
    const [dropped, grant] = choose(names)
    await box.run(`create role ${role}; create role ${group}; create schema ${schema}`)
    const [[oid] = []] = await box.run(`select '${dropped}'::regrole::oid`)
    await inAnotherDatabase(box, async (database, connect) => {
      const there = connect()
      const drops: Promise<unknown>[] = []
      await whileItCommits(box, [{ role, grants: [grant] }], async () => {
        // PostgreSQL may refuse it, since the role has been changed meanwhile.
        drops.push(there.run(`drop role ${dropped}`).catch(() => undefined))
        await untilItWaits(box, database, drops[0]!)
      })
      await drops[0]
    })
    const halves = await box.run(
      `select from pg_auth_members where ${String(oid)} in (roleid, member)
       and not exists (select from pg_roles where oid = ${String(oid)})`,
    )
    expect(halves).toEqual([])
  })

  test('a role that the server refuses to lock is not locked, and the sync does the rest', async () => {
    const box = sandbox()
    const [role, group, reserved, schema] = [box.name('u'), box.name('g'), box.name('h'), box.name('s')]
    await box.run(
      `create role ${role}; create role ${group}; create role ${reserved}; create schema ${schema}; create table ${schema}.t ()`,
    )
    const pool = new pg.Pool(connectionTo(box.connection, box.database))
    const refused: string[] = []
    // As a hook does that lets nobody alter some roles, not even as they are.
    const reserving = sendingBy(layer(pool), (send) => (text, sending) => {
      const locks = new RegExp(
        `ALTER ROLE "(${role}|${reserved})"(?: RESET ssl_renegotiation_limit)?(?=;)`,
        'g',
      )
      const refusing = text.replaceAll(locks, (lock) => {
        refused.push(lock)
        return `do $$ begin raise '"${reserved}" is a reserved role' using errcode = 'insufficient_privilege'; end $$`
      })
      return send(refusing, sending)
    })
    const grants = [
      Grant.roleMembership(group),
      Grant.roleMembership(reserved),
      Grant.schemaUsage(schema),
      Grant.tableSelect(schema, 't'),
    ]
    const told: SyncEvent[] = []
    const onEvent = (event: SyncEvent) => told.push(event)
    const run = <A, E>(work: Effect.Effect<A, E, Sessions>): Promise<A> =>
      Effect.runPromise(Effect.provide(work, reserving))
    try {
      const plan = await run(planRoles({ role, grants }))
      const locks = plan.transactions.flat().filter(({ kind }) => kind === 'lockRole')
      expect(locks.length).toBeGreaterThan(0)
      const { changed } = await run(executePlan(plan, { attempts: 1, onEvent }))
      expect(changed).toBe(true)
      expect(refused.length).toBeGreaterThan(0)
      const executed = told.flatMap((event) => (event.kind === 'executed' ? [event] : []))
      expect(executed.map(({ operation }) => operation)).not.toContainEqual(
        expect.objectContaining({ kind: 'lockRole', role }),
      )
      expect(executed.at(-1)).toMatchObject({ number: executed.at(-1)?.of })
      await box.as(role, `select from ${schema}.t`)
      expect((await run(syncRoles({ role, grants }))).changed).toBe(false)
      expect((await run(syncRoles({ role, grants: [] }, { attempts: 1 }))).changed).toBe(true)
    } finally {
      await pool.end()
    }
  })

  test('a statement that is refused in the same batch as a lock fails as usual, and the error names it', async () => {
    const box = sandbox()
    const [role, group, schema] = [box.name('u'), box.name('g'), box.name('s')]
    await box.run(`create role ${role}; create role ${group}; create schema ${schema}`)
    const stop = await whenGranted(box, `raise 'not for you' using errcode = 'insufficient_privilege'`)
    const grants = [Grant.roleMembership(group), Grant.schemaUsage(schema, { direct: true })]
    try {
      await expect(box.pool.syncRoles({ role, grants }, { attempts: 1 })).rejects.toMatchObject({
        sqlState: '42501',
        operation: expect.stringMatching(/^grant /) as string,
      })
    } finally {
      await stop()
    }
  })
})
