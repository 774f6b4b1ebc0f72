import { writeFile } from 'node:fs/promises'
import { type Profiler, Session } from 'node:inspector'
import { promisify } from 'node:util'
import type { BenchConnections } from './bench-connections.ts'
import { usedBy } from './compare.ts'
import type { Bout } from './scenario.ts'

/** Where the time of a function’s own went, in milliseconds. */
type OwnTimes = ReadonlyMap<string, number>

const placeOf = ({ callFrame: { functionName, url, lineNumber } }: Profiler.ProfileNode): string => {
  const file = /(?:packages|node_modules)\/(?!.*node_modules\/)(.*)$/.exec(url)?.[1] ?? url
  return `${functionName || '(anonymous)'} ${file}${url === '' ? '' : `:${lineNumber + 1}`}`
}

/** To begin and to end a profile takes a while, which is in it. */
const ofProfiler = 'dispatch '

const ownTimes = ({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): OwnTimes => {
  const places = new Map(nodes.map((node) => [node.id, placeOf(node)]))
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const place = places.get(id)!
    if (place === ofProfiler) continue
    times.set(place, (times.get(place) ?? 0) + timeDeltas[index]! / 1000)
  }
  return times
}

/**
 * Runs the subject alone, and says which functions take how much of one run; `(idle)` is the server’s time.
 * @param file where the profile of the last run is put, for a browser’s or an editor’s viewer
 */
export const profile = async (
  { subject }: Bout,
  connections: BenchConnections,
  rounds: number,
  file: string,
): Promise<readonly string[]> => {
  const session = new Session()
  session.connect()
  const post = promisify(session.post.bind(session)) as (method: string) => Promise<unknown>
  await post('Profiler.enable')
  const connection = await connections.at(subject.at)
  const totals = new Map<string, number>()
  for (let round = 0; round <= rounds; round += 1) {
    await subject.before?.(connection)
    await post('Profiler.start')
    const used = usedBy(subject, connection)
    await subject.run(used)
    const { profile: last } = (await post('Profiler.stop')) as Profiler.StopReturnType
    if (used !== connection) await used.end()
    // The first one only gets everything warm.
    if (round === 0) continue
    for (const [place, time] of ownTimes(last)) totals.set(place, (totals.get(place) ?? 0) + time / rounds)
    if (round === rounds) await writeFile(file, JSON.stringify(last))
  }
  session.disconnect()
  return [...totals]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 25)
    .map(([place, time]) => `${time.toFixed(1).padStart(8)} ms  ${place}`)
}
