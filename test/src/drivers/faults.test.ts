import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { makeDelegates } from '../../harness/sandbox/delegates.ts'
import { drivers } from '../../harness/drivers/drivers.ts'
import { type Fault, type Message, startFaultProxy } from '../../harness/faults/fault-proxy.ts'
import { openSandbox, type Sandbox } from '../../harness/sandbox/sandbox.ts'
import { connectionTo, oldestAndNewest } from '../../harness/servers/servers.ts'
import { makeTestRoles, statesOf, type TestRole } from '../../harness/faults/test-role.ts'
import { type Happening, type FaultCase, type FaultSetup, tryAll } from '../../harness/faults/fault-case.ts'

/** Every message on every server, instead of one of each kind on the oldest or the newest one. */
const everything = process.env.PGSR_TEST_FAULTS === 'all'

/** One of how many shares of the others: `3/40` is the fourth of forty. */
const [share = 0, shares = 1] = everything
  ? []
  : (process.env.PGSR_TEST_FAULTS ?? '0/4').split('/').map(Number)

const servers = everything ? inject('servers') : oldestAndNewest(inject('servers'))

/** The messages that pass in a sync that nothing happens to. */
interface Course {
  /** Whether the driver had a connection before. */
  readonly connected: boolean
  readonly messages: readonly Message[]
}

/** Runs a sync that nothing happens to, and takes down what passes, and what it makes of the test role. */
const takeDown = async (box: Sandbox, connected: boolean) => {
  const [other, testRole] = (await makeTestRoles(box, 2)) as [TestRole, TestRole]
  const { desired, lockKey } = testRole
  const [old] = await statesOf(box, [testRole])
  const proxy = await startFaultProxy(box.connection)
  const pool = box.driver.pool(proxy.connection, box.database, 1)
  if (connected) await pool.syncRoles(other.desired, { lockKey: other.lockKey })
  proxy.expect()
  await pool.syncRoles(desired, { lockKey })
  const course: Course = { connected, messages: [...proxy.passed()] }
  await pool.end()
  await proxy.end()
  const [now] = await statesOf(box, [testRole])
  return { old: old!, now: now!, course }
}

/**
 * Takes down a few, and returns the one with the fewest messages: a sync reads the catalogs once more if others commit
 * something meanwhile.
 */
const takeDownShortest = async (box: Sandbox, connected: boolean) => {
  const taken = []
  for (let times = 0; times < 3; times++) taken.push(await takeDown(box, connected))
  return taken.reduce((one, other) =>
    other.course.messages.length < one.course.messages.length ? other : one,
  )
}

const textOf = ({ type, bytes }: Message): string =>
  type === 'Q' ? bytes.toString('utf8', 5, bytes.length - 1) : ''

/** The same up to where the catalogs are read for the first time. */
const connectingOf = ({ messages }: Course): Course => ({
  connected: false,
  messages: messages.slice(
    0,
    messages.findIndex((message) => textOf(message).startsWith('begin isolation level repeatable read')),
  ),
})

const nameOf = (message: Message): string =>
  message.sender === 'frontend'
    ? `frontend’s ${message.number} ${message.type || 'startup'} ${textOf(message).slice(0, 30)}`
    : `backend’s ${message.number} ${message.type}, of turn ${message.turn}`

const isFrontends = ({ sender }: Message): boolean => sender === 'frontend'

const follower = ({ messages }: Course, message: Message): Message | undefined =>
  messages[messages.indexOf(message) + 1]

/** The last message before it is the other side’s turn. */
const endsTurn = (course: Course, message: Message): boolean =>
  follower(course, message)?.sender !== message.sender

/** The first message of an answer. */
const beginsAnswer = ({ messages }: Course, message: Message): boolean =>
  !isFrontends(message) &&
  messages.find(({ sender, turn }) => sender === 'backend' && turn === message.turn) === message

/** The first of its type in an answer is as good as those behind it. */
const isFirstOfType = ({ messages }: Course, message: Message): boolean =>
  isFrontends(message) ||
  messages.find(({ turn, type }) => turn === message.turn && type === message.type) === message

const isRepresentative = (course: Course, message: Message): boolean =>
  everything || isFirstOfType(course, message)

/** Where each fault may happen. A fault after a message is one before the next message, unless that message is the last. */
const places: Readonly<Record<Happening, (course: Course, message: Message) => boolean>> = {
  'cut before': isRepresentative,
  truncate: (course, message) => everything || endsTurn(course, message),
  'cut after': endsTurn,
  stall: (_, message) => isFrontends(message),
  'stall frontend': (_, message) => isFrontends(message),
  'stall backend': (course, message) => beginsAnswer(course, message) || endsTurn(course, message),
  terminate: endsTurn,
  abort: (course, message) =>
    isFrontends(message) || beginsAnswer(course, message) || endsTurn(course, message),
}

