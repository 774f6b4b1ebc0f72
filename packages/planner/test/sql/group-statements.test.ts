import { Grant, type ObjectName, type Operation, operationsOf, outcomeOf, plan, Target } from '@pgsr/planner'
import { type Group, groupsOf } from '@pgsr/planner/internal'
import { describe, expect, test } from 'vitest'
import { forEveryPlan } from '../arbitrary/desired.ts'
import { object, role, snapshot } from '../support/build-snapshot.ts'
import { textOf } from '../support/holdings.ts'

const texts = (operations: readonly Operation[]): readonly string[] =>
  operations.map((operation) => textOf(operation)).toSorted()

type Fields = Partial<Record<string, unknown>>

/** What an operation has in the lists of a statement; what it has not, or once, counts for one. */
const listed: readonly ((fields: Fields) => unknown)[] = [
  ({ kind, role: named }) =>
    (kind === 'dropRole' || kind === 'grantMembership' || kind === 'revokeMembership') && named,
  ({ kind, attribute }) => [kind, attribute],
  ({ member }) => member,
  ({ grantee }) => grantee,
  ({ object: named, privilege }) => {
    const { kind, name } = (named ?? {}) as Partial<ObjectName>
    return kind === 'column' ? [privilege, name?.[2]] : privilege
  },
  ({ object: named }) => {
    const { kind, name } = (named ?? {}) as Partial<ObjectName>
    return kind === 'column' ? name?.slice(0, 2) : named
  },
]

/** How many combinations there are of what a statement has in its lists. */
const combinationsIn = (group: Group): number =>
  listed
    .map((part) => new Set(group.map((operation) => textOf(part(operation as unknown as Fields)))).size)
    .reduce((product, size) => product * size, 1)

describe('operations that share statements', () => {
  test('are each in exactly one statement', () =>
    forEveryPlan((made) => {
      for (const operations of made.transactions)
        expect(texts(groupsOf(operations).flat())).toEqual(texts(operations))
    }))

  test('are every combination of the lists in the statement', () =>
    forEveryPlan((made) => {
      for (const group of groupsOf(operationsOf(made))) expect(combinationsIn(group)).toBe(group.length)
    }))

  test('have the same outcome as they would have one by one', () =>
    forEveryPlan((made, _, { snapshot: before }) => {
      const sent = groupsOf(operationsOf(made)).flat()
      expect(outcomeOf(before, sent)).toEqual(outcomeOf(before, made))
    }))
})

describe('the number of statements', () => {
  const tables = Array.from({ length: 30 }, (_, index) => `t${index}`)
  const users = Array.from({ length: 40 }, (_, index) => `u${index}`)
  const before = snapshot({
    objects: [
      object('schema', ['s'], 'owner', {}),
      ...tables.map((name) => object('table', ['s', name], 'owner', {})),
    ],
    roles: users.map((name) => role(name)),
  })
  const statements = (grants: readonly Grant[]): Readonly<Record<string, number>> => {
    const planned = plan(
      before,
      users.map((name) => ({ role: name, grants })),
      { seed: 'any text' },
    )
    const counts: Record<string, number> = {}
    for (const [{ kind }] of groupsOf(operationsOf(planned))) counts[kind] = (counts[kind] ?? 0) + 1
    return counts
  }

  // Of 1,200 combinations, in pieces of at most 1,000.
  test('is two for privileges of many roles on many tables, held directly', () =>
    expect(statements([Grant.privilege(Target.table('s', /^t/), ['SELECT'], { direct: true })])).toEqual({
      grantPrivilege: 2,
    }))

  test('is two for the memberships of many roles in many intermediate roles', () =>
    expect(statements([Grant.tableSelect('s', /^t/)])).toEqual({
      lockRole: 40,
      createRole: 30,
      grantPrivilege: 30,
      grantMembership: 2,
    }))
})
