import type { Lanes } from './bench-connections.ts'
import type { Bout, Turn } from './scenario.ts'
import type { Traffic } from './wire.ts'

/** How the two compare: medians, in milliseconds. */
export interface Comparison {
  readonly floor: number
  readonly subject: number
  readonly rounds: number
  /** What one run of the subject sent. */
  readonly traffic: Traffic
}

interface Sample {
  readonly milliseconds: number
  readonly traffic: Traffic
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2
}

const sample = async ({ at, before, run }: Turn, lanes: Lanes): Promise<Sample> => {
  const lane = await lanes.at(at)
  await before?.(lane)
  // The session hears of what others have changed meanwhile.
  await lane.send('select 1')
  lanes.counted()
  const begin = performance.now()
  await run(lane)
  return { milliseconds: performance.now() - begin, traffic: lanes.counted() }
}

/** How often both are done, unless that takes too long. */
export interface Patience {
  readonly rounds: number
  readonly milliseconds: number
}

/**
 * Lets both run in turn, so that whatever else the machine does meanwhile is done to both. The libraries for this, such as
 * tinybench and mitata, run all samples of one before the first of the other.
 */
export const compare = async (
  { floor, subject }: Bout,
  lanes: Lanes,
  { rounds, milliseconds: patience }: Patience,
): Promise<Comparison> => {
  const deadline = performance.now() + patience
  const samples: Readonly<Record<'floor' | 'subject', Sample[]>> = { floor: [], subject: [] }
  if (rounds > 1) for (const turn of [floor, subject]) await sample(turn, lanes)
  for (let round = 0; round < rounds && (round === 0 || performance.now() < deadline); round += 1) {
    const order = round % 2 === 0 ? (['floor', 'subject'] as const) : (['subject', 'floor'] as const)
    for (const side of order) samples[side].push(await sample({ floor, subject }[side], lanes))
  }
  return {
    floor: median(samples.floor.map(({ milliseconds }) => milliseconds)),
    subject: median(samples.subject.map(({ milliseconds }) => milliseconds)),
    rounds: samples.subject.length,
    traffic: samples.subject.at(-1)!.traffic,
  }
}