/** What lets the message itself pass. */
const passes: ReadonlySet<Happening> = new Set(['cut after', 'terminate', 'abort'])

/**
 * While postgres.js asks for the types of a database, as it does on its first connection, it rejects a promise that
 * nobody waits for when that is lost, and never says whether it has got another.
 */
const isAboutTypes = ({ messages }: Course, { turn }: Message): boolean =>
  messages.some((message) => isFrontends(message) && message.turn === turn && /^[PBDES]$/.test(message.type))

const pointsAt =
  (commit: number, course: Course) =>
  (happens: Happening): readonly FaultCase[] =>
    course.messages
      .filter((message) => places[happens](course, message))
      .flatMap((message) => {
        const { sender, number, turn, type } = message
        const next = (passes.has(happens) && follower(course, message)) || message
        if (isAboutTypes(course, message) || isAboutTypes(course, next)) return []
        return {
          title: `${happens} at the ${nameOf(message)}${course.connected ? '' : ', while connecting'}`,
          at: (passing: Message) =>
            passing.sender === sender &&
            passing.turn === turn &&
            passing.number === number &&
            passing.type === type,
          happens,
          connected: course.connected,
          committing: course.connected && next.turn >= commit,
        }
      })

describe.for(servers)('$name', (server) => {
  describe.for(drivers)('$name', (driver) => {
    let box: Sandbox
    let setup: FaultSetup
    let superuser: pg.Pool
    let course: Course
    let connecting: Course
    const uncaught: unknown[] = []
    const remember = (error: unknown): void => {
      uncaught.push(error)
    }

    beforeAll(async () => {
      process.on('uncaughtException', remember).on('unhandledRejection', remember)
      box = await openSandbox(server, driver, 'database owner')
      superuser = new pg.Pool(connectionTo(server))
      await makeDelegates(box)
      const model = await takeDownShortest(box, true)
      course = model.course
      connecting = connectingOf((await takeDownShortest(box, false)).course)
      setup = { box, superuser, old: model.old, now: model.now }
    })
    afterAll(async () => {
      process.off('uncaughtException', remember).off('unhandledRejection', remember)
      await superuser.end()
      await box.end()
    })

    /** Between servers the fault cases alternate, as they do between shares. */
    const casesOf = (...happenings: readonly Happening[]): readonly FaultCase[] => {
      const commit = course.messages.find((message) => /\bcommit$/i.test(textOf(message)))!.number
      const points = [connecting, course]
        .flatMap((one) => happenings.flatMap(pointsAt(commit, one)))
        .filter((_, index) => everything || index % servers.length === servers.indexOf(server))
      // No share is empty.
      const parts = Math.min(shares, points.length)
      return points.filter((_, index) => index % parts === share % parts)
    }

    test('a sync sends and receives messages of every type', () => {
      const types = new Set([...connecting.messages, ...course.messages].map(({ type }) => type))
      expect([...types]).toEqual(expect.arrayContaining(['', 'R', 'S', 'K', 'Z', 'Q', 'T', 'D', 'C']))
    })

    const themes: readonly (readonly [string, number, readonly Happening[]])[] = [
      ['the connection is lost', 3, ['cut before', 'truncate', 'cut after']],
      ['the network stalls', 8, ['stall', 'stall frontend', 'stall backend']],
      ['the server ends the session', 2, ['terminate']],
      ['the caller aborts it', 2, ['abort']],
    ]
    test.concurrent.for(themes)(
      'all or nothing is done, and the pool still works, when %s',
      { timeout: 600_000 },
      async ([, parallel, happenings], { annotate }) => {
        const faultCases = casesOf(...happenings)
        await annotate(`${faultCases.length} fault cases`)
        const timeout = happenings.includes('stall') ? 2_000 : 30_000
        expect(await tryAll(setup, faultCases, { parallel, timeout })).toEqual([])
      },
    )

    test('no promise is rejected that nobody waits for', () => {
      expect(uncaught).toEqual([])
    })
  })
})

/** The message with ROLLBACK, not with ROLLBACK TO SAVEPOINT. */
const rollback = (message: Message): boolean => /^rollback$/i.test(textOf(message))

