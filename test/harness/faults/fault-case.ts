import { setTimeout as sleep } from 'node:timers/promises'
import { TimeoutError } from '@pgsr/node-postgres'
import type { Pool } from 'pg'
import type { Connected } from '../drivers/drivers.ts'
import { type Fault, type FaultProxy, type Message, startFaultProxy } from './fault-proxy.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { makeTestRoles, statesOf, type TestRole } from './test-role.ts'

/** What happens: a fault, the server ends the session, or the caller does not want the sync any more. */
export type Happening = Fault | 'terminate' | 'abort'

/** What happens to a sync, and at which of its messages. */
export interface FaultCase {
  readonly title: string
  readonly at: (message: Message) => boolean
  readonly happens: Happening
  /** Whether the driver has a connection when the sync begins. */
  readonly connected: boolean
  /** Whether COMMIT may have been sent, and nothing has said that it is done. */
  readonly committing: boolean
}

/** Where syncs run, and what a test role has before and after one that nothing happens to. */
export interface FaultSetup {
  readonly box: Sandbox
  readonly superuser: Pool
  readonly old: string
  readonly now: string
}

/** A pool that things happen to, one after another. */
interface FaultyPool {
  readonly proxy: FaultProxy
  readonly pool: Connected
  /** For each sync, in milliseconds. */
  readonly timeout: number
}

/** How something ended, if it did. */
type Ending =
  | { readonly kind: 'resolves' }
  | { readonly kind: 'rejects'; readonly error: unknown }
  | { readonly kind: 'hangs' }

interface CaseResult {
  readonly faultCase: FaultCase
  readonly testRole: TestRole
  readonly happened: boolean
  readonly ending: Ending
  /** Why the caller did not want the sync any more, if so. */
  readonly reason: unknown
  /** What else was wrong. */
  readonly problems: readonly string[]
}

/** Long after the last timeout. */
const patience = 60_000

const endingOf = (work: Promise<unknown>): Promise<Ending> =>
  Promise.race([
    work.then(
      (): Ending => ({ kind: 'resolves' }),
      (error: unknown): Ending => ({ kind: 'rejects', error }),
    ),
    sleep<Ending>(patience, { kind: 'hangs' }, { ref: false }),
  ])

const textOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error)

/** What is wrong where a pool has to work as if nothing had ever happened to it. */
const wrongPool = async (what: string, work: Promise<unknown>): Promise<readonly string[]> => {
  const ending = await endingOf(work)
  if (ending.kind === 'resolves') return []
  return [`${what} ${ending.kind}${ending.kind === 'rejects' ? ` with ${textOf(ending.error)}` : ''}`]
}

/** The server ends a session, and has done so when this is over. */
const terminate = async ({ superuser }: FaultSetup, backendProcess: number): Promise<void> => {
  await superuser.query('select pg_terminate_backend($1)', [backendProcess])
  const session = 'select from pg_stat_activity where pid = $1'
  while ((await superuser.query(session, [backendProcess])).rowCount !== 0) await sleep(5)
}

const busy = `
  select from pg_stat_activity
  where pid = any($1::int[]) and (state <> 'idle' or pid in (select pid from pg_locks where locktype = 'advisory'))`

/** What sessions still do or hold, once they have had the time to notice that their clients are gone. */
const leftOver = async ({ superuser }: FaultSetup, { proxy }: FaultyPool): Promise<readonly string[]> => {
  for (const deadline = Date.now() + patience; ; await sleep(20)) {
    const { rowCount } = await superuser.query(busy, [proxy.backendProcesses()])
    if (rowCount === 0) return []
    if (Date.now() > deadline) return ['a session is left in a transaction, or with the lock']
  }
}

const isTooEarly = (ending: Ending, proxy: FaultProxy): boolean =>
  !proxy.hasHappened() && ending.kind === 'rejects' && ending.error instanceof TimeoutError

const tryOne = async (
  setup: FaultSetup,
  faulty: FaultyPool,
  faultCase: FaultCase,
  testRole: TestRole,
): Promise<CaseResult> => {
  const { proxy, pool } = faulty
  const { desired, lockKey } = testRole
  const { happens, at } = faultCase
  const abort = new AbortController()
  const does: Readonly<Partial<Record<Happening, (backendProcess: number) => unknown>>> = {
    terminate: (backendProcess) => terminate(setup, backendProcess),
    abort: () => abort.abort(new Error('not wanted any more')),
  }
  const sync = (timeout: number): Promise<Ending> => {
    proxy.expect({ at, happens: does[happens] ?? (happens as Fault) })
    return endingOf(pool.syncRoles(desired, { lockKey, timeout, signal: abort.signal }))
  }
  let ending = await sync(faulty.timeout)
  // On a busy machine the time may be over before anything happens.
  for (let timeout = faulty.timeout; isTooEarly(ending, proxy) && timeout < patience; timeout *= 2)
    ending = await sync(2 * timeout)
  const happened = proxy.hasHappened()
  proxy.heal()
  const left = await leftOver(setup, faulty)
  // What the server said last on a connection, postgres.js tells the first one who uses the next.
  if (happens === 'terminate' && setup.box.driver.library === 'postgres.js')
    await endingOf(pool.run('select 1'))
  const afterwards = await wrongPool('a query afterwards', pool.run('select 1'))
  const problems = [...left, ...afterwards]
  return { faultCase, testRole, happened, ending, reason: abort.signal.reason, problems }
}

