import fc from 'fast-check'
import {
  type Fact,
  type FutureObjects,
  Grant,
  type ObjectName,
  operationsOf,
  outcomeOf,
  plan,
  type PlanOptions,
  type Snapshot,
  Target,
} from '@pgsr/planner'
import { expect, test } from 'vitest'
import { privilegesOn } from '../arbitrary/acl.ts'
import { anyInput, type Input } from '../arbitrary/desired.ts'
import { pick } from '../arbitrary/name.ts'
import { objectsOf } from '../support/entitlement.ts'
import { effectsBetween } from '../support/expected-effects.ts'
import { hasSameMeans, worldsOf } from '../support/feasible.ts'
import { defaultEntriesOf, defaultsIn, entriesOf, factsIn, futureKinds, textOf } from '../support/holdings.ts'
import { powersOf } from '../support/losses.ts'
import { runs } from '../support/runs.ts'

type PublicGrant = NonNullable<PlanOptions['public']>[number]

const draws = fc.array(
  fc.record({
    what: fc.constantFrom('object', 'object', 'object', 'all', 'pattern', 'future'),
    on: fc.nat(),
    of: fc.nat(),
    privileges: fc.array(fc.nat(), { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 4 },
)

type Draw = typeof draws extends fc.Arbitrary<readonly (infer T)[]> ? T : never

/** With these, PUBLIC could attach code to tables, so that lost ones would go to others. */
const attaching: ReadonlySet<string> = new Set(['REFERENCES', 'TRIGGER'])

const grantFrom = ({ objects, roles, server }: Snapshot, draw: Draw): readonly PublicGrant[] => {
  const { version } = server
  const schemas = objects.flatMap(({ kind, name }) => (kind === 'schema' ? [name[0]!] : []))
  const chosen = (known: readonly string[]): never[] => {
    const free = known.filter((one) => !attaching.has(one))
    return draw.privileges.map((number) => pick(free, number) as never)
  }
  switch (draw.what) {
    case 'object': {
      const grantable = objects.filter(({ kind }) => privilegesOn(kind, version).length > 0)
      const { kind, name } = pick(grantable, draw.on)!
      return [Grant.privilege({ kind, name } as ObjectName<'table'>, chosen(privilegesOn(kind, version)))]
    }
    case 'all':
    case 'pattern': {
      const schema = pick(schemas, draw.on)
      if (schema === undefined) return []
      const target = draw.what === 'all' ? Target.allTables(schema) : Target.function(schema, /./)
      return [
        Grant.privilege(
          target as Target<'table'>,
          chosen(privilegesOn(draw.what === 'all' ? 'table' : 'function', version)),
        ),
      ]
    }
    case 'future': {
      const on = pick(['tables', 'functions', 'types', 'sequences'] as FutureObjects[], draw.on)!
      const schema = draw.of % 2 === 0 ? undefined : pick(schemas, draw.of)
      const owner = pick(
        roles.map(({ name }) => name).filter((name) => !/^(pg_|_pgsr_)/.test(name)),
        draw.of,
      )!
      const known = privilegesOn(futureKinds[on].become[0]!, version)
      return [Grant.defaultPrivilege({ owner, on, ...(schema !== undefined && { schema }) }, chosen(known))]
    }
  }
}

const isPublic = (fact: Fact): boolean => 'grantee' in fact && fact.grantee === 'public'

/** What PUBLIC has of what a grant names. */
const heldBy = (world: Snapshot, grant: PublicGrant): readonly Fact[] => {
  const held =
    grant.kind === 'privilege'
      ? objectsOf(grant, world).flatMap(entriesOf)
      : defaultEntriesOf(defaultsIn(world, grant))
  return held.filter(isPublic)
}

const forEveryPublic = (
  check: (
    input: Input,
    grants: readonly PublicGrant[],
    outcome: Snapshot,
    made: ReturnType<typeof plan>,
  ) => void,
): void =>
  fc.assert(
    fc.property(anyInput, draws, (input, drawn) => {
      const grants = drawn.flatMap((draw) => grantFrom(input.snapshot, draw))
      const { manages: _, ...options } = input.options
      const whole = { ...input, options }
      const made = plan(input.snapshot, input.desired, { ...options, public: grants })
      check(whole, grants, outcomeOf(input.snapshot, made), made)
    }),
    { numRuns: runs(100) },
  )

test('PUBLIC has exactly what is listed of what is named, but for what the plan reports', () =>
  forEveryPublic((_, grants, outcome, made) => {
    const skipped = new Set(
      made.skipped.flatMap(({ role, grant }) => (role === 'public' ? [textOf(grant)] : [])),
    )
    const residue = new Set(made.residue.map(({ fact }) => textOf(fact)))
    const isListed = (fact: Fact): boolean =>
      grants.some(
        (grant) =>
          'privilege' in fact &&
          (grant.privileges as readonly string[]).includes(fact.privilege) &&
          heldBy(outcome, grant).some((held) => textOf(held) === textOf(fact)),
      )
    for (const grant of grants) {
      const held = heldBy(outcome, grant)
      expect(held.filter((fact) => !isListed(fact) && !residue.has(textOf(fact)))).toEqual([])
      const isSkipped = skipped.size > 0
      const missing = grant.privileges.filter((privilege) =>
        (grant.kind === 'privilege' ? objectsOf(grant, outcome) : [undefined]).some(
          (object) =>
            !held.some(
              (fact) =>
                'privilege' in fact &&
                fact.privilege === privilege &&
                (object === undefined ||
                  ('object' in fact &&
                    textOf(fact.object) === textOf({ kind: object.kind, name: object.name }))),
            ),
        ),
      )
      if (!isSkipped) expect(missing).toEqual([])
    }
  }))

test('nothing else changes because of it', () =>
  forEveryPublic(({ snapshot, desired, options }, grants, outcome) => {
    const without = outcomeOf(snapshot, plan(snapshot, desired, options))
    const elsewhere = (world: Snapshot): string[] => {
      const named = new Set(grants.flatMap((grant) => heldBy(world, grant)).map(textOf))
      const builtIn = grants.flatMap((grant) =>
        grant.kind === 'default privilege' ? defaultEntriesOf(defaultsIn(world, grant)) : [],
      )
      const facts = [...factsIn(world), ...builtIn].filter((fact) => !named.has(textOf(fact)))
      return [...new Set(facts.flatMap(powersOf))].sort()
    }
    expect(elsewhere(outcome)).toEqual(elsewhere(without))
  }))

test('the effects say what PUBLIC gains and loses', () =>
  forEveryPublic((input, _, outcome, made) => {
    expect(made.effects.map(textOf).sort()).toEqual(effectsBetween(input, outcome).map(textOf).sort())
  }))

test('the same plan again does nothing', () =>
  forEveryPublic(({ snapshot, desired, options }, grants, outcome, made) => {
    if (!hasSameMeans(worldsOf(snapshot, outcome, made))) return
    const roles = outcome.roles.map((role, index) => ({ ...role, oid: role.oid ?? String(50000 + index) }))
    const again = plan({ ...outcome, roles }, desired, { ...options, public: grants, seed: 'another' })
    const ofPublic = operationsOf(again).filter((one) => 'grantee' in one && one.grantee === 'public')
    expect(ofPublic).toEqual([])
  }))
