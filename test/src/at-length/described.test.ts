import { type DescribedRoles, operationsOf, type Unsaid } from '@pgsr/node-postgres'
import { parsePolicy, renderPolicy } from '@pgsr/policy'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Connected } from '../../harness/drivers/drivers.ts'
import { pairingInTurn, pairingsOfEachKind } from '../../harness/drivers/pairings.ts'
import { openSandbox, type Sandbox } from '../../harness/sandbox/sandbox.ts'
import { serversAround16 } from '../../harness/servers/servers.ts'
import { pickBy } from '../planner/apply-operations.ts'
import { blindly, desiredFrom, makeSchema, type Names, newNames } from './random-world.ts'
import { readReality, type Reality } from './reality.ts'

const around16 = serversAround16(inject('servers'))
const isAtLength = process.env.PGSR_TEST_RUNS !== undefined
const pairings = isAtLength ? pairingsOfEachKind : pairingInTurn

/** What PostgreSQL says of the roles themselves. */
const readAttributes = async ({ admin }: Sandbox, { roles }: Names): Promise<ReadonlySet<string>> => {
  const rows = await admin(`
    select concat_ws(' ', rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls)
    from pg_roles where rolname in (${roles.map((role) => `'${role}'`).join()})`)
  return new Set(rows.map(([line]) => line as string))
}

/** Takes everything from the roles. What they owned goes to the acting role. */
const makeBare = async ({ actor, admin }: Sandbox, all: Connected, { roles }: Names): Promise<void> => {
  const nothing = roles.map((role) => ({ role, grants: [] }))
  const { plan } = await all.syncRoles(nothing, { allowSuperuser: true, reassignOwnedTo: actor })
  expect(plan.residue).toEqual([])
  await admin(roles.map((role) => `drop owned by ${role}; drop role ${role}`).join(';'))
}

const mayDiffer: ReadonlySet<Unsaid['reason']> = new Set([
  'another grantor',
  'membership',
  'would change',
  'would stay',
])

/** The roles that grants describe in full, and of whom no other is a member. */
const fullyDescribed = (
  { unsaid }: DescribedRoles,
  { roles }: Names,
  { inherits }: Reality,
): ReadonlySet<string> => {
  const partly = new Set(unsaid.flatMap(({ role, reason }) => (mayDiffer.has(reason) ? [role] : [])))
  const isPartly = (role: string, seen: readonly string[] = []): boolean =>
    partly.has(role) ||
    [...(inherits.get(role) ?? [])].some((one) => !seen.includes(one) && isPartly(one, [...seen, role]))
  return new Set(roles.filter((role) => !isPartly(role)))
}

const of = (lines: ReadonlySet<string>, roles: ReadonlySet<string>): readonly string[] =>
  [...lines].filter((line) => roles.has(line.slice(0, line.indexOf(' ')))).sort()

const numbers = fc.noShrink(fc.array(fc.nat(), { minLength: 14, maxLength: 14 }))
const before = fc.array(numbers, { minLength: 5, maxLength: 40, size: 'max' })
const wishes = fc.array(numbers, { maxLength: 14, size: 'max' })

describe.for(around16)('described roles on $name', (server) => {
  describe.for(pairings('described', around16)(server))('$name', ({ driver, kind }) => {
    let box: Sandbox
    let all: Connected
    beforeAll(async () => {
      box = await openSandbox(server, driver, kind)
      all = driver.pool(server, box.database)
    })
    afterAll(async () => {
      await all?.end()
      await box?.end()
    })

    test('need no change, and have the same once they are made anew from their description', async () => {
      const { version } = server
      let compared = 0
      await fc.assert(
        fc.asyncProperty(before, wishes, async (choices, wish) => {
          const names = newNames(box)
          const create = names.roles.map((role) => `create role ${role}`).join(';')
          await box.run(`${create};${names.schemas.map(makeSchema).join(';')}`)
          try {
            // Some of what there is was made by pgsr, with intermediate roles.
            await box.pool.syncRoles(desiredFrom(wish, pickBy, names, version), { onResidue: 'report' })
            await box.admin(blindly(choices, pickBy, names, version))
            const described = await box.pool.describeRoles({ roles: names.roles })
            const { desired, unsaid } = described
            const options = { allowSuperuser: true, onResidue: 'report' } as const
            const plan = await box.plan(desired, options)
            const told = new Set(unsaid.map(({ role }) => role))
            expect(
              operationsOf(plan).filter(
                ({ reason }) => !told.has(reason.role) && reason.temporary === undefined,
              ),
              'what a plan does',
            ).toEqual([])
            expect(plan.skipped.filter(({ role }) => !told.has(role))).toEqual([])
            const byFile = parsePolicy(renderPolicy(described))
            const planByFile = await box.plan(byFile.desired, { ...options, ...byFile.options })
            expect(planByFile.transactions, 'what a plan by a policy file does').toEqual(plan.transactions)

            const then = await readReality(box, names)
            const attributes = await readAttributes(box, names)
            const whole = fullyDescribed(described, names, then)
            await makeBare(box, all, names)
            await box.run(create)
            // The owner of the database may not give everything back.
            await all.syncRoles(desired, options)
            const now = await readReality(box, names)
            expect(of(now.may, whole), 'what the roles may do').toEqual(of(then.may, whole))
            expect(of(await readAttributes(box, names), whole)).toEqual(of(attributes, whole))
            compared += whole.size
          } catch (cause) {
            throw new Error(
              `${JSON.stringify(desiredFrom(wish, pickBy, names, version))}\n${blindly(choices, pickBy, names, version)}`,
              { cause },
            )
          } finally {
            await makeBare(box, all, names)
            await box.admin(
              names.schemas.map((schema) => `drop schema if exists ${schema} cascade`).join(';'),
            )
          }
        }),
        {
          numRuns: Number(process.env.PGSR_TEST_RUNS ?? 3),
          ...(!isAtLength && { interruptAfterTimeLimit: 8_000 }),
          endOnFailure: true,
        },
      )
      expect(compared).toBeGreaterThan(0)
    }, 3_600_000)
  })
})
