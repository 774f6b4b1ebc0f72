import { parseArgs } from 'node:util'
import { startCluster } from '../harness/servers/cluster.ts'
import type { TestServer } from '../harness/servers/servers.ts'
import { attempt, drawPlot, type Plot, plotOf, plotOfEverything, scenarios } from './attack.ts'
import { describePlot, describeResult } from './describe.ts'
import { isIn } from './piece/piece.ts'
import { shrink } from './shrink.ts'

const help = `
npm run attack [-- options]

Draws worlds in which roles own code of every sort, takes it from them by a sync, and does everything that the former
owners, others and administrators may do then. Says which code ran with rights that it must not have.

  --seconds N   how long on each server (600)
  --attempts N  how many attempts at most
  --seed N      what is drawn; that of each attempt is one more (1)
  --major N     on which server; again for more (10 14 18)
  --shrink      leaves out what a finding does not need, which takes a while
`

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    attempts: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    major: { type: 'string', multiple: true, default: ['10', '14', '18'] },
    shrink: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const say = (...lines: readonly string[]): void => console.log(lines.join('\n'))

/** What has been found so far, so that each is told once. */
const told = new Set<string>()

const withoutNumbers = (text: string): string => text.replaceAll(/_?\d+/g, '')

const tell = async (server: TestServer, plot: Plot): Promise<readonly string[]> => {
  const result = await attempt(server, plot)
  const all = [...result.findings.map(({ what }) => what), ...result.failures.map(withoutNumbers)]
  if (all.length === 0) return []
  process.exitCode = 1
  const first = result.findings.filter(({ what }) => !told.has(what))
  const failures = result.failures.filter((failure) => !told.has(withoutNumbers(failure)))
  if (first.length === 0 && failures.length === 0) return all
  say('', describeResult(plot, { ...result, findings: first, failures }))
  for (const failure of failures) told.add(withoutNumbers(failure))
  if (values.shrink)
    for (const { what } of first)
      say(`  needs no more, for: ${what}`, describePlot(await shrink(server, plot, what)))
  for (const { what } of first) told.add(what)
  return all
}

const attack = async (server: TestServer): Promise<void> => {
  const until = performance.now() + Number(values.seconds) * 1000
  const first = Number(values.seed)
  const counts = new Map<string, number>()
  const count = (all: readonly string[]): void => {
    for (const one of all) counts.set(one, (counts.get(one) ?? 0) + 1)
  }
  if (values.attempts === 'Infinity') {
    for (const scenario of scenarios.filter((one) => isIn(one, server.version)))
      for (const seed of [0, 1]) count(await tell(server, plotOf(server, seed, scenario)))
    for (const seed of [0, 1]) {
      const plot = plotOfEverything(server, seed)
      count(await tell(server, plot))
    }
  }
  let attempts = 0
  while (attempts < Number(values.attempts) && performance.now() < until) {
    count(await tell(server, drawPlot(server, first + attempts)))
    attempts += 1
  }
  say('', `${server.name}: ${attempts} attempts`)
  for (const [what, times] of [...counts].toSorted(([, a], [, b]) => b - a))
    say(`  ${String(times).padStart(6)}  ${what}`)
}

const main = async (): Promise<void> => {
  for (const major of values.major.map(Number)) {
    const cluster = await startCluster(major)
    try {
      await attack({ ...cluster, name: `PostgreSQL ${major}`, version: major * 10_000 })
    } finally {
      await cluster.stop()
    }
  }
}

if (values.help) say(help.trim())
else await main()
