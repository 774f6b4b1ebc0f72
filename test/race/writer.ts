import type { DropUnusedRolesOptions, SyncEvent, SyncRolesOptions } from '@pgsr/node-postgres'
import { type Connected, drivers } from '../harness/drivers/drivers.ts'
import type { TestConnection } from '../harness/servers/servers.ts'
import type { RaceFixture } from './race-fixture.ts'
import { type Holding, holdingAsked } from './holding.ts'
import { type Random, randomFrom } from './random.ts'
import { drawRequest, type RaceRequest } from './request.ts'
import type { Score } from './score.ts'

/** Somebody who syncs the roles, in one of the databases. */
export interface Writer {
  readonly name: string
  readonly database: string
  readonly pool: Connected
  readonly random: Random
  /** By role, what of the last that it asked for belongs to the cluster. */
  readonly last: Map<string, Holding['cluster']>
}

/** Four in each database, half of them with each driver. */
export const openWriters = (
  server: TestConnection,
  seed: number,
  { databases }: RaceFixture,
): readonly Writer[] =>
  databases.flatMap((database, place) =>
    [...drivers, ...drivers].map((driver, index): Writer => ({
      name: `${driver.name} in ${database}, writer ${place * 4 + index + 1}`,
      database,
      pool: driver.pool(server, database, 2),
      random: randomFrom(seed * 100 + place * 4 + index),
      last: new Map(),
    })),
  )

/** Nothing is given up for taking long: how busy the machine is does not matter. */
const patient = { attempts: 20, lockTimeout: 0, timeout: 0 } satisfies DropUnusedRolesOptions &
  SyncRolesOptions

/**
 * Stops this process for a moment, before a transaction is committed: meanwhile servers do what they were told by the
 * other writers, so that some of these have proved theirs too.
 */
const hesitate = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30)
}

/** Syncs, and takes no error for an answer. */
export const syncOnce = async (
  writer: Writer,
  request: RaceRequest,
  fixture: RaceFixture,
  score: Score,
): Promise<void> => {
  const { name, pool, last } = writer
  const { desired, cluster } = request
  let attempts = 1
  const onEvent = (event: SyncEvent): void => {
    if (event.kind === 'proved') hesitate()
    if (event.kind !== 'retry') return
    attempts += 1
    score.retried(event.reason)
  }
  const options = { ...patient, manages: { cluster }, onEvent, onResidue: 'report' } as const
  const changed = await pool.syncRoles(desired, options).then(
    (result) => result.changed,
    (error: unknown) => {
      score.failed(name, error)
      return false
    },
  )
  score.synced(attempts, changed)
  if (cluster) for (const one of desired) last.set(one.role, holdingAsked(one, fixture).cluster)
}

/** Syncs again and again; now and then it plans, and drops unused roles. */
export const compete = async (
  writer: Writer,
  syncs: number,
  fixture: RaceFixture,
  score: Score,
): Promise<void> => {
  const { pool, random, name } = writer
  const failed = (error: unknown): void => score.failed(name, error)
  for (let count = 0; count < syncs; count += 1) {
    const request = drawRequest(random, fixture)
    await syncOnce(writer, request, fixture, score)
    if (random.chance(0.1))
      await pool
        .planRoles(request.desired, { manages: { cluster: request.cluster }, timeout: 0 })
        .catch(failed)
    if (random.chance(0.05)) await pool.dropUnusedRoles(patient).catch(failed)
  }
}
