import { operationsOf, type Plan, plan, planRequest, type Skipped, type Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { forEveryInput, forEveryPlan, type Input, reordered } from './arbitrary-desired.ts'
import { askedIn, desiredIn, excessOf, isAnnounced, isGiven, objectsOf } from './entitlement.ts'
import { effectsBetween } from './expected-effects.ts'
import { factsIn, objectIn, roleIn, rolesAbove, textOf } from './holdings.ts'

/** The outcome as the server would show it: what is new has got an oid. */
const shown = (outcome: Snapshot): Snapshot => ({
  ...outcome,
  roles: outcome.roles.map((role, index) => ({ ...role, oid: role.oid ?? String(50000 + index) })),
  objects: outcome.objects.map((object, index) => ({ ...object, oid: object.oid ?? String(60000 + index) })),
})

const again = (outcome: Snapshot, { desired, options }: Input): Plan =>
  plan(shown(outcome), desired, { ...options, seed: 'another' })

test('there is a plan for whatever is asked for', () =>
  forEveryInput(({ snapshot, desired, options }) => {
    expect(() => plan(snapshot, desired, options)).not.toThrow()
  }, 500))

/** There may be several ways from one role to another. */
const withoutPath = ({ path, message, ...rest }: Skipped): object => (path ? rest : { message, ...rest })

describe('planned again, its own outcome', () => {
  test('leaves nothing to do but to set passwords', () =>
    forEveryPlan((_, outcome, input) => {
      const { effects, ...rest } = again(outcome, input)
      expect(operationsOf({ effects, ...rest }).filter(({ kind }) => kind !== 'setPassword')).toEqual([])
      expect(effects).toEqual([])
    }))

  test('has the same findings', () =>
    forEveryPlan((made, outcome, input) => {
      const next = again(outcome, input)
      expect(next.skipped.map(withoutPath)).toEqual(made.skipped.map(withoutPath))
      expect(next.residue).toEqual(made.residue)
      expect(next.unmanaged).toEqual(made.unmanaged)
    }))
})

describe('the same plan comes', () => {
  test('whatever the order of desired roles and grants', () =>
    forEveryPlan((made, _, input) => {
      expect(plan(input.snapshot, reordered(input), input.options)).toStrictEqual(made)
    }, 100))

  test('out of JSON', () =>
    forEveryPlan((made) => {
      expect(JSON.parse(JSON.stringify(made))).toStrictEqual(made)
    }, 100))

  test('from its own request, when that and the snapshot went through JSON', () =>
    forEveryPlan((made, _, input) => {
      const [snapshot, request] = JSON.parse(JSON.stringify([input.snapshot, made.request])) as [
        Snapshot,
        Plan['request'],
      ]
      expect(planRequest(snapshot, request)).toStrictEqual(made)
    }, 100))
})

test('bystanders gain and lose what the effects say, and nothing else', () =>
  forEveryPlan((made, outcome, input) => {
    expect(made.effects.map(textOf).sort()).toEqual(effectsBetween(input, outcome).map(textOf).sort())
  }))

/** Of desired roles that would be members of each other through others, none becomes one. */
const wouldMakeCycle = (made: Plan, { memberships }: Snapshot, role: string, of: string): boolean => {
  const asked = desiredIn(made).flatMap(({ role: member, grants }) =>
    grants.flatMap((grant) => (grant.kind === 'membership' ? [{ member, role: grant.role }] : [])),
  )
  return rolesAbove([...memberships, ...asked], of).has(role)
}

const isStillImpossible = (made: Plan, outcome: Snapshot, { role, grant, reason }: Skipped): boolean => {
  const { version } = outcome.server
  switch (reason) {
    case 'no effect':
      return version < 160000 && !roleIn(outcome, role)!.inherit
    case 'cycle':
      return grant.kind === 'membership' && wouldMakeCycle(made, outcome, role, grant.role)
    case 'not permitted':
      return !roleIn(outcome, made.actingRole)!.superuser
    case 'absent':
      switch (grant.kind) {
        case 'attribute':
          return false
        case 'privilege':
          return objectsOf(grant, outcome).length === 0
        case 'ownership':
          return objectIn(outcome, grant.object) === undefined
        case 'membership':
          return grant.role.startsWith('pg_') && roleIn(outcome, grant.role) === undefined
      }
  }
}

describe('when a plan is done', () => {
  test('a desired role has what is asked for and not skipped', () =>
    forEveryPlan((made, outcome) => {
      for (const { role, grants } of askedIn(made))
        expect(grants.filter((grant) => !isGiven(outcome, role, grant))).toEqual([])
    }))

  test('and nothing else but what the plan says', () =>
    forEveryPlan((made, outcome) => {
      for (const asked of askedIn(made))
        expect(excessOf(outcome, asked).filter((fact) => !isAnnounced(made, asked.role, fact))).toEqual([])
    }))

  test('all that is called residue is there, and not asked for', () =>
    forEveryPlan((made, outcome) => {
      const held = new Set(factsIn(outcome).map(textOf))
      const excess = new Set(askedIn(made).flatMap((asked) => excessOf(outcome, asked).map(textOf)))
      for (const { fact } of made.residue)
        expect([held, excess].map((all) => all.has(textOf(fact)))).toEqual([true, true])
    }))

  test('what was skipped still cannot be given', () =>
    forEveryPlan((made, outcome) => {
      expect(made.skipped.filter((one) => !isStillImpossible(made, outcome, one))).toEqual([])
    }))
})
