import { type Plan, planRoles, syncRoles } from '@pgsr/node-postgres'
import pg from 'pg'
import { createOwner } from '../harness/sandbox/actor.ts'
import { connectionTo, type TestConnection } from '../harness/servers/servers.ts'
import { randomFrom } from '../race/random.ts'
import { goalsOf } from './goal.ts'
import { drawRequest } from './request.ts'
import { findWays, type Way } from './search.ts'
import { reader } from './state.ts'
import { drawWorld, dropWorld, makeWorld, type World } from './world.ts'

export interface PermittedOptions {
  readonly server: TestConnection & { readonly version: number }
  /** Makes the names of databases and roles. */
  readonly tag: string
  readonly seed: number
  readonly worlds: number
  /** Told after each world. */
  readonly onWorld?: (number: number) => void
}

export interface PermittedResult {
  readonly worlds: number
  /** What plans did not do, and in how many worlds there was something of it. */
  readonly goals: number
  readonly worldsWithGoals: number
  /** In words: what could have been done, or what went wrong. */
  readonly findings: readonly string[]
}

/** Who is a superuser, or would become a member of itself, is not synced. */
const isRefused = (error: unknown): boolean =>
  error instanceof Error && ['ForbiddenRoleError', 'InvalidGrantError'].includes(error.name)

const describe = (world: World, desired: unknown, lines: readonly string[]): string =>
  [
    ...world.statements.map((text) => `  ${text};`),
    `  asked for by ${world.names.acting}: ${JSON.stringify(desired)}`,
    ...lines.map((line) => `  ${line}`),
  ].join('\n')

const describeWay = (way: Way): readonly string[] => way.map(({ as, text }) => `  as ${as}: ${text}`)

/**
 * Syncs roles in random worlds as a role that may create roles and owns the database, and looks for ways to what the
 * plans say cannot be done.
 */
export const findPermitted = async (options: PermittedOptions): Promise<PermittedResult> => {
  const { server, tag, seed, worlds, onWorld = () => undefined } = options
  const { version } = server
  const database = `permitted_${tag}`
  const cluster = new pg.Pool({ ...connectionTo(server), max: 1 })
  await cluster.query(`create database ${database}`)
  const acting = `me_${tag}`
  const connection = await createOwner(cluster, server, database, acting)
  const admin = new pg.Client(connectionTo(server, database))
  await admin.connect()
  const findings: string[] = []
  let [goals, worldsWithGoals] = [0, 0]

  const run = async (number: number): Promise<void> => {
    const random = randomFrom(seed * 100_003 + number)
    const names = {
      database,
      acting,
      roles: ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}${number}_${tag}`),
      schemas: [`s${number}`, `z${number}`],
    }
    const world = drawWorld(random, names, version)
    const desired = drawRequest(random, world, version)
    await admin.query(makeWorld(world))
    await admin.query(`grant connect on database ${database} to ${acting}`)
    const client = new pg.Client(connectionTo(connection, database))
    await client.connect()
    const read = reader(version, names.schemas, [acting, ...names.roles])
    try {
      const plan: Plan = await planRoles(client, desired)
      const open = goalsOf(world, desired, plan, await read(client))
      goals += open.length
      worldsWithGoals += Number(open.length > 0)
      for (const [goal, way] of await findWays({ client, world, version, read }, open))
        findings.push(describe(world, desired, [goal.what, 'and yet:', ...describeWay(way)]))
      await syncRoles(client, desired, { onResidue: 'report', attempts: 2 })
    } catch (error) {
      if (!isRefused(error)) findings.push(describe(world, desired, [`failed: ${String(error)}`]))
    } finally {
      await client.end()
      await admin.query(dropWorld(world))
    }
    onWorld(number)
  }

  try {
    for (let number = 0; number < worlds; number++) await run(number)
  } finally {
    await admin.end()
    await cluster.query(`drop database ${database}`)
    await cluster.query(`drop role ${acting}`)
    await cluster.end()
  }
  return { worlds, goals, worldsWithGoals, findings }
}
