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
    ['with syncs in two databases, and outside writers that change the same roles and objects by hand', true],
    ['with syncs in two databases', false],
  ] as const)(
    '%s, every sync succeeds and does what was asked for',
    { timeout: 300_000 },
    async ([, outsideWriters]) => {
      const tag = `${process.pid.toString(36)}_${outsideWriters ? 'd' : 'w'}`
      const result = await race({ server, tag, seed, syncs: 24, outsideWriters })
      expect(result.failures).toEqual([])
      expect(result.wrong).toEqual([])
      expect(result.changed).toBeGreaterThan(0)
      if (outsideWriters) expect(result.disturbances).toBeGreaterThan(0)
      expect(result.dangling).toBe(0)
    },
  )
})
