import fc from 'fast-check'
import {
  type Fact,
  type Grant,
  operationsOf,
  type Plan,
  plan,
  type Residue,
  type Skipped,
  type Snapshot,
} from '@pgsr/planner'
import { planRequest } from '@pgsr/planner/internal'
import { describe, expect, test } from 'vitest'
import { forEveryInput, forEveryPlan, type Input, reordered } from '../arbitrary/desired.ts'
import {
  askedIn,
  changedThoughPreserved,
  desiredIn,
  excessOf,
  isAnnounced,
  isAskedFor,
  isGiven,
  isOutsideFact,
  limitsIn,
  objectsOf,
} from '../support/entitlement.ts'
import { effectsBetween, mayHoldCode } from '../support/expected-effects.ts'
import {
  hasSameMeans,
  isGivenOrPossible,
  leftThoughRemovable,
  lostThoughGrantable,
  missingThoughPossible,
  worldsOf,
} from '../support/feasible.ts'
import {
  factsIn,
  holderOf,
  isIntermediate,
  objectIn,
  roleIn,
  rolesAbove,
  textOf,
} from '../support/holdings.ts'

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
  }, 100))

/** There may be several ways from one role to another, and several reasons why something is not permitted. */
const withoutWording = (findings: readonly Skipped[]): string[] =>
  [
    ...new Set(
      findings.map(({ path, message, ...rest }) =>
        textOf(path || rest.reason === 'not permitted' ? rest : { message, ...rest }),
      ),
    ),
  ].sort()

const withoutReason = ({ message, ...rest }: Residue): object =>
  rest.reason === 'not permitted' ? rest : { message, ...rest }

/** Whether a role is a superuser only now. */
const hasBecome = (role: string, before: Snapshot, outcome: Snapshot): boolean =>
  roleIn(outcome, role)?.superuser === true && roleIn(before, role)?.superuser !== true

/**
 * Whether an acting role that is not a superuser can do no more than before: what a desired role gets or loses may change
 * what it can do. What such a role loses goes last, too, and only the next plan gives what would have made a cycle with it.
 */
const isAsAble = (made: Plan, outcome: Snapshot, { snapshot, desired }: Input): boolean => {
  // A table that others could attach code to until now may go to the acting role, but not yet.
  const isHarmlessNow = ({ fact }: Residue): boolean =>
    fact.kind === 'ownership' &&
    mayHoldCode(snapshot, objectIn(snapshot, fact.object)!, desired) &&
    !mayHoldCode(outcome, objectIn(outcome, fact.object)!, desired)
  if (made.residue.some(isHarmlessNow)) return false
  // Who becomes a superuser can own what only superusers can, but not yet.
  const { skipped } = made
  if (skipped.some(({ role, grant }) => grant?.kind === 'ownership' && hasBecome(role, snapshot, outcome)))
    return false
  if (roleIn(snapshot, made.actingRole)!.superuser) return roleIn(outcome, made.actingRole)!.superuser
  const above = rolesAbove(snapshot.memberships, made.actingRole)
  const hasLost = desired.some(({ role }) => above.has(role))
  const isInCycle = made.skipped.some(({ reason }) => reason === 'cycle')
  return !(hasLost && isInCycle) && hasSameMeans(worldsOf(snapshot, outcome, made))
}

describe('a plan made from the outcome of a plan', () => {
  test('sets passwords, and does nothing else', () =>
    forEveryPlan((made, outcome, input) => {
      fc.pre(isAsAble(made, outcome, input))
      const { effects, ...rest } = again(outcome, input)
      expect(operationsOf({ effects, ...rest }).filter(({ kind }) => kind !== 'setPassword')).toEqual([])
      expect(effects).toEqual([])
    }))

  test('reports the same', () =>
    forEveryPlan((made, outcome, input) => {
      fc.pre(isAsAble(made, outcome, input))
      const next = again(outcome, input)
      expect(withoutWording(next.skipped)).toEqual(withoutWording(made.skipped))
      expect(next.residue.map(withoutReason)).toEqual(made.residue.map(withoutReason))
      expect(next.unmanaged).toEqual(made.unmanaged)
    }))
})

describe('the same plan is made', () => {
  test('whatever the order of desired roles and grants', () =>
    forEveryPlan((made, _, input) => {
      expect(plan(input.snapshot, reordered(input), input.options)).toStrictEqual(made)
    }, 60))

  test('once it went through JSON', () =>
    forEveryPlan((made) => {
      expect(JSON.parse(JSON.stringify(made))).toStrictEqual(made)
    }, 60))

  test('from its own request, when that and the snapshot went through JSON', () =>
    forEveryPlan((made, _, input) => {
      const [snapshot, request] = JSON.parse(JSON.stringify([input.snapshot, made.request])) as [
        Snapshot,
        Plan['request'],
      ]
      expect(planRequest(snapshot, request)).toStrictEqual(made)
    }, 60))
})

