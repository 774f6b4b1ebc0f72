import {
  type DesiredRole,
  InvalidGrantError,
  type Member,
  type Membership,
  operationsOf,
  outcomeOf,
  type Plan,
  plan,
  type Snapshot,
} from '@pgsr/planner'
import { describeName } from '@pgsr/planner/internal'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyInput, type Input } from '../arbitrary/desired.ts'
import { pick } from '../arbitrary/name.ts'
import { effectsBetween } from '../support/expected-effects.ts'
import { isIntermediate, roleIn, textOf } from '../support/holdings.ts'
import { runs } from '../support/runs.ts'

const anyOptions = fc.constantFrom<Omit<Member, 'role'>>({}, {}, { admin: true }, { inherit: true })

const anyList = fc.array(fc.record({ which: fc.nat(), options: anyOptions }), { maxLength: 3 })

/** Some of the roles list members: some of all roles, and whichever desired role asks for the membership. */
const withMembers = (
  { snapshot, desired }: Input,
  lists: readonly (typeof anyList extends fc.Arbitrary<infer T> ? T : never)[],
): readonly DesiredRole[] => {
  const names = [...snapshot.roles.map(({ name }) => name), 'absent'].filter(
    (name) => !isIntermediate(name) && name !== 'pg_database_owner',
  )
  return desired.map((one, index): DesiredRole => {
    const members = new Map<string, Member>()
    for (const { which, options } of lists[index] ?? []) {
      const role = pick(names, which)!
      if (role !== one.role) members.set(role, { role, ...options })
    }
    for (const { role, grants } of desired)
      for (const grant of grants)
        if (grant.kind === 'membership' && grant.role === one.role) {
          const { kind: _, ...options } = grant
          members.set(role, { ...options, role })
        }
    return { ...one, members: [...members.values()] }
  })
}

const anyCase = fc.record({ input: anyInput, lists: fc.array(anyList, { minLength: 3, maxLength: 3 }) })

/** Checks something of plans for lists of members that do not contradict themselves. */
const forEveryPlan = (
  check: (made: Plan, outcome: Snapshot, input: Input) => void,
  isOf: (snapshot: Snapshot) => boolean = () => true,
): void =>
  fc.assert(
    fc.property(anyCase, ({ input: drawn, lists }) => {
      const { manages: _, ...options } = drawn.options
      const input = { ...drawn, desired: withMembers(drawn, lists), options }
      fc.pre(isOf(input.snapshot))
      let made: Plan
      try {
        made = plan(input.snapshot, input.desired, options)
      } catch (error) {
        fc.pre(!(error instanceof InvalidGrantError))
        throw error
      }
      check(made, outcomeOf(input.snapshot, made), input)
    }),
    { numRuns: runs(40) },
  )

/** What the desired roles list, by role. */
const listsIn = ({ request }: Plan) =>
  new Map(
    request.kind === 'sync'
      ? request.desired.map(({ role, members = [] }) => [
          role,
          new Map(members.flatMap((one) => (typeof one === 'string' ? [] : [[one.role, one]]))),
        ])
      : [],
  )

const isSaid = (made: Plan, outcome: Snapshot, { role, member, grantor }: Membership): boolean =>
  made.residue.some(
    ({ fact }) =>
      fact.kind === 'membership' && fact.role === role && fact.member === member && fact.grantor === grantor,
  ) ||
  made.unmanaged.some(
    (one) =>
      one.role === role &&
      one.kind === 'member' &&
      one.description.startsWith(`role ${describeName(member)}, `),
  ) ||
  roleIn(outcome, member)?.createRole === true

test('nobody stays a member who is not listed, unless the plan says so', () =>
  forEveryPlan((made, outcome) => {
    const lists = listsIn(made)
    const desired = new Set(lists.keys())
    const wrong = outcome.memberships.filter(
      (row) =>
        lists.get(row.role)?.has(row.member) === false &&
        !desired.has(row.member) &&
        !isSaid(made, outcome, row),
    )
    expect(wrong).toEqual([])
  }))

test('who is listed is a member, unless the plan says so', () =>
  forEveryPlan((made, outcome) => {
    for (const [role, list] of listsIn(made))
      for (const [member, { admin }] of list) {
        const rows = outcome.memberships.filter((row) => row.role === role && row.member === member)
        const isSkipped = made.skipped.some(
          (one) =>
            (one.role === member && one.grant?.kind === 'membership' && one.grant.role === role) ||
            (one.role === role && one.grant === null),
        )
        const isThere =
          rows.some(({ inherit, set }) => inherit || set) && (admin !== true || rows.some((row) => row.admin))
        expect(isSkipped || isThere).toBe(true)
      }
  }))

test('other roles gain and lose exactly what the effects say', () =>
  forEveryPlan((made, outcome, input) => {
    expect(made.effects.map(textOf).sort()).toEqual(effectsBetween(input, outcome).map(textOf).sort())
  }))

test('a superuser finds nothing to do in the outcome', () =>
  forEveryPlan(
    (made, outcome, { desired, options }) => {
      fc.pre(roleIn(outcome, made.actingRole)!.superuser)
      const again = operationsOf(plan(outcome, desired, options))
      expect(again.filter(({ reason }) => reason.grant?.kind === 'membership')).toEqual([])
      expect(again.filter(({ kind }) => kind === 'revokeMembership')).toEqual([])
    },
    ({ server, roles }) => roles.some(({ name, superuser }) => name === server.actingRole && superuser),
  ))
