import type { DesiredRole, Grant, Plan, Privilege } from '@pgsr/node-postgres'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { pairingInTurn } from '../../harness/drivers/pairings.ts'
import { openSandbox, type Sandbox } from '../../harness/sandbox/sandbox.ts'
import { pickBy } from '../planner/apply-operations.ts'
import { blindly, desiredFrom, makeSchema, type Names, type Thing, things } from './random-world.ts'
import { keyOf, readReality, type Reality } from './reality.ts'

const isAsked = (grant: Grant, schema: string, thing: Thing, privilege: Privilege): boolean => {
  if (grant.kind !== 'privilege' || !grant.privileges.includes(privilege)) return false
  const { object } = grant
  if (!('name' in object)) {
    const pattern = new RegExp('pattern' in object ? object.pattern.source : '')
    return thing.kind === object.kind && object.schema === schema && pattern.test(thing.name)
  }
  const [first, second, third] = object.name
  if (object.kind !== thing.kind || first !== schema) return false
  return (
    thing.kind === 'schema' || (second === thing.name && (thing.kind !== 'column' || third === thing.column))
  )
}

/** What roles should be able to do: what was asked for, what they own, what PUBLIC has, and what other roles give them. */
const expectedOf = (
  desired: readonly DesiredRole[],
  plan: Plan,
  names: Names,
  reality: Reality,
  /** Whether to count what was not permitted: the plan does not say of which of the objects of a pattern. */
  withSkipped: boolean,
): ReadonlySet<string> => {
  const asked = new Map(desired.map(({ role, grants }) => [role, grants]))
  const isSkipped = (role: string, grant: Grant, privilege?: Privilege): boolean =>
    !withSkipped &&
    plan.skipped.some(
      (one) =>
        one.role === role &&
        one.grant?.kind === grant.kind &&
        (grant.kind !== 'membership' || (one.grant.kind === 'membership' && one.grant.role === grant.role)) &&
        (privilege === undefined ||
          (one.grant.kind === 'privilege' &&
            one.grant.privileges.includes(privilege) &&
            grant.kind === 'privilege' &&
            JSON.stringify(one.grant.object.kind) === JSON.stringify(grant.object.kind))),
    )
  const above = (role: string): readonly string[] => {
    const grants = asked.get(role)
    if (grants === undefined) return [...(reality.inherits.get(role) ?? [])]
    const inherits = reality.inherits.get(role) ?? new Set()
    const residue = plan.residue.flatMap(({ fact }) =>
      fact.kind === 'membership' && fact.member === role ? [fact.role] : [],
    )
    const wanted = grants.flatMap((grant) =>
      grant.kind === 'membership' && !isSkipped(role, grant) ? [grant.role] : [],
    )
    return [...wanted, ...residue].filter((one) => inherits.has(one))
  }
  const closure = (role: string): ReadonlySet<string> => {
    const all = new Set([role])
    for (const one of all) for (const next of above(one)) all.add(next)
    return all
  }
  const expected = new Set<string>()
  const has = (role: string, schema: string, thing: Thing, privilege: Privilege): boolean => {
    const line = `${keyOf(schema, thing)} ${privilege}`
    if (reality.given.has(`public ${line}`)) return true
    return [...closure(role)].some((one) => {
      const grants = asked.get(one)
      if (grants === undefined || reality.owners.get(keyOf(schema, thing)) === one)
        return reality.given.has(`${one} ${line}`)
      const isResidue = plan.residue.some(
        ({ fact }) =>
          fact.kind === 'privilege' &&
          fact.grantee === one &&
          fact.privilege === privilege &&
          fact.object.kind === thing.kind &&
          fact.object.name[0] === schema &&
          (thing.kind === 'schema' || fact.object.name[1] === thing.name) &&
          (thing.kind !== 'column' || fact.object.name[2] === thing.column),
      )
      const isProduced = grants.some(
        (grant) =>
          grant.kind === 'default privilege' &&
          thing.kind === 'table' &&
          privilege === 'SELECT' &&
          grant.schema === schema &&
          grant.owner === reality.owners.get(keyOf(schema, thing)) &&
          reality.given.has(`${one} ${line}`),
      )
      return (
        isResidue ||
        isProduced ||
        grants.some((grant) => isAsked(grant, schema, thing, privilege) && !isSkipped(one, grant, privilege))
      )
    })
  }
  for (const role of names.roles)
    for (const schema of names.schemas)
      for (const thing of things)
        for (const privilege of thing.privileges) {
          const table = things.find(({ kind, name }) => kind === 'table' && name === thing.name)
          const onTable =
            thing.kind === 'column' && table !== undefined && has(role, schema, table, privilege)
          if (onTable || has(role, schema, thing, privilege))
            expected.add(`${role} ${keyOf(schema, thing)} ${privilege}`)
        }
  return expected
}

