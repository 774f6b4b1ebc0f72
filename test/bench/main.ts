import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { actorKinds } from '../harness/sandbox/actor.ts'
import { drivers } from '../harness/drivers/drivers.ts'
import { compare, type Patience } from './compare.ts'
import { directConnections, wiredConnections } from './bench-connections.ts'
import { load, machine } from './machine.ts'
import { planAlone, type Planned } from './planner-alone.ts'
import { profile } from './profile.ts'
import type { Row } from './row.ts'
import { type Act, type Choice, run } from './run.ts'
import { line, plannerLine, tablesOf, titleOf } from './table.ts'
import { writeInto } from './write.ts'

const help = `
npm run bench [-- options]

Runs each scenario beside what PostgreSQL itself needs for it, in turn, on servers that it starts, and prints how the two
compare, and how many round trips pgsr makes.

  --only WORDS    scenarios whose names contain all of the words
  --major N       on which server; again for more (15 18, some 16)
  --role WHO      as whom: superuser, or "database owner"; again for more (both)
  --driver NAME   with which driver: pg, or postgres.js; again for more (both)
  --quick         fewer rounds, and facts
  --profile DIR   says instead in which functions pgsr’s time goes, and puts a profile of each scenario there
  --write FILE    puts the tables into a file, where it has marks for them
`

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    major: { type: 'string', multiple: true },
    role: { type: 'string', multiple: true, default: [...actorKinds] },
    driver: { type: 'string', multiple: true, default: drivers.map(({ name }) => name) },
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
  ? { direct: { rounds: 5, milliseconds: 5_000 }, wired: { rounds: 1, milliseconds: 5_000 } }
  : { direct: { rounds: Infinity, milliseconds: 5_000 }, wired: { rounds: 3, milliseconds: 2_500 } }

const atMost = (rounds: number, { rounds: most, milliseconds }: Patience): Patience => ({
  rounds: Math.min(rounds, most),
  milliseconds,
})

const comparing =
  (rows: Row[]): Act =>
  async (bout, scenario, { major, role, driver }) => {
    const { rounds } = scenario
    const [straight, slow] = [directConnections(driver), wiredConnections(driver, latency)]
    const direct = await compare(bout, straight, atMost(rounds, patience.direct)).finally(straight.end)
    const wired = await compare(bout, slow, atMost(rounds, patience.wired)).finally(slow.end)
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
    const connections = directConnections(combination.driver)
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
  const servers = await run(choice, say, comparing(rows))
  for await (const one of planAlone(values.quick ? 100_000 : 1_000_000, isPlanned)) {
    planned.push(one)
    say(plannerLine(one))
  }
  const texts = {
    ...tablesOf(rows, planned),
    machine: [machine(), ...servers, `${before} when it began, ${load()} when it ended`]
      .map((text) => `* ${text}`)
      .join('\n'),
  }
  say('', ...Object.values(texts).flatMap((text) => [text, '']))
  if (values.write !== undefined) await writeInto(values.write, texts)
}

if (values.help) say(help.trim())
else await main()