describe.for(servers)('$name', (server) => {
  describe.for(drivers)('$name', (driver) => {
    let box: Sandbox
    beforeAll(async () => {
      box = await openSandbox(server, driver, 'database owner')
    })
    afterAll(() => box.end())

    /** Whenever anybody grants something. */
    const whenGranted = async (body: string): Promise<() => Promise<unknown>> => {
      const trigger = box.name('trigger')
      await box.admin(`
        create function public.${trigger}() returns event_trigger language plpgsql as $$ begin ${body}; end $$;
        create event trigger ${trigger} on ddl_command_end when tag in ('GRANT') execute procedure public.${trigger}()`)
      return () => box.admin(`drop event trigger ${trigger}; drop function public.${trigger}()`)
    }

    const oneTestRole = async (): Promise<TestRole> => {
      const [testRole] = await makeTestRoles(box, 1)
      return testRole!
    }

    test.for<Fault>(['cut before', 'stall'])(
      'the error says what went wrong first if ROLLBACK fails too, by %s',
      async (happens) => {
        const { desired, lockKey } = await oneTestRole()
        const proxy = await startFaultProxy(box.connection)
        const pool = box.driver.pool(proxy.connection, box.database, 1)
        const stop = await whenGranted(`raise exception 'not today'`)
        proxy.expect({ at: rollback, happens })
        await expect(pool.syncRoles(desired, { lockKey, timeout: 30_000 })).rejects.toMatchObject({
          _tag: 'DatabaseError',
          sqlState: 'P0001',
          outcome: 'unchanged',
        })
        expect(proxy.hasHappened()).toBe(true)
        proxy.heal()
        await stop()
        await pool.run('select 1')
        expect((await pool.syncRoles(desired, { lockKey })).changed).toBe(true)
        await pool.end()
        await proxy.end()
      },
    )

    /** What the acting role has running or open, except on connections that wait for what is next. */
    const busy = (): Promise<readonly unknown[]> =>
      box.admin(
        `select query from pg_stat_activity where datname = '${box.database}' and usename = '${box.actor}' and state <> 'idle'`,
      )

    const holding = async (statement: string): Promise<() => Promise<unknown>> => {
      const client = new pg.Client(connectionTo(server, box.database))
      await client.connect()
      await client.query(`begin; ${statement}`)
      return () => client.end()
    }

    /** What a sync may wait for, and how the server says that it does. */
    const obstacles: readonly {
      readonly name: string
      readonly waitsFor: string
      readonly lay: (testRole: TestRole) => Promise<() => Promise<unknown>>
    }[] = [
      {
        name: 'a table that somebody has locked',
        waitsFor: 'Lock',
        lay: ({ id }) => holding(`lock table s_${id}.given`),
      },
      {
        name: 'the lock of another sync',
        waitsFor: 'Lock',
        lay: ({ lockKey }) => holding(`select pg_advisory_xact_lock(${lockKey})`),
      },
    ]
    const ends = [{ how: 'is aborted' }, { how: 'takes too long' }]
    test.for(obstacles.flatMap((obstacle) => ends.map((end) => ({ ...obstacle, ...end }))))(
      'when a sync that waits for $name $how, its statement ends on the server',
      async ({ how, waitsFor, lay }) => {
        const testRole = await oneTestRole()
        const [old] = await statesOf(box, [testRole])
        const remove = await lay(testRole)
        const pool = box.driver.pool(box.connection, box.database, 1)
        const abort = new AbortController()
        const reason = new Error('not wanted any more')
        const aborted = how === 'is aborted'
        const syncing = pool.syncRoles(testRole.desired, {
          lockKey: testRole.lockKey,
          lockTimeout: 0,
          ...(aborted ? { signal: abort.signal, timeout: 0 } : { timeout: 1_000 }),
        })
        const ending = expect(syncing).rejects
        const waiting = async (): Promise<boolean> => {
          const query = `select from pg_stat_activity where usename = '${box.actor}' and wait_event_type = '${waitsFor}'`
          return (await box.admin(query)).length > 0
        }
        if (aborted) while (!(await waiting())) await sleep(10)
        abort.abort(reason)
        await (aborted
          ? ending.toBe(reason)
          : ending.toMatchObject({ _tag: 'TimeoutError', timeout: 1_000, outcome: 'unchanged' }))
        expect(await busy()).toEqual([])
        expect(await statesOf(box, [testRole])).toEqual([old])
        await pool.run('select 1')
        await remove()
        expect((await pool.syncRoles(testRole.desired)).changed).toBe(true)
        await pool.end()
      },
    )
  })
})
