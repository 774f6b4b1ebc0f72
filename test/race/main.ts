import { parseArgs } from 'node:util'
import { startCluster } from '../harness/servers/cluster.ts'
import { race, type RaceOptions, type RaceResult } from './race.ts'

const help = `
npm run race [-- options]

Syncs the same roles from eight connections in two databases at once, on PostgreSQL servers that it starts: with somebody
beside who changes the same roles and objects by hand, and then without.

  --syncs N   how many syncs on each server (2000)
  --seed N    what is asked for (1)
  --major N   on which server; again for more (10 15 16 18)
`

const { values } = parseArgs({
  options: {
    syncs: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    major: { type: 'string', multiple: true, default: ['10', '15', '16', '18'] },
    help: { type: 'boolean', default: false },
  },
})

const say = (...lines: readonly string[]): void => console.log(lines.join('\n'))

const counts = <Key extends string | number>(of: ReadonlyMap<Key, number>): readonly string[] =>
  [...of].map(([key, count]) => `  ${String(count).padStart(6)}  ${key}`)

const describe = (result: RaceResult, seconds: number): void => {
  const { syncs, changed, disturbances, retries, attempts, failures, wrong, dangling } = result
  say(
    `${syncs} syncs, of which ${changed} changed something, in ${seconds.toFixed(1)} seconds; ${disturbances} changes by hand`,
    'tried again because of',
    ...counts(new Map([...retries].sort(([, a], [, b]) => b - a))),
    'attempts that a sync took',
    ...[...attempts]
      .sort(([a], [b]) => a - b)
      .map(([number, count]) => `  ${String(count).padStart(6)}  ${number}`),
    `memberships with roles that no longer exist: ${dangling}`,
    ...failures.map(({ what, error }) => `FAILED ${what}: ${String(error)}`),
    ...wrong.map((line) => `WRONG ${line}`),
  )
}

const run = async (title: string, options: RaceOptions): Promise<boolean> => {
  say('', title)
  const begin = performance.now()
  const result = await race(options)
  describe(result, (performance.now() - begin) / 1000)
  return result.failures.length === 0 && result.wrong.length === 0 && result.dangling === 0
}

const main = async (): Promise<void> => {
  const [syncs, seed] = [Number(values.syncs), Number(values.seed)]
  for (const major of values.major.map(Number)) {
    const server = await startCluster(major)
    try {
      const disturbed = await run(`PostgreSQL ${major}, with somebody beside`, {
        server,
        tag: 'd',
        seed,
        syncs,
        outsideWriters: true,
      })
      const alone = await run(`PostgreSQL ${major}, writers only`, {
        server,
        tag: 'w',
        seed,
        syncs,
        outsideWriters: false,
      })
      if (!disturbed || !alone) process.exitCode = 1
    } finally {
      await server.stop()
    }
  }
}

if (values.help) say(help.trim())
else await main()
