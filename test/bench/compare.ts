import type { BenchConnections } from './bench-connections.ts'
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

const sample = async ({ at, before, run }: Turn, connections: BenchConnections): Promise<Sample> => {
  const connection = await connections.at(at)
  await before?.(connection)
  // The session hears of what others have changed meanwhile.
  await connection.send('select 1')
  connections.counted()
  const begin = performance.now()
  await run(connection)
  return { milliseconds: performance.now() - begin, traffic: connections.counted() }
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
  connections: BenchConnections,
  { rounds, milliseconds: patience }: Patience,
): Promise<Comparison> => {
  const deadline = performance.now() + patience
  const samples: Readonly<Record<'floor' | 'subject', Sample[]>> = { floor: [], subject: [] }
  if (rounds > 1) for (const turn of [floor, subject]) await sample(turn, connections)
  for (let round = 0; round < rounds && (round === 0 || performance.now() < deadline); round += 1) {
    const order = round % 2 === 0 ? (['floor', 'subject'] as const) : (['subject', 'floor'] as const)
    for (const side of order) samples[side].push(await sample({ floor, subject }[side], connections))
  }
  return {
    floor: median(samples.floor.map(({ milliseconds }) => milliseconds)),
    subject: median(samples.subject.map(({ milliseconds }) => milliseconds)),
    rounds: samples.subject.length,
    traffic: samples.subject.at(-1)!.traffic,
  }
}