const numbers = fc.noShrink(fc.array(fc.nat(), { minLength: 14, maxLength: 14 }))
const before = fc.array(numbers, { minLength: 5, maxLength: 40, size: 'max' })
const wishes = fc.array(numbers, { maxLength: 14, size: 'max' })

describe.for(inject('servers'))('random roles on $name', (server) => {
  describe.for(pairingInTurn('random')(server))('$name', ({ driver, kind }) => {
    let box: Sandbox
    beforeAll(async () => {
      box = await openSandbox(server, driver, kind)
    })
    afterAll(() => box?.end())

    test('can do what was asked for, and nothing else', async () => {
      const { version } = server
      // A superuser gets everything done if it says that it means to own what acts with its rights.
      const options = { onResidue: 'report', ...(box.isSuperuser && { reassignOwnedTo: box.actor }) } as const
      await fc.assert(
        fc.asyncProperty(
          before,
          wishes,
          fc.array(numbers, { maxLength: 14, size: 'max' }),
          async (choices, first, second) => {
            const names: Names = {
              roles: ['a', 'b', 'c', 'd', 'e'].map((base) => box.name(base)).sort(),
              schemas: [box.name('s'), box.name('z')],
            }
            await box.run(
              [...names.roles.map((role) => `create role ${role}`), ...names.schemas.map(makeSchema)].join(
                ';',
              ),
            )
            await box.admin(blindly(choices, pickBy, names, version))
            try {
              for (const wish of [first, second]) {
                const desired = desiredFrom(wish, pickBy, names, version)
                // What roles asked for in vain is in the plan, and so is what they keep.
                const { plan } = await box.sync(desired, options)
                if (box.isSuperuser) expect(plan.residue).toEqual([])
                const reality = await readReality(box, names)
                const [least, most] = [false, true].map((withSkipped) =>
                  expectedOf(desired, plan, names, reality, withSkipped),
                )
                expect(
                  [...reality.may].filter((one) => !most!.has(one)),
                  'nothing else',
                ).toEqual([])
                expect(
                  [...least!].filter((one) => !reality.may.has(one)),
                  'everything',
                ).toEqual([])
                expect((await box.pool.syncRoles(desired, options)).changed).toBe(false)
              }
            } catch (cause) {
              throw new Error(
                `${blindly(choices, pickBy, names, version)}\n${JSON.stringify([first, second].map((wish) => desiredFrom(wish, pickBy, names, version)))}`,
                { cause },
              )
            } finally {
              await box.admin(
                `${names.schemas.map((schema) => `drop schema if exists ${schema} cascade;`).join('')}
               ${names.roles.map((role) => `reassign owned by ${role} to current_user; drop owned by ${role};`).join('')}
               ${names.roles.map((role) => `drop role ${role};`).join('')}`,
              )
            }
          },
        ),
        {
          numRuns: Number(process.env.PGSR_TEST_RUNS ?? 6),
          ...(process.env.PGSR_TEST_RUNS === undefined && { interruptAfterTimeLimit: 20_000 }),
          endOnFailure: true,
        },
      )
    }, 3_600_000)
  })
})
