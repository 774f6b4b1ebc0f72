import { type Fact, type Grant, operationsOf, outcomeOf, type Plan, plan, type Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { forEveryPlan, type Input } from '../arbitrary/desired.ts'
import { askedIn, isGiven } from '../support/entitlement.ts'
import { hasSameMeans, worldsOf } from '../support/feasible.ts'
import { factsIn, roleIn, textOf } from '../support/holdings.ts'
import { lostBetween } from '../support/losses.ts'

/** Checks something of the plans that take nothing, beside those that do. */
const forEveryAdditive = (
  check: (made: Plan, outcome: Snapshot, input: Input, exact: Snapshot) => void,
  numRuns = 50,
): void =>
  forEveryPlan((_, exact, input) => {
    const made = plan(input.snapshot, input.desired, { ...input.options, mode: 'additive' })
    check(made, outcomeOf(input.snapshot, made), input, exact)
  }, numRuns)

/** Without passwords: what they are is in no snapshot. */
const withoutPasswords = (facts: readonly Fact[]): string[] =>
  facts
    .filter((fact) => fact.kind !== 'attribute' || fact.attribute !== 'PASSWORD')
    .map(textOf)
    .sort()

/** A role that may log in for longer than asked for keeps that. */
const isGivenLonger = (outcome: Snapshot, role: string, grant: Grant): boolean =>
  grant.kind === 'attribute' &&
  grant.attribute === 'LOGIN' &&
  roleIn(outcome, role)!.login &&
  roleIn(outcome, role)!.validUntil > grant.validUntil

describe('a plan that is additive', () => {
  test('takes nothing from any role', () =>
    forEveryAdditive((made, outcome, { snapshot }) => {
      expect(lostBetween(snapshot, outcome)).toEqual([])
      // Before 16, a membership that is in the way of another for a moment gets another grantor.
      if (snapshot.server.version >= 160000)
        expect(made.effects.filter(({ change }) => change === 'loses')).toEqual([])
      expect(made.residue).toEqual([])
    }, 120))

  test('gives what is asked for and not skipped', () =>
    forEveryAdditive((made, outcome) => {
      for (const { role, grants } of askedIn(made))
        expect(
          grants.filter((grant) => !isGiven(outcome, role, grant) && !isGivenLonger(outcome, role, grant)),
        ).toEqual([])
    }))

  test('lists as kept exactly what the mode exact would take', () =>
    forEveryAdditive((made, _, { snapshot }, exact) => {
      expect(withoutPasswords(made.kept.map(({ fact }) => fact))).toEqual(
        withoutPasswords(lostBetween(snapshot, exact)),
      )
      const held = new Set(factsIn(snapshot).map(textOf))
      const passwords = made.kept.filter(({ fact }) => 'attribute' in fact && fact.attribute === 'PASSWORD')
      for (const { role } of passwords) expect(roleIn(snapshot, role)).toBeDefined()
      for (const { fact } of made.kept) if (!('attribute' in fact)) expect(held).toContain(textOf(fact))
    }, 120))

  test('leaves nothing to do for the same plan', () =>
    forEveryAdditive((made, outcome, { snapshot, desired, options }) => {
      if (!hasSameMeans(worldsOf(snapshot, outcome, made))) return
      const roles = outcome.roles.map((role, index) => ({ ...role, oid: role.oid ?? String(50000 + index) }))
      const next = plan({ ...outcome, roles }, desired, { ...options, mode: 'additive', seed: 'another' })
      expect(operationsOf(next)).toEqual([])
    }))
})
