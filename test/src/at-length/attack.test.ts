import { describe, expect, inject, test } from 'vitest'
import { attempt, drawPlot, plotOf, plotOfEverything, scenarios } from '../../attack/attack.ts'
import { complaint } from '../../attack/describe.ts'
import { isIn } from '../../attack/piece/piece.ts'
import { oldestAndNewest, serversAround16 } from '../../harness/servers/servers.ts'

const servers = inject('servers')
const ends = oldestAndNewest(servers)
const around16 = serversAround16(servers)
const seed = Number(process.env.PGSR_TEST_SEED ?? 1)

// The acting role is a superuser and the owner of the database in turn, and so are the drivers.
describe.for(servers)('$name', (server) => {
  const turn = servers.indexOf(server) + seed

  // One for each server; `npm run attack` draws thousands.
  test('no code in a random world gets other rights than before', { timeout: 300_000 }, async () => {
    const plot = drawPlot(server, seed * 1000 + turn)
    expect(complaint(plot, await attempt(server, plot))).toBe('')
  })

  if (!(process.env.PGSR_TEST_PAIRINGS === 'all' ? around16 : ends).includes(server)) return
  test.for(scenarios.filter((scenario) => isIn(scenario, server.version)))(
    '$title: it runs as nobody',
    { timeout: 300_000 },
    async (scenario) => {
      const plot = plotOf(server, seed + around16.indexOf(server) + scenarios.indexOf(scenario), scenario)
      const result = await attempt(server, plot)
      expect(complaint(plot, result)).toBe('')
      expect(result.unbuilt).toEqual([])
      expect(
        plot.world.places.filter((place) => !result.fired.has(place)),
        'its code has run before the sync, too',
      ).toEqual([])
    },
  )

  if (!ends.includes(server)) return
  test('no code of any sort gets other rights than before', { timeout: 300_000 }, async () => {
    const plot = plotOfEverything(server, turn)
    const result = await attempt(server, plot)
    expect(complaint(plot, result)).toBe('')
    expect(result.unbuilt).toEqual([])
    expect(
      plot.world.places.filter((place) => !result.fired.has(place)),
      'each sort of code has run before the sync',
    ).toEqual([])
    expect(result.needs).toBeGreaterThan(0)
  })
})
