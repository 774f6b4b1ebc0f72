import { inject } from 'vitest'
import { type ActorKind, actorKinds } from '../sandbox/actor.ts'
import { type Driver, doors, drivers } from './drivers.ts'
import { oldestAndNewest, type TestServer } from '../servers/servers.ts'

/** Through which door of which driver, and as whom. */
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

const everyPairing = doors.flatMap((driver) => actorKinds.map((kind) => pairing(driver, kind)))

/** Which of some servers it is, all unless said otherwise. */
const turnOf = (server: TestServer, among: readonly TestServer[] = inject('servers')): number =>
  among.findIndex(({ name }) => name === server.name)

/**
 * The oldest and the newest server meet each driver by one of its doors and as one acting role: which ones alternates
 * between them. How PostgreSQL is talked to and who talks to it have nothing to do with each other, and all of them
 * together take four times as long: that is for `PGSR_TEST_PAIRINGS=all`.
 */
export const pairingsFor = (server: TestServer): readonly Pairing[] => {
  if (process.env.PGSR_TEST_PAIRINGS === 'all') return everyPairing
  const end = oldestAndNewest(inject('servers')).findIndex(({ name }) => name === server.name)
  return drivers.map(({ library }, index) => {
    const itsDoors = doors.filter((door) => door.library === library)
    const turn = end + index
    return pairing(itsDoors[turn % itsDoors.length]!, actorKinds[turn % actorKinds.length]!)
  })
}

/** A number that is another one for most other titles. */
export const numberOf = (title: string): number =>
  Array.from(title, (letter) => letter.charCodeAt(0)).reduce((sum, code) => sum + code, 0)

/**
 * One of all pairings on each server, in turn: for what is the planner’s business, and differs by server and acting role
 * only. Tests of different titles begin with different ones. There are eight pairings: of nine servers, which is the default,
 * the oldest and the newest meet the same one, so that a test on only these two meets only one.
 */
export const pairingInTurn =
  (title: string, among?: readonly TestServer[]) =>
  (server: TestServer): readonly Pairing[] => {
    if (process.env.PGSR_TEST_PAIRINGS === 'all') return everyPairing
    return [everyPairing[(numberOf(title) + turnOf(server, among)) % everyPairing.length]!]
  }

/** One pairing of each acting role on each server, in turn, for what takes its time anyway. */
export const pairingsOfEachKind =
  (title: string, among?: readonly TestServer[]) =>
  (server: TestServer): readonly Pairing[] => {
    const [first] = pairingInTurn(title, among)(server)
    return actorKinds.map((kind) => pairing(first!.driver, kind))
  }

/** The owner of the database on each of some servers, through one door after the other. */
export const pairingsOfOwner =
  (among: readonly TestServer[]) =>
  (server: TestServer): readonly Pairing[] => {
    const all = doors.map((driver) => pairing(driver, 'database owner'))
    if (process.env.PGSR_TEST_PAIRINGS === 'all') return all
    return [all[turnOf(server, among) % all.length]!]
  }
