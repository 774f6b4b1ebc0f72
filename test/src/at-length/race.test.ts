import { describe, expect, inject, test } from 'vitest'
import { oldestAndNewest } from '../../harness/servers/servers.ts'
import { race } from '../../race/race.ts'

const seed = Number(process.env.PGSR_TEST_SEED ?? 1)

// `npm run race` does the same with thousands of syncs.
describe.for(oldestAndNewest(inject('servers')))('$name', (server) => {
  test.for([
    ['with syncs in two databases, and outside writers that change the same roles and objects by hand', true],
    ['with syncs in two databases', false],
  ] as const)(
    'every sync succeeds and does what was asked for, %s',
    { timeout: 300_000 },
    async ([, outsideWriters]) => {
      const tag = `${process.pid.toString(36)}_${outsideWriters ? 'd' : 'w'}`
      const result = await race({ server, tag, seed, syncs: 16, outsideWriters })
      expect(result.failures).toEqual([])
      expect(result.wrong).toEqual([])
      expect(result.changed).toBeGreaterThan(0)
      if (outsideWriters) expect(result.disturbances).toBeGreaterThan(0)
      expect(result.dangling).toBe(0)
    },
  )
})