/** What is wrong with how a sync ended, and with what it made of the test role. */
const wrongEnding = (
  { old, now }: FaultSetup,
  { faultCase, ending, reason }: CaseResult,
  state: string,
): readonly string[] => {
  if (ending.kind === 'hangs') return ['the sync hangs']
  if (state !== old && state !== now) return [`the role is neither as it was nor as it should be:\n${state}`]
  if (ending.kind === 'resolves') return state === now ? [] : ['the sync resolves, and nothing is changed']
  const said = textOf(ending.error)
  if (faultCase.happens === 'abort' && ending.error !== reason)
    return [`the sync does not say why it ends: ${said}`]
  const { _tag, outcome = 'unchanged' } = ending.error as {
    readonly _tag?: unknown
    readonly outcome?: unknown
  }
  if (faultCase.happens !== 'abort' && _tag !== 'DatabaseError' && _tag !== 'TimeoutError')
    return [`the sync rejects with ${said}`]
  if (outcome === 'unknown') return faultCase.committing ? [] : [`nothing was being committed: ${said}`]
  return state === old ? [] : [`everything is changed, and the error says that nothing is: ${said}`]
}

/**
 * How often a fault case is tried. A sync reads the catalogs once more if others commit something meanwhile, so that it does
 * not always send the message that something is to happen at.
 */
const mostTries = 10

/**
 * Lets things happen one after another, each in a sync of its own. A pool is used until one is to connect. What the last
 * one syncs in the end has to make everybody what they should be.
 */
const tryInTurn = async (
  setup: FaultSetup,
  faultCases: readonly FaultCase[],
  timeout: number,
): Promise<readonly string[]> => {
  const { box, now } = setup
  const proxy = await startFaultProxy(box.connection)
  // One connection, so that one that does not come back is missed.
  const newPool = (): Connected => box.driver.pool(proxy.connection, box.database, 1)
  let pool = newPool()
  const results: CaseResult[] = []
  const unused = [...(await makeTestRoles(box, faultCases.length))]
  for (const faultCase of faultCases) {
    const wasConnected = results.at(-1)?.faultCase.connected === true
    for (let tries = 0; tries < mostTries; tries++) {
      const testRole = unused.pop() ?? (await makeTestRoles(box, 1))[0]!
      if (!faultCase.connected) {
        await endingOf(pool.end())
        pool = newPool()
      } else if (!wasConnected && tries === 0) {
        // What pgsr finds out once about each pool, it has found out about one that is connected.
        const [other] = await makeTestRoles(box, 1)
        await endingOf(pool.syncRoles(other!.desired, { lockKey: other!.lockKey }))
      }
      const result = await tryOne(setup, { proxy, pool, timeout }, faultCase, testRole)
      results.push(result)
      if (result.happened) break
    }
  }
  const testRoles = results.map(({ testRole }) => testRole)
  const states = await statesOf(box, testRoles)
  const desired = testRoles.map((testRole) => testRole.desired)
  const afterwards = await wrongPool(
    'a sync afterwards',
    pool.syncRoles(desired, { lockKey: testRoles[0]!.lockKey }),
  )
  const made = (await statesOf(box, testRoles)).every((state) => state === now)
  await endingOf(pool.end())
  await proxy.end()
  return [
    ...faultCases
      .filter((one) => !results.some(({ faultCase, happened }) => faultCase === one && happened))
      .map(({ title }) => `${title}: it does not happen`),
    ...results.flatMap((result, index) =>
      [...result.problems, ...wrongEnding(setup, result, states[index]!)].map(
        (problem) => `${result.faultCase.title}: ${problem}`,
      ),
    ),
    ...[...afterwards, ...(made ? [] : ['a sync afterwards does not do everything'])].map(
      (problem) => `after ${faultCases.map(({ title }) => title).join(', ')}: ${problem}`,
    ),
  ]
}

/** Behind one that connects comes one that uses the same pool, as long as there are both. */
const alternately = (faultCases: readonly FaultCase[]): readonly FaultCase[] => {
  const connecting = faultCases.filter(({ connected }) => !connected)
  const connected = faultCases.filter((faultCase) => faultCase.connected)
  return faultCases.flatMap((_, index) => [
    ...connecting.slice(index, index + 1),
    ...connected.slice(index, index + 1),
  ])
}

/**
 * Runs each fault case in a sync of its own, and returns all that is wrong then.
 * @param parallel how many syncs are under way at once
 */
export const tryAll = async (
  setup: FaultSetup,
  faultCases: readonly FaultCase[],
  { parallel, timeout }: { readonly parallel: number; readonly timeout: number },
): Promise<readonly string[]> => {
  const partOf = (part: number) => alternately(faultCases.filter((_, index) => index % parallel === part))
  const problems = await Promise.all(
    Array.from({ length: Math.min(parallel, faultCases.length) }, (_, part) =>
      tryInTurn(setup, partOf(part), timeout),
    ),
  )
  return problems.flat()
}
