import { Grant, PlanChangedError, ProofError, type SyncEvent, TooManyLocksError } from '@pgsr/node-postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type Cluster, startCluster } from '../../harness/servers/cluster.ts'
import { type Connected, type Driver, drivers } from '../../harness/drivers/drivers.ts'
import { inMessages } from '../../harness/texts/in-messages.ts'
import { numbered } from '../../harness/texts/numbered.ts'
import { oldestAndNewest } from '../../harness/servers/servers.ts'

/** The settings of other servers are not ours. */
const ours = inject('servers').filter(({ logFile }) => logFile !== undefined)
const [driver] = drivers as readonly [Driver]

/** A server with room for some hundred locks. */
const small = {
  max_locks_per_transaction: 10,
  max_pred_locks_per_transaction: 10,
  max_connections: 20,
}

/** In small messages: there is little room. */
const forEach = async (
  pool: Connected,
  names: readonly string[],
  statement: (name: string) => string,
): Promise<void> => {
  for (const text of inMessages(names.map(statement), 20)) await pool.run(text)
}

const usageOf = (schemas: readonly string[], role = 'reader') => ({
  role,
  grants: schemas.map((schema) => Grant.schemaUsage(schema)),
})

const rowsOf = async (pool: Connected, query: string): Promise<unknown> => {
  const { rows } = (await pool.run(query)) as { readonly rows: readonly Record<string, unknown>[] }
  return rows.map((row) => Object.values(row)[0])
}

const countOfRoles = (pool: Connected): Promise<unknown> =>
  rowsOf(pool, "select count(*)::int from pg_roles where rolname ~ '^(_pgsr_|reader)'")

const readable = (pool: Connected, role = 'reader'): Promise<unknown> =>
  rowsOf(
    pool,
    `select nspname::text from pg_namespace where has_schema_privilege('${role}', oid, 'USAGE') and nspname ~ '^s_' order by 1`,
  )

const ownedTable = (table: string): string =>
  `create table ${table} (id int primary key, name text unique); alter table ${table} owner to owner`

const refusal = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (reason: unknown) => reason,
  )

/** What a call is refused with for want of locks. */
const refused = async (call: Promise<unknown>): Promise<TooManyLocksError> => {
  const error = await refusal(call)
  expect(error).toBeInstanceOf(TooManyLocksError)
  return error as TooManyLocksError
}

