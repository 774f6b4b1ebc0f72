import { type DesiredRole, Grant, type Plan, type Privilege } from '@pgsr/node-postgres'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { pairingInTurn, pairingsOfEachKind } from '../../harness/drivers/pairings.ts'
import { openSandbox, type Sandbox } from '../../harness/sandbox/sandbox.ts'
import { pickBy } from '../planner/apply-operations.ts'
import { anyStatement, withMore } from './random-roles.ts'
import { inNewWorld } from './in-new-world.ts'
import { blindly, desiredFrom, type Names, type Thing, things } from './random-world.ts'
import { keyOf, readReality, type Reality } from './reality.ts'
import { membershipsAsked, readRoles, wrongRoles } from './role-reality.ts'

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
    const wanted = [...membershipsAsked(desired, role).keys()].filter(
      (one) => !isSkipped(role, Grant.roleMembership(one)),
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
const before = fc.array(numbers, { minLength: 5, maxLength: 50, size: 'max' })
const more = fc.array(fc.noShrink(fc.array(fc.nat(), { minLength: 50, maxLength: 50 })), { maxLength: 3 })
const wishes = fc.tuple(fc.array(numbers, { maxLength: 14, size: 'max' }), more)

type Wishes = typeof wishes extends fc.Arbitrary<infer All> ? All : never

const isAtLength = process.env.PGSR_TEST_RUNS !== undefined
const pairings = isAtLength ? pairingsOfEachKind : pairingInTurn

describe.for(inject('servers'))('random roles on $name', (server) => {
  describe.for(pairings('random')(server))('$name', ({ driver, kind }) => {
    let box: Sandbox
    beforeAll(async () => {
      box = await openSandbox(server, driver, kind)
    })
    afterAll(() => box?.end())

    /** Makes a world, and what roles should have in it, one after the other. */
    const inWorld = (
      choices: readonly (readonly number[])[],
      wishesOfAll: readonly Wishes[],
      work: (names: Names, desired: readonly (readonly DesiredRole[])[]) => Promise<void>,
    ): Promise<void> =>
      inNewWorld(box, async (names) => {
        const { version } = server
        const setup = blindly(choices, pickBy, names, version, anyStatement)
        const desired = wishesOfAll.map(([wish, rest]) =>
          withMore(desiredFrom(wish, pickBy, names, version), rest, pickBy, names, version),
        )
        try {
          await box.admin(setup)
          await work(names, desired)
        } catch (cause) {
          throw new Error(`${setup}\n${JSON.stringify(desired)}`, { cause })
        }
      })

    test('have and can do what was asked for, and nothing else, until they leave', async () => {
      const { version } = server
      // A superuser gets everything done if it says that it means to own what acts with its rights.
      const options = { onResidue: 'report', ...(box.isSuperuser && { reassignOwnedTo: box.actor }) } as const
      const tried = async (names: Names, desired: readonly DesiredRole[]): Promise<void> => {
        const rolesBefore = await readRoles(box, names)
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
        const after = await readRoles(box, names)
        expect(wrongRoles({ desired, plan, before: rolesBefore, after, version, names })).toEqual([])
        // Only the next plan gives what made a cycle with what the acting role needed until the end.
        const isInCycle = !box.isSuperuser && plan.skipped.some(({ reason }) => reason === 'cycle')
        if (isInCycle) await box.pool.syncRoles(desired, options)
        expect((await box.pool.syncRoles(desired, options)).changed).toBe(false)
      }
      await fc.assert(
        fc.asyncProperty(before, wishes, wishes, (choices, first, second) =>
          inWorld(choices, [first, second], async (names, all) => {
            for (const desired of all) await tried(names, desired)
            const role = names.desired[choices.length % names.desired.length]!
            const { plan } = await box.sync({ role, absent: true }, options)
            if (box.isSuperuser) expect(plan.residue).toEqual([])
            expect((await box.roles()).includes(role)).toBe(plan.residue.length > 0)
          }),
        ),
        {
          numRuns: Number(process.env.PGSR_TEST_RUNS ?? 3),
          ...(!isAtLength && { interruptAfterTimeLimit: 8_000 }),
          endOnFailure: true,
        },
      )
    }, 3_600_000)
  })
})
