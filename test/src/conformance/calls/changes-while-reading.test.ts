import { syncRoles } from '@pgsr/node-postgres'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformanceAtEndsInTurn } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { connectionTo } from '../../../harness/servers/servers.ts'

interface Config {
  readonly text: string
}

/** The statement before those that read roles and memberships. */
const lastStatement = 'with recursive '

/** Whether a text reads all that matters where something has to change, and each statement may see another state. */
const readsMoments = (text: string): boolean =>
  /pgsr\.(joinable_role|unused_role)/.test(text) && !text.startsWith('begin isolation level repeatable read')

/**
 * Makes a client that sends the texts that read the catalogs in a transaction in two messages, as if the server took its
 * time for the first statements. In between, something happens, once.
 */
const clientThatPauses = async (
  box: Sandbox,
  during: () => Promise<unknown>,
  beforeLock: () => Promise<unknown> = async () => undefined,
): Promise<pg.Client> => {
  const client = new pg.Client(connectionTo(box.connection, box.database))
  await client.connect()
  const query = client.query.bind(client) as (config: Config) => Promise<pg.QueryArrayResult[]>
  let isDue = true
  const inTwo = async (config: Config, index: number): Promise<readonly pg.QueryArrayResult[]> => {
    isDue = false
    const before = await query({ ...config, text: config.text.slice(0, index).replace(/;\s*$/, '') })
    await during()
    const after = await query({ ...config, text: config.text.slice(index) })
    return [before, after].flat()
  }
  return Object.assign(client, {
    query: async (config: Config | string) => {
      const text = typeof config === 'string' ? config : config.text
      if (text.includes('pg_advisory_xact_lock')) await beforeLock()
      const index = text.lastIndexOf(lastStatement)
      const isPaused = isDue && index > 0 && typeof config === 'object' && readsMoments(text)
      return isPaused ? inTwo(config, index) : query(config as Config)
    },
  })
}

/** A role that reads a table as a member of another role. */
const setUp = async (box: Sandbox) => {
  const [role, group, schema] = [box.name('r'), box.name('g'), box.name('s')]
  await box.run(
    `create schema ${schema}; create table ${schema}.t (); create role ${role}; create role ${group};
     grant select on ${schema}.t to ${group}; grant ${group} to ${role}`,
  )
  return { role, group, schema, table: `${schema}.t` }
}

/** In place of the membership, the role gets the privilege itself. At no time does it have neither. */
const move = (box: Sandbox, { role, group, table }: Awaited<ReturnType<typeof setUp>>) =>
  box.run(`begin; revoke ${group} from ${role}; grant select on ${table} to ${role}; commit`)

const canRead = async (
  box: Sandbox,
  { role, table }: Awaited<ReturnType<typeof setUp>>,
): Promise<unknown> => {
  const [row] = await box.admin(`select has_table_privilege('${role}', '${table}', 'SELECT')`)
  return row?.[0]
}

conformanceAtEndsInTurn('while the catalogs are read', (sandbox) => {
  test('in a transaction of the caller, what a role gets between two statements is seen, and revoked', async () => {
    const box = sandbox()
    const scene = await setUp(box)
    const client = await clientThatPauses(box, () => move(box, scene))
    try {
      await client.query('begin')
      const { changed } = await syncRoles(client, { role: scene.role, grants: [] })
      await client.query('commit')
      expect(changed).toBe(true)
      expect(await canRead(box, scene)).toBe(false)
    } finally {
      await client.end()
    }
  })

  test('under the lock, what a role gets between two statements is seen, and revoked', async () => {
    const box = sandbox()
    const scene = await setUp(box)
    // Something is committed before the lock is taken, so that the catalogs are read again under it.
    const other = () => box.run(`create role ${box.name('o')}`)
    const client = await clientThatPauses(box, () => move(box, scene), other)
    try {
      const { changed } = await syncRoles(client, { role: scene.role, grants: [] })
      expect(changed).toBe(true)
      expect(await canRead(box, scene)).toBe(false)
    } finally {
      await client.end()
    }
  })

  test('what a role gets before the lock is taken is revoked, even if nothing of its kind was read before', async () => {
    const box = sandbox()
    const scene = await setUp(box)
    const { role, schema } = scene
    const client = await clientThatPauses(
      box,
      async () => undefined,
      () =>
        box.run(`create function ${schema}.f() returns int language sql as 'select 1';
          revoke all on function ${schema}.f() from public; grant execute on function ${schema}.f() to ${role}`),
    )
    try {
      expect((await syncRoles(client, { role, grants: [] })).changed).toBe(true)
      const [row] = await box.admin(`select has_function_privilege('${role}', '${schema}.f()', 'EXECUTE')`)
      expect(row?.[0]).toBe(false)
    } finally {
      await client.end()
    }
  })

  test('what a role gets before the lock is taken is revoked in the first attempt', async () => {
    const box = sandbox()
    const scene = await setUp(box)
    const kinds: string[] = []
    const client = await clientThatPauses(
      box,
      async () => undefined,
      () => move(box, scene),
    )
    try {
      await syncRoles(client, { role: scene.role, grants: [] }, { onEvent: ({ kind }) => kinds.push(kind) })
      expect(await canRead(box, scene)).toBe(false)
      expect(kinds).not.toContain('retry')
      expect(kinds).toContain('committed')
    } finally {
      await client.end()
    }
  })
})
