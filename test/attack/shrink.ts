import type { TestServer } from '../harness/servers/servers.ts'
import { attempt, type Plot } from './attempt.ts'

type Part = 'actions' | 'statements'

const without = (plot: Plot, part: Part, from: number, count: number): Plot => ({
  ...plot,
  world: { ...plot.world, [part]: plot.world[part].toSpliced(from, count) },
})

/** Leaves out as many statements of a sort as it can: half of them at a time, then fewer. */
const shrinkPart = async (server: TestServer, plot: Plot, part: Part, what: string): Promise<Plot> => {
  let least = plot
  let count = plot.world[part].length
  while (count > 1) {
    count = Math.ceil(count / 2)
    for (let from = 0; from < least.world[part].length;) {
      const fewer = without(least, part, from, count)
      const { findings } = await attempt(server, fewer)
      if (findings.some((finding) => finding.what === what)) least = fewer
      else from += count
    }
  }
  return least
}

/** Leaves out what a finding does not need. What others need to be there is not there any more, and does not matter. */
export const shrink = async (server: TestServer, plot: Plot, what: string): Promise<Plot> => {
  const fewer = await shrinkPart(server, plot, 'actions', what)
  return shrinkPart(server, fewer, 'statements', what)
}
