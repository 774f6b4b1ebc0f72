import { afterAll, beforeAll, describe, inject } from 'vitest'
import { type Pairing, pairingInTurn, pairingsFor, pairingsOfOwner } from './pairings.ts'
import { openSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { oldestAndNewest, type TestServer } from '../servers/servers.ts'

type Define = (sandbox: () => Sandbox) => void

const forAll =
  (pairings: (server: TestServer) => readonly Pairing[]) =>
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

/**
 * Defines tests of what is planned, which the drivers have no part in: on each server with one driver, as one acting role,
 * all of them in turn. Those of one driver, server and acting role share a database.
 */
export const conformanceInTurn = (title: string, define: Define): void => forAll(pairingInTurn(title))(define)

/** The same for tests that change the acting role itself: a superuser is one for all tests of a server. */
export const conformanceAsOwner: (define: Define) => void = forAll(pairingsOfOwner)

const isEnd = ({ name }: TestServer): boolean =>
  process.env.PGSR_TEST_PAIRINGS === 'all' ||
  oldestAndNewest(inject('servers')).some((end) => end.name === name)

const atEnds =
  (pairings: (server: TestServer) => readonly Pairing[]) =>
  (server: TestServer): readonly Pairing[] =>
    isEnd(server) ? pairings(server) : []

/**
 * The same with every driver, as a superuser and as one who is none, on the oldest and the newest server, and in turn on
 * those between.
 */
export const conformanceInTurnBetween = (title: string, define: Define): void =>
  forAll((server) => (isEnd(server) ? pairingsFor : pairingInTurn(title))(server))(define)

/**
 * The same with every driver, on the oldest and the newest server only: for how a driver and a server get on with each other,
 * which is the same for all versions between. `PGSR_TEST_PAIRINGS=all` has them on every server.
 */
export const conformanceAtEnds: (define: Define) => void = forAll(atEnds(pairingsFor))

/** The same there in turn, for tests that take long. */
export const conformanceAtEndsInTurn = (title: string, define: Define): void =>
  forAll(atEnds(pairingInTurn(title)))(define)
