import { isDeepStrictEqual } from 'node:util'
import type { TestConnection } from '../harness/servers/servers.ts'
import { type RaceFixture, fixtureOf, build, connect, repair, tearDown } from './race-fixture.ts'
import { holdingAsked, holdingOf } from './holding.ts'
import { randomFrom } from './random.ts'
import { drawMembership, drawRequest, nothing } from './request.ts'
import { runOutsideWriter } from './outside-writer.ts'
import { type Failure, Score } from './score.ts'
import { compete, openWriters, syncOnce, type Writer } from './writer.ts'

export interface RaceOptions {
  readonly server: TestConnection
  /** Part of the names of its roles and databases. */
  readonly tag: string
  readonly seed: number
  /** By all writers together. */
  readonly syncs: number
  /** Whether somebody else changes the same things meanwhile. */
  readonly outsideWriters: boolean
}

export interface RaceResult {
  readonly syncs: number
  readonly changed: number
  /** What the outside writers did meanwhile. */
  readonly disturbances: number
  /** How often something was tried again, by reason. */
  readonly retries: ReadonlyMap<string, number>
  /** How many syncs took how many attempts. */
  readonly attempts: ReadonlyMap<number, number>
  readonly failures: readonly Failure[]
  /** What is not as it should be when all are done. */
  readonly wrong: readonly string[]
  /** Memberships with roles that no longer exist, which a sync left behind. */
  readonly dangling: number
}

/** Syncs once more, undisturbed: then the roles have what was asked for, and nothing else. */
const settle = async (
  writer: Writer,
  { server }: RaceOptions,
  fixture: RaceFixture,
  score: Score,
): Promise<void> => {
  const { pool, random, name, database } = writer
  const request = drawRequest(random, fixture)
  await syncOnce(writer, request, fixture, score)
  const { transactions, skipped, residue } = await pool.planRoles(request.desired, {
    manages: { cluster: request.cluster },
  })
  score.expect(transactions.length === 0, `${name}: there is still something to do`)
  for (const { message } of [...skipped, ...residue]) score.wrong.push(`${name}: ${message}`)
  const client = await connect(server, database)
  for (const desired of request.desired) {
    const [held, asked] = [await holdingOf(client, fixture, desired.role), holdingAsked(desired, fixture)]
    const [is, shouldBe] = request.cluster ? [held, asked] : [held.database, asked.database]
    score.expect(
      isDeepStrictEqual(is, shouldBe),
      `${name}: role ${desired.role} has ${JSON.stringify(is)}, not ${JSON.stringify(shouldBe)}`,
    )
  }
  await client.end()
}

/** What belongs to the cluster is what one of the writers asked for, and no mixture. */
const expectNoMixture = async (
  writers: readonly Writer[],
  { server }: RaceOptions,
  fixture: RaceFixture,
  score: Score,
): Promise<void> => {
  const client = await connect(server, fixture.databases[0])
  for (const role of fixture.roles) {
    const { cluster } = await holdingOf(client, fixture, role)
    const asked = writers.flatMap(({ last }) => (last.has(role) ? [last.get(role)!] : []))
    score.expect(
      asked.length === 0 || asked.some((one) => isDeepStrictEqual(one, cluster)),
      `role ${role} has ${JSON.stringify(cluster)}, which is not one of ${JSON.stringify(asked)}`,
    )
  }
  await client.end()
}

/** One writer in each database syncs, again and again, both at the same time. */
const competeInPairs = async (
  writers: readonly Writer[],
  rounds: number,
  options: RaceOptions,
  fixture: RaceFixture,
  score: Score,
): Promise<void> => {
  const half = writers.length / 2
  for (let round = 0; round < rounds; round += 1) {
    const pair = [writers[round % half]!, writers[half + (round % half)]!]
    const role = fixture.roles[round % fixture.roles.length]!
    await syncOnce(pair[0]!, nothing(fixture), fixture, score)
    await Promise.all(
      pair.map((writer) => syncOnce(writer, drawMembership(writer.random, fixture, role), fixture, score)),
    )
    await expectNoMixture(pair, options, fixture, score)
  }
}

/** Transactions that nobody ended, and locks that nobody gave back. */
const leftQuery = `
  select 'a session is ' || state as what from pg_stat_activity
  where datname = any($1::name[]) and state like 'idle in transaction%'
  union all select 'an advisory lock is held' from pg_locks as l join pg_database as d on d.oid = l.database
  where l.locktype = 'advisory' and d.datname = any($1::name[])`

/** Looks for what should not be there. */
const inspect = async ({ server }: RaceOptions, { databases }: RaceFixture, score: Score): Promise<void> => {
  const client = await connect(server)
  const left = await client.query<{ readonly what: string }>(leftQuery, [databases])
  score.wrong.push(...left.rows.map(({ what }) => what))
  await client.end()
}

const danglingQuery = `
  select count(*) filter (where xmin::text <> all ($1::text[]))::int as dangling from pg_auth_members
  where not (roleid in (select oid from pg_roles) and member in (select oid from pg_roles))
    and (roleid in (select oid from pg_roles where rolname = any($2::name[]))
      or member in (select oid from pg_roles where rolname = any($2::name[])))`

/**
 * Counts the memberships with roles that no longer exist, except those that somebody made by hand: a GRANT that waits for a
 * DROP ROLE of the same role goes on when that has committed.
 */
const countDangling = async (
  { server }: RaceOptions,
  { roles, groups }: RaceFixture,
  byHand: readonly string[],
): Promise<number> => {
  const client = await connect(server)
  const { rows } = await client.query<{ readonly dangling: number }>(danglingQuery, [
    byHand,
    [...roles, ...groups],
  ])
  await client.end()
  return rows[0]!.dangling
}

/** Lets writers, and outside writers if there are to be some, loose on two databases. */
export const race = async (options: RaceOptions): Promise<RaceResult> => {
  const { server, tag, seed, syncs, outsideWriters } = options
  const fixture = fixtureOf(tag)
  await build(server, fixture)
  const writers = openWriters(server, seed, fixture)
  const score = new Score()
  const stop = new AbortController()
  const disturbing = (outsideWriters ? fixture.databases : []).map((database, index) =>
    runOutsideWriter(server, database, randomFrom(seed * 100 + 50 + index), fixture, stop.signal),
  )
  const share = Math.ceil(syncs / writers.length)
  if (outsideWriters) await Promise.all(writers.map((writer) => compete(writer, share, fixture, score)))
  else await competeInPairs(writers, Math.ceil(syncs / 3), options, fixture, score)
  stop.abort()
  const changes = await Promise.all(disturbing)
  const disturbances = changes.reduce((sum, { count }) => sum + count, 0)
  const byHand = changes.flatMap(({ transactions }) => transactions)

  const danglingBefore = await countDangling(options, fixture, byHand)
  await repair(server, fixture)
  for (const writer of writers) await settle(writer, options, fixture, score)
  const dangling = danglingBefore + (await countDangling(options, fixture, []))
  await inspect(options, fixture, score)
  await Promise.all(writers.map(({ pool }) => pool.end()))
  await tearDown(server, fixture)
  const { changed, retries, attempts, failures, wrong } = score
  return { syncs: score.syncs, changed, disturbances, retries, attempts, failures, wrong, dangling }
}
