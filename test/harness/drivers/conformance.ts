import { afterAll, beforeAll, describe, inject } from 'vitest'
import { numberOf, type Pairing, pairingInTurn, pairingsFor, pairingsOfOwner } from './pairings.ts'
import { openSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { oldestAndNewest, serversAround16, type TestServer } from '../servers/servers.ts'

type Define = (sandbox: () => Sandbox) => void

type Pairings = (server: TestServer) => readonly Pairing[]

const forAll =
  (pairings: Pairings) =>
  (define: Define): void =>
    describe.for(inject('servers').filter((server) => pairings(server).length > 0))('$name', (server) =>
      describe.for(pairings(server))('$name', ({ driver, kind }) => {
        let sandbox: Sandbox | undefined
        beforeAll(async () => {
          sandbox = await openSandbox(server, driver, kind)
        })
        afterAll(() => sandbox?.end())
        define(() => {
          if (sandbox === undefined) throw new Error('the sandbox is there only while a test runs')
          return sandbox
        })
      }),
    )

const isAmong = (servers: readonly TestServer[], { name }: TestServer): boolean =>
  servers.some((server) => server.name === name)

/** Only on some of the servers. `PGSR_TEST_PAIRINGS=all` has everything on all of them. */
const only =
  (chosen: readonly TestServer[], pairings: Pairings): Pairings =>
  (server) =>
    process.env.PGSR_TEST_PAIRINGS === 'all' || isAmong(chosen, server) ? pairings(server) : []

const around16 = serversAround16(inject('servers'))
const others = inject('servers').filter((server) => !isAmong(around16, server))

/** One of some servers. Tests of different titles have different ones. */
const inTurn = (title: string, servers: readonly TestServer[]): readonly TestServer[] =>
  servers.slice(numberOf(title) % servers.length).slice(0, 1)

/**
 * Defines tests of what is planned, which the drivers have no part in: on the servers around 16 and on one of the others,
 * with one driver, as one acting role, all of them in turn. Those of one driver, server and acting role share a database.
 */
export const conformanceInTurn = (title: string, define: Define): void =>
  forAll(only([...around16, ...inTurn(title, others)], pairingInTurn(title)))(define)

/**
 * The same, for what does not depend on which objects and privileges a version has, on two of the servers around 16: one before
 * and one after. Tests of different titles have different ones.
 */
export const conformanceAround16 = (title: string, define: Define): void => {
  const [before, after] = [false, true].map((isAfter) =>
    inTurn(
      title,
      around16.filter(({ version }) => version >= 160_000 === isAfter),
    ),
  ) as [readonly TestServer[], readonly TestServer[]]
  const two = [...before, ...after]
  forAll(only(two, pairingInTurn(title, two)))(define)
}

/** The same there, for tests that change the acting role itself: a superuser is one for all tests of a server. */
export const conformanceAsOwner: (define: Define) => void = forAll(only(around16, pairingsOfOwner(around16)))

const since16 = inject('servers').filter(({ version }) => version >= 160_000)

/** The same on every server from 16 on, for what only an acting role has that administers what it has created. */
export const conformanceAsOwnerSince16 = (define: Define): void =>
  forAll((server) => (isAmong(since16, server) ? pairingsOfOwner(since16)(server) : []))(define)

const ends = oldestAndNewest(inject('servers'))

/**
 * The same with every driver, as a superuser or as the owner of the database, on the oldest and the newest server, and in
 * turn on those between.
 */
export const conformanceInTurnBetween = (title: string, define: Define): void =>
  forAll((server) => (isAmong(ends, server) ? pairingsFor : pairingInTurn(title))(server))(define)

/**
 * The same with every driver, on the oldest and the newest server only: for how a driver and a server get on with each other,
 * which is the same for all versions between.
 */
export const conformanceAtEnds: (define: Define) => void = forAll(only(ends, pairingsFor))

/** The same there in turn, for tests that take long. */
export const conformanceAtEndsInTurn = (title: string, define: Define): void =>
  forAll(only(ends, pairingInTurn(title)))(define)
