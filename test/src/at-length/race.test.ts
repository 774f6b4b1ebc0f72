import { describe, expect, inject, test } from 'vitest'
import type { TestServer } from '../../harness/servers/servers.ts'
import { race } from '../../race/race.ts'

const servers = inject('servers')
const before16 = servers.filter(({ version }) => version < 160000)
const from16 = servers.filter(({ version }) => version >= 160000)

/** Memberships have a catalog of another kind from 16 on. */
const raced = new Set(
  [servers.at(0), before16.at(-1), from16.at(0), servers.at(-1)].filter(
    (server): server is TestServer => server !== undefined,
  ),
)

const seed = Number(process.env.PGSR_TEST_SEED ?? 1)

// `npm run race` does the same with thousands of syncs.
describe.for([...raced])('$name', (server) => {
  test.for([
    ['writers in two databases, and somebody who changes the same roles and objects by hand', true],
    ['writers in two databases', false],
  ] as const)(
    '%s: every sync succeeds, and what comes of it is what was asked for',
    { timeout: 300_000 },
    async ([, rogues]) => {
      const tag = `${process.pid.toString(36)}_${rogues ? 'd' : 'w'}`
      const result = await race({ server, tag, seed, syncs: 24, rogues })
      expect(result.failures).toEqual([])
      expect(result.wrong).toEqual([])
      expect(result.changed).toBeGreaterThan(0)
      if (rogues) expect(result.disturbances).toBeGreaterThan(0)
      expect(result.dangling).toBe(0)
    },
  )
})
