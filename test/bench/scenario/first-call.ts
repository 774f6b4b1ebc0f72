import { connectionTo } from '../../harness/servers/servers.ts'
import { type BenchConnection, openConnection } from '../bench-connection.ts'
import { lookOf } from '../by-hand.ts'
import { builtPackage } from '../checkout.ts'
import { makeTables, thirteenGrants, thirteenObjects } from '../desired.ts'
import { firstCall, type FirstCall, type Parts } from '../first-call.ts'
import type { Scenario } from '../scenario.ts'
import { syncChanges } from '../sync.ts'

const desired = [{ role: 'alice', grants: thirteenGrants('app') }]

const packages = { pg: 'node-postgres', 'postgres.js': 'postgres-js' } as const

const byHand = ({ address, build }: BenchConnection, text: string): FirstCall => ({
  library: build.driver.library,
  options: { ...connectionTo(address.connection, address.database), max: 1 },
  desired,
  text,
})

const byPgsr = (connection: BenchConnection, text: string): FirstCall => {
  const { driver, checkout } = connection.build
  return { ...byHand(connection, text), pgsr: builtPackage(checkout, packages[driver.library]) }
}

const told = (parts: Parts): string =>
  (['start', 'import', 'connect', 'call'] as const)
    .map((part) => `${part} ${parts[part].toFixed(0)}`)
    .join(' + ')

/** How often each is run for the note that says what the time is made of. */
const tries = 3

const total = (parts: Parts): number => parts.start + parts.import + parts.connect + parts.call

const fastest = async (call: FirstCall): Promise<Parts> => {
  const all: Parts[] = []
  for (let count = 0; count < tries; count += 1) all.push(await firstCall(call))
  return all.reduce((best, next) => (total(next) < total(best) ? next : best))
}

export const firstCallScenarios: readonly Scenario[] = [
  {
    name: 'first call of a process, nothing to do: 13 grants',
    floor: 'the same with the driver alone, and one look by hand',
    aim: {},
    rounds: 7,
    prepare: async (bench) => {
      const { actor: at } = bench
      await makeTables(bench, 'app', 10)
      const text = lookOf(bench, { roles: ['alice'], ...thirteenObjects('app') })
      const connection = openConnection(bench.driver, at)
      await syncChanges(connection, desired).finally(connection.end)
      const [own, hand] = [await fastest(byPgsr(connection, text)), await fastest(byHand(connection, text))]
      return {
        floor: { at, run: (open) => firstCall(byHand(open, text)) },
        subject: { at, run: (open) => firstCall(byPgsr(open, text)) },
        notes: [`${told(own)} ms; by hand ${told(hand)} ms`],
      }
    },
  },
]
