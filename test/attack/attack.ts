import { actorKinds, type ActorKind } from '../harness/sandbox/actor.ts'
import { drivers } from '../harness/drivers/drivers.ts'
import type { TestServer } from '../harness/servers/servers.ts'
import { randomFrom } from '../race/random.ts'
import { type DrawOptions, drawWorld, everything } from './draw.ts'
import { drawRequest, nothing } from './request.ts'
import { type Scenario, scenarios } from './scenario.ts'
import { roleNames } from './setup.ts'
import { attempt, type Plot, type AttackResult } from './attempt.ts'

let attempts = 0

/** A tag that no other attempt has: roles belong to the whole cluster. */
const nextTag = (): string => `${process.pid.toString(36)}x${(++attempts).toString(36)}`

/** The acting role and the driver change from seed to seed. */
const castOf = (seed: number): Pick<Plot, 'kind' | 'driver'> => ({
  kind: actorKinds[seed % actorKinds.length]!,
  driver: drivers[Math.floor(seed / actorKinds.length) % drivers.length]!,
})

const optionsOf = (server: TestServer, seed: number, kind: ActorKind, tag: string): DrawOptions => ({
  random: randomFrom(seed),
  version: server.version,
  role: roleNames(tag, kind, server),
})

/** Draws what is tried, the same for the same seed. */
export const drawPlot = (server: TestServer, seed: number): Plot => {
  const [tag, cast] = [nextTag(), castOf(seed)]
  const options = optionsOf(server, seed, cast.kind, tag)
  const world = drawWorld(options, options.random.pick([60, 120, 200]))
  const request = drawRequest(options.random, world, options.role)
  return {
    title: `npm run attack -- --major ${Math.floor(server.version / 10_000)} --attempts 1 --seed ${seed}`,
    world,
    request,
    reopens: options.random.chance(0.5),
    tag,
    ...cast,
  }
}

/** A world that has every sort of thing, of which the author is to keep nothing. */
export const plotOfEverything = (server: TestServer, seed: number): Plot => {
  const [tag, cast] = [nextTag(), castOf(seed)]
  const options = optionsOf(server, seed, cast.kind, tag)
  return {
    title: `everything ${seed}`,
    world: everything(options),
    request: nothing(options.role),
    reopens: false,
    tag,
    ...cast,
  }
}

/** What is known to be a way. */
export const plotOf = (server: TestServer, seed: number, scenario: Scenario): Plot => {
  const [tag, cast] = [nextTag(), castOf(seed)]
  const options = optionsOf(server, seed, cast.kind, tag)
  return { title: scenario.title, ...scenario.plot(options), reopens: false, tag, ...cast }
}

export { attempt, scenarios, type Plot, type AttackResult }
