import {
  accessDifference,
  executePlan,
  introspectAccess,
  type DatabaseObject,
  type ObjectName,
  operationsOf,
  planRoles,
} from '@pgsr/node-postgres'
import { objectKinds } from '@pgsr/planner'
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { accessOnServer, lineOf, linesBetween } from '../../explained/on-server.ts'
import { type OpenStage, openStage } from '../../explained/open-stage.ts'
import { randomWorld, type Stage } from '../../explained/world.ts'
import { type Wishes, wishesFrom } from '../../explained/wishes.ts'
import { pairingInTurn, pairingsOfEachKind } from '../../harness/drivers/pairings.ts'
import type { Sandbox } from '../../harness/sandbox/sandbox.ts'
import { serversAround16 } from '../../harness/servers/servers.ts'
import { pickBy } from '../planner/apply-operations.ts'

const isAtLength = process.env.PGSR_TEST_RUNS !== undefined
const servers = isAtLength ? inject('servers') : serversAround16(inject('servers'))
const pairings = isAtLength ? pairingsOfEachKind : pairingInTurn
const runs = Number(process.env.PGSR_TEST_RUNS ?? 2)

const numbers = fc.noShrink(fc.array(fc.nat(), { minLength: 14, maxLength: 14 }))
const choices = fc.array(numbers, { minLength: 20, maxLength: 80, size: 'max' })
const wishes = fc.array(numbers, { minLength: 4, maxLength: 14, size: 'max' })

const keyOf = ({ kind, name }: ObjectName): string => JSON.stringify([kind, name])

describe.for(servers)('what a plan changes of access on $name', (server) => {
  describe.for(pairings('difference', servers)(server))('as $kind', ({ driver, kind }) => {
    let opened: OpenStage | undefined
    let box: Sandbox
    let stage: Stage
    let client: pg.Client
    beforeAll(async () => {
      opened = await openStage(server, driver, kind)
      ;({ box, stage, client } = opened)
    })
    afterAll(() => opened?.close())

    const read = async (text: string): Promise<readonly (readonly unknown[])[]> =>
      (await client.query<unknown[]>({ text, rowMode: 'array' })).rows
    const counts = { plans: 0, operations: 0, gains: 0, losses: 0, bySetRole: 0 }

    /** Whether something is no database, tablespace or parameter of other tests, which make and drop these meanwhile. */
    const isHere = ({ kind: its, name }: ObjectName): boolean =>
      objectKinds[its].shared !== true ||
      name[0]!.endsWith(box.database.slice('pgsr'.length)) ||
      ['work_mem', 'postgres', 'template0', 'template1'].includes(name[0]!)

    /** Executes a plan, and holds what was said of it to what PostgreSQL says. */
    const tryPlan = async ({ desired, options }: Wishes, ours: Set<string>): Promise<void> => {
      const actAs = box.actor
      const plan = await planRoles(client, desired, { ...options, actAs })
      for (const operation of operationsOf(plan))
        if (operation.kind === 'createRole') ours.add(operation.role)
      const others = `r.rolname ~ '(^_pgsr|_[0-9a-z]+_[0-9a-z]+$)' and r.rolname !~ '^pg_'
        and r.rolname <> all (array[${[...ours].map((role) => `'${role}'`).join()}])`
      const { changes, unknown } = await accessDifference(client, plan, { actAs })
      expect(unknown).toEqual([])
      const touched = [
        ...operationsOf(plan).flatMap((operation) => ('object' in operation ? [operation.object] : [])),
        ...changes.map(({ object }) => object),
      ].filter(({ kind: its }) => objectKinds[its].privileges.length > 0)
      const readAll = async (): Promise<readonly DatabaseObject[]> => {
        const all = await introspectAccess(client, { actAs })
        // What has no ACL is not always read with all, and then with its namesakes.
        const besides = await introspectAccess(client, { actAs, objects: touched })
        const names = new Set(touched.map(keyOf))
        return [...all.objects, ...besides.objects.filter((object) => names.has(keyOf(object)))]
      }
      const first = await readAll()
      await client.query('savepoint planned')
      await executePlan(client, plan, { actAs, onResidue: 'report' })
      const second = await readAll()
      const objects = [
        ...new Map([...first, ...second].filter(isHere).map((object) => [keyOf(object), object])).values(),
      ]
      const after = await accessOnServer(read, objects, others, server.version)
      await client.query('rollback to savepoint planned')
      const before = await accessOnServer(read, objects, others, server.version)
      await executePlan(client, plan, { actAs, onResidue: 'report' })
      const told = changes.filter(
        ({ role, object }) => (before.roles.has(role) || after.roles.has(role)) && isHere(object),
      )
      expect(told.map(lineOf).sort()).toEqual(
        [...linesBetween(objects, server.version, before, after)].sort(),
      )
      counts.plans++
      counts.operations += operationsOf(plan).length
      counts.gains += told.filter(({ change }) => change === 'gains').length
      counts.losses += told.filter(({ change }) => change === 'loses').length
      counts.bySetRole += told.filter(({ bySetRole }) => bySetRole).length
    }

    test('is what PostgreSQL says before and afterwards, of all roles', async () => {
      await fc.assert(
        fc.asyncProperty(choices, wishes, wishes, async (made, ...drawn) => {
          const world = randomWorld(made, pickBy, stage)
          const names = { role: box.name('n'), schema: box.name('n'), parameter: `pgsr.${box.name('n')}` }
          const all = drawn.map((one) => wishesFrom(one, pickBy, stage, names))
          const ours = new Set([...stage.roles, names.role, box.actor])
          await client.query('begin')
          try {
            await client.query(world)
            for (const one of all) await tryPlan(one, ours)
          } catch (cause) {
            throw new Error(`${world}\n${JSON.stringify(all)}`, { cause })
          } finally {
            await client.query('rollback')
          }
        }),
        { numRuns: runs, endOnFailure: true, seed: Number(process.env.PGSR_TEST_SEED ?? 1) + server.version },
      )
      expect(counts.gains).toBeGreaterThan(0)
      expect(counts.losses).toBeGreaterThan(0)
      if (isAtLength) process.stdout.write(`${server.name} as ${kind}: ${JSON.stringify(counts)}\n`)
    }, 36_000_000)
  })
})