describe.for(oldestAndNewest(ours))('$name with a small lock table', ({ version }) => {
  const major = Math.floor(version / 10_000)
  let cluster: Cluster | undefined
  let pool: Connected
  beforeAll(async () => {
    cluster = await startCluster(major, { set: small })
    pool = driver.pool(cluster, 'postgres')
  })
  afterAll(async () => {
    await pool.end()
    await cluster?.stop()
  })

  // On 16 and 17 to grant the roles takes as many locks as to make them: it fits into one transaction or not at all.
  const divides = version < 160000 || version >= 180000

  if (divides)
    test('roles that give nobody anything yet are created beforehand, and again if somebody drops them', async () => {
      const schemas = numbered(230, 's')
      await forEach(pool, schemas, (schema) => `create schema ${schema}`)
      const desired = usageOf(schemas)

      const client = await driver.client(cluster!, 'postgres')
      await client.run('begin')
      const { setting, value } = await refused(client.syncRoles(desired))
      expect([setting, value]).toEqual(['max_locks_per_transaction', 10])
      await client.run('commit')
      await client.end()
      expect(await countOfRoles(pool)).toEqual([0])

      const other = await driver.client(cluster!, 'postgres')
      let dropping: Promise<unknown> | undefined
      const dropFirst = (event: SyncEvent): void => {
        if (event.kind !== 'executed' || event.operation.kind !== 'createRole') return
        const role = `"${event.operation.role}"`
        dropping ??= other.run(
          `begin; select pg_advisory_xact_lock(1); drop owned by ${role}; drop role ${role}; commit`,
        )
      }
      const planned = await pool.planRoles(desired)
      expect(planned.transactions.length).toBeGreaterThan(2)
      const { plan } = await pool.syncRoles(desired, { onEvent: dropFirst })
      await dropping
      await other.end()
      expect(plan.transactions.flat().length).toBeGreaterThan(planned.transactions.flat().length)
      expect(await readable(pool)).toEqual(schemas.toSorted())
      expect(await pool.syncRoles(desired)).toMatchObject({ changed: false })

      await pool.syncRoles(usageOf([]))
      expect(await readable(pool)).toEqual([])
      const { transactions } = (await pool.dropUnusedRoles()).plan
      expect(transactions.length).toBeGreaterThan(1)
      expect(await countOfRoles(pool)).toEqual([1])
    })

  if (divides)
    test('what others change before a transaction that only prepares is noticed, and stays', async () => {
      const schemas = numbered(230, 's')
      await forEach(pool, schemas, (schema) => `create schema if not exists ${schema}`)
      const unhindered: string[] = []
      await pool.syncRoles(usageOf(schemas), { onEvent: ({ kind }) => unhindered.push(kind) })
      expect(unhindered.filter((kind) => kind === 'committed').length).toBeGreaterThan(2)
      expect(unhindered).not.toContain('retry')
      await pool.syncRoles(usageOf([]))
      await pool.dropUnusedRoles()

      await pool.run('create role bystander')
      // Of the second transaction.
      const [changed, replaced] = schemas.toSorted().slice(-2) as [string, string]
      const other = await driver.client(cluster!, 'postgres')
      let changing: Promise<unknown> | undefined
      const retries: unknown[] = []
      const change = (event: SyncEvent): void => {
        if (event.kind === 'retry') retries.push(event.reason)
        if (event.kind === 'committed') changing ??= other.run('commit')
      }
      try {
        // Nobody sees it before it is committed, and nobody can change the same before.
        await other.run(
          `begin; grant usage on schema ${changed} to bystander; drop schema ${replaced}; create schema ${replaced}`,
        )
        await pool.syncRoles(usageOf(schemas), { onEvent: change })
        await changing
        expect(retries.length).toBeGreaterThan(0)
        expect(await readable(pool)).toEqual(schemas.toSorted())
        expect(await readable(pool, 'bystander')).toEqual([changed])
        expect(await pool.syncRoles(usageOf(schemas))).toMatchObject({ changed: false })
      } finally {
        await other.end()
        await pool.run(`revoke usage on schema ${changed} from bystander; drop role bystander`)
        await pool.syncRoles(usageOf([]))
        await pool.run('drop role reader')
        await pool.dropUnusedRoles()
      }
    })

  if (divides)
    test('what two syncs need at once is created once', async () => {
      const schemas = numbered(230, 's')
      await forEach(pool, schemas, (schema) => `create schema if not exists ${schema}`)
      const other = driver.pool(cluster!, 'postgres')
      // Otherwise it would first have to connect, and be late.
      await other.planRoles(usageOf(schemas, 'second'))
      let second: Promise<unknown> | undefined
      const startSecond = ({ kind }: SyncEvent): void => {
        if (kind === 'executed')
          second ??= other.syncRoles(usageOf(schemas, 'second'), { lockTimeout: 60_000 })
      }
      try {
        await pool.syncRoles(usageOf(schemas, 'first'), { onEvent: startSecond, lockTimeout: 60_000 })
        await second
      } finally {
        await other.end()
      }
      expect(await rowsOf(pool, "select count(*)::int from pg_roles where rolname ~ '^_pgsr_'")).toEqual([
        230,
      ])
      for (const role of ['first', 'second']) {
        expect(await pool.syncRoles(usageOf(schemas, role))).toMatchObject({ changed: false })
        expect(await readable(pool, role)).toEqual(schemas.toSorted())
        await pool.syncRoles(usageOf([], role))
        await pool.run(`drop role ${role}`)
      }
      await pool.dropUnusedRoles()
    })

  if (divides)
    test('a sync that would be refused under the lock is refused before anything is prepared', async () => {
      const schemas = numbered(230, 's')
      await forEach(pool, schemas, (schema) => `create schema if not exists ${schema}`)
      const plan = await pool.planRoles(usageOf(schemas, 'third'))
      expect(plan.transactions.length).toBeGreaterThan(2)
      const other = await driver.client(cluster!, 'postgres')
      await other.run('begin; select pg_advisory_xact_lock(1)')
      let made: Promise<unknown> | undefined
      const makeThird = ({ kind }: SyncEvent): void => {
        if (kind === 'lockRequested') made ??= other.run('create role third; commit')
      }
      expect(await refusal(pool.executePlan(plan, { onEvent: makeThird }))).toBeInstanceOf(PlanChangedError)
      await made
      await other.end()
      expect(await rowsOf(pool, "select count(*)::int from pg_roles where rolname ~ '^_pgsr_'")).toEqual([0])
      await pool.run('drop role third')
    })

  if (divides)
    test('a transaction that only prepares is proved, too', async () => {
      const schemas = numbered(230, 's')
      await forEach(pool, schemas, (schema) => `create schema if not exists ${schema}`)
      // Of the second transaction: the first looks at everything.
      const last = schemas.toSorted().at(-1)!
      await pool.run(`
        create role bystander;
        create function tamper() returns event_trigger language plpgsql as $$ begin
          if not has_schema_privilege('bystander', '${last}', 'USAGE')
            and (select nspacl::text ~ '_pgsr_' from pg_namespace where nspname = '${last}')
          then
            grant usage on schema ${last} to bystander;
          end if;
        end $$;
        create event trigger tampering on ddl_command_end when tag in ('GRANT') execute procedure tamper()`)
      const before = await countOfRoles(pool)
      try {
        await expect(pool.syncRoles(usageOf(schemas), { attempts: 1 })).rejects.toBeInstanceOf(ProofError)
        expect(await readable(pool, 'bystander')).toEqual([])
        // What the first has prepared serves nobody.
        await pool.dropUnusedRoles()
        expect(await countOfRoles(pool)).toEqual(before)
      } finally {
        await pool.run('drop event trigger tampering; drop function tamper(); drop role bystander')
      }
    })

  test('the locks for a new owner include those on indexes and TOAST tables', async () => {
    await pool.run('create role owner')
    const owned = (): Promise<unknown> =>
      rowsOf(pool, "select count(*)::int from pg_tables where tableowner = 'owner'")
    const lose = () => pool.syncRoles({ role: 'owner', grants: [] })

    await forEach(pool, numbered(100, 'many'), ownedTable)
    const { needed } = await refused(lose())
    expect(needed).toBeGreaterThan(small.max_locks_per_transaction)
    expect(await owned()).toEqual([100])

    await forEach(pool, numbered(60, 'many'), (table) => `drop table ${table}`)
    await lose()
    expect(await owned()).toEqual([0])
  })

  // Before, it takes no lock to grant a role.
  if (version >= 160000)
    test('everything but preparation is done in one transaction, or refused before anything is sent', async () => {
      const schemas = numbered(450, 's')
      const desired = usageOf(schemas)
      await forEach(pool, schemas, (schema) => `create schema if not exists ${schema}`)
      const before = await countOfRoles(pool)
      const events: string[] = []
      const error = await refused(pool.syncRoles(desired, { onEvent: ({ kind }) => events.push(kind) }))
      expect(events).toEqual([])
      const { needed, message } = error
      expect(message).toContain(`set max_locks_per_transaction, which is 10, to ${needed} or more`)
      await refused(pool.executePlan(await pool.planRoles(desired)))
      expect(await countOfRoles(pool)).toEqual(before)

      const raised = await startCluster(major, { set: { ...small, max_locks_per_transaction: needed } })
      const there = driver.pool(raised, 'postgres')
      try {
        await forEach(there, schemas, (schema) => `create schema ${schema}`)
        await there.syncRoles(desired)
        expect(await readable(there)).toEqual(schemas.toSorted())
      } finally {
        await there.end()
        await raised.stop()
      }
    })
})
