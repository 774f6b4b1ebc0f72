import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { actorKinds } from '../harness/sandbox/actor.ts'
import { type Driver, drivers } from '../harness/drivers/drivers.ts'
import type { Build } from './bench-connection.ts'
import { type BenchConnections, directConnections, wiredConnections } from './bench-connections.ts'
import { driversIn, ownCheckout } from './checkout.ts'
import { compare, type Comparison, type Patience, type Sides } from './compare.ts'
import { load, machine } from './machine.ts'
import { planAlone, type Planned } from './planner-alone.ts'
import { profile } from './profile.ts'
import type { Row } from './row.ts'
import { type Act, type Choice, run } from './run.ts'
import { detailsOf, line, plannerLine, tablesOf, titleOf } from './table.ts'
import { isUnderNode } from './under-node.ts'
import { writeInto } from './write.ts'

const help = `
npm run bench [-- options]

Runs each scenario beside its floor, the smallest SQL by hand that does the same, in turn, on servers that it starts. It
prints how the two compare, and how many round trips pgsr makes.

  --only WORDS    scenarios whose names contain all of the words
  --major N       on which server; again for more (15 18, some 16)
  --role WHO      as whom: superuser, or "database owner"; again for more (both)
  --driver NAME   with which driver: pg, or postgres.js; again for more (both)
  --beside DIR    with another checkout of pgsr, which is built, in turn with these two
  --node NODE     under which Node: a major version, or a path (24)
  --quick         fewer rounds
  --profile DIR   says instead in which functions pgsr’s time goes, and puts a profile of each scenario there
  --write FILE    puts the tables into a file, where it has marks for them
`

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    major: { type: 'string', multiple: true },
    role: { type: 'string', multiple: true, default: [...actorKinds] },
    driver: { type: 'string', multiple: true, default: drivers.map(({ name }) => name) },
    beside: { type: 'string' },
    node: { type: 'string', default: '24' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'string' },
    write: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const say = (...lines: readonly string[]): void => console.log(lines.join('\n'))

const words = values.only.split(' ').filter((word) => word !== '')

const hasWords = (name: string): boolean => words.every((word) => name.includes(word))

const isPlanned = (what: Planned['what']): boolean => hasWords(`planner alone, ${what}`)

/** How long everything is under way in each direction, in milliseconds, where there is latency. */
const latency = 5

/** How often a scenario is done at most, and for how long: straight to the server, and with latency. */
const patience = values.quick
  ? {
      direct: { rounds: 5, milliseconds: 5_000, warmUp: 0 },
      wired: { rounds: 1, milliseconds: 5_000, warmUp: 0 },
    }
  : {
      direct: { rounds: Infinity, milliseconds: 12_000, warmUp: 4_000 },
      wired: { rounds: 3, milliseconds: 2_500, warmUp: 0 },
    }

const atMost = (rounds: number, { rounds: most, ...others }: Patience): Patience => ({
  rounds: Math.min(rounds, most),
  ...others,
})

/** Lets this build run beside another one, if there is one. */
const comparing =
  (rows: Row[], others: readonly Driver[]): Act =>
  async (bout, scenario, { major, role, driver }) => {
    const { rounds } = scenario
    const other = others.find(({ name }) => name === driver.name)
    const own: Build = { driver, checkout: ownCheckout }
    const compared = async (
      open: (build: Build) => BenchConnections,
      most: Patience,
    ): Promise<Comparison> => {
      const sides: Sides = {
        own: open(own),
        ...(other !== undefined && { beside: open({ driver: other, checkout: values.beside! }) }),
      }
      return compare(bout, sides, atMost(rounds, most)).finally(async () => {
        await sides.own.end()
        await sides.beside?.end()
      })
    }
    const direct = await compared(directConnections, patience.direct)
    const wired = await compared((build) => wiredConnections(build, latency), patience.wired)
    const row: Row = {
      scenario,
      combination: { major, role, driver },
      direct,
      wired,
      notes: bout.notes ?? [],
    }
    rows.push(row)
    say(line(row))
  }

const profiling =
  (directory: string): Act =>
  async (bout, scenario, combination) => {
    const title = titleOf(scenario, combination)
    const file = join(directory, `${title.replaceAll(/[^\w.]+/g, '-')}.cpuprofile`)
    const connections = directConnections({ driver: combination.driver, checkout: ownCheckout })
    const { rounds } = atMost(scenario.rounds, patience.direct)
    say('', title, ...(await profile(bout, connections, rounds, file).finally(connections.end)))
  }

const choice: Choice = {
  majors: values.major?.map(Number) ?? [15, 16, 18],
  roles: values.role,
  drivers: values.driver,
  isChosen: ({ name, majors = [15, 18] }, major) =>
    hasWords(name) && (values.major !== undefined || majors.includes(major)),
}

const main = async (): Promise<void> => {
  say(machine(), load())
  if (values.profile !== undefined) {
    await mkdir(values.profile, { recursive: true })
    await run(choice, say, profiling(values.profile))
    return
  }
  const rows: Row[] = []
  const planned: Planned[] = []
  const before = load()
  const others = values.beside === undefined ? [] : await driversIn(values.beside)
  const servers = await run(choice, say, comparing(rows, others))
  const checkouts = [ownCheckout, ...(values.beside === undefined ? [] : [values.beside])]
  for await (const one of planAlone(100_000, isPlanned, checkouts)) {
    say(plannerLine(one))
    if (one.checkout === ownCheckout) planned.push(one)
  }
  const texts = {
    ...tablesOf(rows, planned),
    machine: [machine(), ...servers, `${before} when it began, ${load()} when it ended`]
      .map((text) => `* ${text}`)
      .join('\n'),
  }
  say('', ...[...detailsOf(rows), ...Object.values(texts)].flatMap((text) => [text, '']))
  if (values.write !== undefined) await writeInto(values.write, texts)
}

if (values.help) say(help.trim())
else if (await isUnderNode(values.node)) await main()
