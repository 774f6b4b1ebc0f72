import type { BenchConnection } from './bench-connection.ts'
import type { BenchConnections } from './bench-connections.ts'
import type { Bout, Turn } from './scenario.ts'
import type { Traffic } from './wire.ts'

/** How they compare: medians, in milliseconds. */
export interface Comparison {
  readonly floor: number
  readonly subject: number
  /** Another build of pgsr, if one ran beside this one. */
  readonly beside?: number
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

/** The connection that a turn is done on, as long as the caller ends one that is not the one given. */
export const usedBy = ({ on }: Turn, connection: BenchConnection): BenchConnection =>
  on === 'fresh' ? connection.fresh() : connection

const sample = async (turn: Turn, connections: BenchConnections): Promise<Sample> => {
  const connection = await connections.at(turn.at)
  await turn.before?.(connection)
  // The session hears of what others have changed meanwhile.
  await connection.send('select 1')
  connections.counted()
  const begin = performance.now()
  const used = usedBy(turn, connection)
  await turn.run(used)
  const milliseconds = performance.now() - begin
  if (used !== connection) await used.end()
  return { milliseconds, traffic: connections.counted() }
}

/** How often all are done, unless that takes too long. */
export interface Patience {
  readonly rounds: number
  readonly milliseconds: number
  /**
   * For how long all are done before it counts, but at least once if there is more than one round: V8 compiles what is called
   * some hundreds of times, in a service as here.
   */
  readonly warmUp: number
}

/** Ends a warm-up of something quick, which has nothing more to compile then. */
const mostWarmUps = 1000

/** Whose connections the floor and pgsr have, and those of another build of pgsr beside them. */
export interface Sides {
  readonly own: BenchConnections
  readonly beside?: BenchConnections
}

/**
 * Lets all run in turn, so that whatever else the machine does meanwhile is done to all. The libraries for this, such as
 * tinybench and mitata, run all samples of one before the first of the other.
 */
export const compare = async (
  { floor, subject }: Bout,
  { own, beside }: Sides,
  { rounds, milliseconds: patience, warmUp }: Patience,
): Promise<Comparison> => {
  const turns = [
    { turn: floor, connections: own },
    { turn: subject, connections: own },
    ...(beside === undefined ? [] : [{ turn: subject, connections: beside }]),
  ].map((one) => ({ ...one, samples: [] as Sample[] }))
  const warm = performance.now() + warmUp
  const most = rounds > 1 ? mostWarmUps : 0
  for (let times = 0; times < most; times += 1) {
    for (const { turn, connections } of turns) await sample(turn, connections)
    if (performance.now() > warm) break
  }
  const deadline = performance.now() + patience
  for (let round = 0; round < rounds && (round === 0 || performance.now() < deadline); round += 1)
    for (const { turn, connections, samples } of round % 2 === 0 ? turns : turns.toReversed())
      samples.push(await sample(turn, connections))
  const [ofFloor, ofSubject, ofBeside] = turns.map(({ samples }) =>
    median(samples.map(({ milliseconds }) => milliseconds)),
  )
  const ofPgsr = turns[1]!.samples
  return {
    floor: ofFloor!,
    subject: ofSubject!,
    ...(ofBeside !== undefined && { beside: ofBeside }),
    rounds: ofPgsr.length,
    traffic: ofPgsr.at(-1)!.traffic,
  }
}