test('roles that are not desired gain and lose exactly what the effects say', () =>
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

/**
 * The outcome before an acting role that is not a superuser loses what it may need until the end: memberships of the
 * roles that it is a member of.
 */
const beforeLast = (snapshot: Snapshot, outcome: Snapshot): Snapshot => {
  const { actingRole } = snapshot.server
  if (roleIn(snapshot, actingRole)!.superuser) return outcome
  const above = rolesAbove(snapshot.memberships, actingRole)
  const needed = snapshot.memberships.filter(({ member }) => above.has(member))
  return { ...outcome, memberships: [...outcome.memberships, ...needed] }
}

const isAbsent = (outcome: Snapshot, role: string, grant: Grant | null): boolean => {
  switch (grant?.kind) {
    case 'privilege':
    case 'ownership':
      return objectsOf(grant, outcome).length === 0
    case 'membership':
      return roleIn(outcome, grant.role) === undefined
    case 'default privilege':
      return (
        roleIn(outcome, grant.owner) === undefined ||
        (grant.schema !== null && objectIn(outcome, { kind: 'schema', name: [grant.schema] }) === undefined)
      )
    case 'attribute':
      return false
    case undefined:
      return roleIn(outcome, role) === undefined
  }
}

const isStillImpossible = (
  made: Plan,
  { snapshot }: Input,
  outcome: Snapshot,
  { role, grant, reason }: Skipped,
): boolean => {
  const { version } = outcome.server
  switch (reason) {
    case 'no effect':
      return version < 160000 && !roleIn(outcome, role)!.inherit
    case 'cycle':
      return (
        grant?.kind === 'membership' && wouldMakeCycle(made, beforeLast(snapshot, outcome), role, grant.role)
      )
    case 'not permitted':
      return !isGivenOrPossible(worldsOf(snapshot, outcome, made), role, grant)
    case 'absent':
    case 'no match':
      return isAbsent(outcome, role, grant)
    case 'takes away':
      return false
  }
}

/** A fact without what makes no difference: before 16 a grantor of a membership is but a note. */
const asEffective = (fact: Fact, { server }: Snapshot): Fact =>
  fact.kind === 'membership' && server.version < 160000 ? { ...fact, grantor: '' } : fact

/** Whether what is said of future objects is asked for by another role than their owner. */
const isAskedByGrantee = (outcome: Snapshot, made: Plan, fact: Fact): boolean =>
  fact.kind === 'default privilege' &&
  fact.owner !== fact.grantee &&
  askedIn(made).some((asked) => asked.role === fact.grantee && isAskedFor(outcome, asked, fact))

describe('after a plan is executed', () => {
  test('there are no new roles but those that may be created', () =>
    forEveryPlan((made, outcome, { snapshot, desired, options }) => {
      const isExternal = (name: string): boolean => desired.some((one) => one.role === name && one.external)
      const isFree = (name: string): boolean => options.createRoles !== false && !isExternal(name)
      const added = outcome.roles.filter(({ name }) => roleIn(snapshot, name) === undefined)
      expect(added.filter(({ name }) => !isIntermediate(name) && !isFree(name))).toEqual([])
      for (const { role } of desired)
        if (roleIn(outcome, role) === undefined)
          expect(made.skipped).toContainEqual(expect.objectContaining({ role, grant: null }))
    }))

  test('a desired role has what is asked for and not skipped', () =>
    forEveryPlan((made, outcome) => {
      for (const { role, grants } of askedIn(made))
        expect(grants.filter((grant) => !isGiven(outcome, role, grant))).toEqual([])
    }))

  test('a desired role has nothing else, except what the plan reports', () =>
    forEveryPlan((made, outcome) => {
      for (const asked of askedIn(made))
        expect(
          excessOf(outcome, asked).filter(
            (fact) => !isAnnounced(made, outcome, asked.role, fact) && !isAskedByGrantee(outcome, made, fact),
          ),
        ).toEqual([])
    }))

  test('all residue is held, and not asked for', () =>
    forEveryPlan((made, outcome) => {
      const held = new Set(factsIn(outcome).map(textOf))
      const excess = new Set(askedIn(made).flatMap((asked) => excessOf(outcome, asked).map(textOf)))
      for (const { fact } of made.residue)
        expect([fact, held.has(textOf(fact)), excess.has(textOf(fact))]).toEqual([fact, true, true])
    }))

  test('what is skipped can still not be given', () =>
    forEveryPlan((made, outcome, input) => {
      expect(made.skipped.filter((one) => !isStillImpossible(made, input, outcome, one))).toEqual([])
    }, 100))

  test('a grant on several objects is made on all that are permitted', () =>
    forEveryPlan((made, outcome, { snapshot }) => {
      for (const { role, grant, reason } of made.skipped)
        if (reason === 'not permitted' && grant?.kind === 'privilege' && roleIn(outcome, role))
          expect(missingThoughPossible(worldsOf(snapshot, outcome, made), role, grant)).toEqual([])
    }))

  test('what is not taken away could not be taken away', () =>
    forEveryPlan((made, outcome, { snapshot }) => {
      expect(leftThoughRemovable(made, worldsOf(snapshot, outcome, made))).toEqual([])
    }, 100))

  test('with keepDependents, other roles keep what can be granted to them again', () =>
    forEveryPlan((made, outcome, { snapshot, options }) => {
      if (options.keepDependents)
        expect(lostThoughGrantable(made, worldsOf(snapshot, outcome, made))).toEqual([])
    }, 100))

  test('what is not managed is as before, for every role', () =>
    forEveryPlan((made, outcome, { snapshot }) => {
      const isThere = (role: string): boolean => roleIn(snapshot, role) !== undefined
      const outside = (world: Snapshot): string[] =>
        factsIn(world)
          .filter((fact) => isThere(holderOf(fact)) && (fact.kind !== 'membership' || isThere(fact.role)))
          .filter((fact) => isOutsideFact(snapshot, limitsIn(made), fact))
          .map((fact) => textOf(asEffective(fact, snapshot)))
          .sort()
      expect(outside(outcome)).toEqual(outside(snapshot))
    }))

  test('a role that preserves what it has in schemas has it as before', () =>
    forEveryPlan((made, outcome, { snapshot }) => {
      for (const asked of askedIn(made)) expect(changedThoughPreserved(snapshot, outcome, asked)).toEqual([])
    }))
})
