import type { DesiredRole } from '@pgsr/node-postgres'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { pairingInTurn, pairingsOfEachKind } from '../../harness/drivers/pairings.ts'
import { openSandbox, type Sandbox } from '../../harness/sandbox/sandbox.ts'
import { serversAround16 } from '../../harness/servers/servers.ts'
import { pickBy } from '../planner/apply-operations.ts'
import { inNewWorld } from './in-new-world.ts'
import { blindly, desiredFrom, isInside, type Names, publicGrant, things } from './random-world.ts'
import { keyOf, readReality } from './reality.ts'

const around16 = serversAround16(inject('servers'))
const isAtLength = process.env.PGSR_TEST_RUNS !== undefined
const pairings = isAtLength ? pairingsOfEachKind : pairingInTurn

const numbers = fc.noShrink(fc.array(fc.nat(), { minLength: 14, maxLength: 14 }))
const before = fc.array(numbers, { minLength: 5, maxLength: 40, size: 'max' })
const wishes = fc.array(numbers, { minLength: 1, maxLength: 14, size: 'max' })

describe.for(around16)('on $name', (server) => {
  describe.for(pairings('scope', around16)(server))('$name', ({ driver, kind }) => {
    let box: Sandbox
    beforeAll(async () => {
      box = await openSandbox(server, driver, kind)
    })
    afterAll(() => box?.end())

    /** Makes random worlds, and takes them away again. */
    const forEveryWorld = (check: (names: Names, wish: readonly (readonly number[])[]) => Promise<void>) =>
      fc.assert(
        fc.asyncProperty(before, wishes, (choices, wish) =>
          inNewWorld(box, async (names) => {
            const world = blindly(choices, pickBy, names, server.version)
            await box.admin(world)
            try {
              await check(names, wish)
            } catch (cause) {
              throw new Error(
                `${world}\n${JSON.stringify(desiredFrom(wish, pickBy, names, server.version))}`,
                { cause },
              )
            }
          }),
        ),
        {
          numRuns: Number(process.env.PGSR_TEST_RUNS ?? 3),
          ...(!isAtLength && { interruptAfterTimeLimit: 8_000 }),
          endOnFailure: true,
        },
      )

    test('in the mode additive no role loses anything, and the second time there is nothing to do', async () => {
      await forEveryWorld(async (names, wish) => {
        const desired = desiredFrom(wish, pickBy, names, server.version)
        const had = await readReality(box, names)
        const { plan } = await box.sync(desired, { mode: 'additive', onResidue: 'report' })
        const has = await readReality(box, names)
        expect([...had.may].filter((one) => !has.may.has(one))).toEqual([])
        expect(plan.residue).toEqual([])
      })
    }, 3_600_000)

    test('a call that manages a schema changes nothing that roles have elsewhere', async () => {
      await forEveryWorld(async (names, wish) => {
        const [schema, other] = names.schemas as [string, string]
        const all = desiredFrom(wish, pickBy, { ...names, schemas: [schema] }, server.version)
        const desired = all.map(({ role, grants }): DesiredRole => ({
          role,
          grants: grants.filter((grant) => isInside(grant, schema)),
        }))
        const outside = async (): Promise<readonly string[]> => {
          const { may } = await readReality(box, names)
          return [...(await box.holdings(names.roles)), ...[...may].filter((line) => line.includes(other))]
            .filter((line) => !line.includes(schema) && !line.includes('_pgsr_'))
            .sort()
        }
        const had = await outside()
        await box.sync(desired, { manages: { schemas: [schema] }, onResidue: 'report' })
        expect(await outside()).toEqual(had)
        expect(had).not.toEqual([])
      })
    }, 3_600_000)

    test('PUBLIC has exactly what is listed of what is named, and nothing else changes', async () => {
      await forEveryWorld(async (names, wish) => {
        const listed = new Map<string, Set<string>>()
        const grants = wish.map((one) => {
          const pick = pickBy(one)
          const [schema, thing] = [pick(names.schemas)!, pick(things)!]
          const grant = publicGrant(pick, schema, thing)
          const key = `public ${keyOf(schema, thing)} `
          const its = listed.get(key) ?? new Set<string>()
          for (const privilege of grant.privileges) its.add(`${key}${privilege}`)
          listed.set(key, its)
          return grant
        })
        const isNamed = (line: string): boolean =>
          [...listed.keys()].some((key) => line.startsWith(key) && !line.slice(key.length).includes(' '))
        const had = await readReality(box, names)
        const { plan } = await box.sync([], { public: grants, onResidue: 'report' })
        const has = await readReality(box, names)
        const without = (lines: ReadonlySet<string>) => [...lines].filter((line) => !isNamed(line)).sort()
        expect(without(has.given)).toEqual(without(had.given))
        expect(has.owners).toEqual(had.owners)
        const now = [...has.given].filter(isNamed).sort()
        const asked = [...listed.values()].flatMap((lines) => [...lines]).sort()
        if (plan.skipped.length + plan.residue.length === 0) expect(now).toEqual(asked)
        if (box.isSuperuser) expect([...plan.skipped, ...plan.residue]).toEqual([])
      })
    }, 3_600_000)
  })
})
