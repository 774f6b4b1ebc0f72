import { actorKinds } from '../harness/sandbox/actor.ts'
import { startCluster } from '../harness/servers/cluster.ts'
import { drivers } from '../harness/drivers/drivers.ts'
import { describeServer } from './machine.ts'
import type { Bout, Scenario } from './scenario.ts'
import { scenarios } from './scenario/index.ts'
import { type Combination, openBenchDatabase, type BenchDatabase } from './bench-database.ts'
import { titleOf } from './table.ts'

/** What is to be run. */
export interface Choice {
  readonly majors: readonly number[]
  readonly roles: readonly string[]
  readonly drivers: readonly string[]
  /** Whether a scenario is one of those that are wanted. */
  readonly isChosen: (scenario: Scenario, major: number) => boolean
}

/** What is done with a scenario that is prepared. */
export type Act = (bout: Bout, scenario: Scenario, combination: Combination) => Promise<void>

const combinationsOf = (major: number, { roles, drivers: names }: Choice): readonly Combination[] =>
  actorKinds
    .filter((role) => roles.includes(role))
    .flatMap((role) =>
      drivers.filter(({ name }) => names.includes(name)).map((driver) => ({ major, role, driver })),
    )

const runOne = async (scenario: Scenario, bench: BenchDatabase, act: Act): Promise<void> => {
  const bout = await scenario.prepare(bench)
  await act(bout, scenario, bench).finally(bout.end)
}

/**
 * Runs what is chosen, and tells on which servers. A scenario that fails is told of, and the others go on.
 */
export const run = async (
  choice: Choice,
  say: (text: string) => void,
  act: Act,
): Promise<readonly string[]> => {
  const descriptions: string[] = []
  for (const major of choice.majors) {
    const server = await startCluster(major)
    try {
      const description = await describeServer(server)
      descriptions.push(description)
      say(`\n${description}`)
      for (const combination of combinationsOf(major, choice))
        for (const scenario of scenarios) {
          if (!choice.isChosen(scenario, major) || scenario.isFor?.(combination) === false) continue
          const bench = await openBenchDatabase(server, combination)
          await runOne(scenario, bench, act)
            .catch((error: unknown) => {
              say(`${titleOf(scenario, combination)}: FAILED: ${String(error)}`)
              process.exitCode = 1
            })
            .finally(bench.end)
        }
    } finally {
      await server.stop()
    }
  }
  return descriptions
}
