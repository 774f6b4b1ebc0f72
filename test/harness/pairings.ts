import { inject } from 'vitest'
import { type ActorKind, actorKinds } from './actor.ts'
import { type Driver, drivers } from './drivers.ts'
import type { TestServer } from './servers.ts'

/** With which driver, and as whom. */
export interface Pairing {
  readonly name: string
  readonly driver: Driver
  readonly kind: ActorKind
}

const pairing = (driver: Driver, kind: ActorKind): Pairing => ({
  name: `${driver.name} as ${kind}`,
  driver,
  kind,
})

const everyPairing = drivers.flatMap((driver) => actorKinds.map((kind) => pairing(driver, kind)))

/**
 * A server meets every driver and every acting role; which driver goes with which role alternates from server to
 * server. How PostgreSQL is talked to and who talks to it have nothing to do with each other, and all of them together
 * take twice as long: that is for `PGSR_TEST_PAIRINGS=all`.
 */
export const pairingsFor = (server: TestServer): readonly Pairing[] => {
  if (process.env.PGSR_TEST_PAIRINGS === 'all') return everyPairing
  const turn = inject('servers').findIndex(({ name }) => name === server.name)
  return drivers.map((driver, index) => pairing(driver, actorKinds[(turn + index) % actorKinds.length]!))
}

/**
 * One of all pairings on each server, in turn: for what is the planner’s business, and differs by server and acting role
 * only. Tests of different titles begin with different ones, so that every server meets every pairing.
 */
export const pairingInTurn =
  (title: string) =>
  (server: TestServer): readonly Pairing[] => {
    if (process.env.PGSR_TEST_PAIRINGS === 'all') return everyPairing
    const turn = inject('servers').findIndex(({ name }) => name === server.name)
    const first = Array.from(title, (letter) => letter.charCodeAt(0)).reduce((sum, code) => sum + code)
    return [everyPairing[(first + turn) % everyPairing.length]!]
  }

/** The owner of the database on each server, with one driver after the other. */
export const pairingsOfOwner = (server: TestServer): readonly Pairing[] => {
  const all = drivers.map((driver) => pairing(driver, 'database owner'))
  if (process.env.PGSR_TEST_PAIRINGS === 'all') return all
  const turn = inject('servers').findIndex(({ name }) => name === server.name)
  return [all[turn % all.length]!]
}
