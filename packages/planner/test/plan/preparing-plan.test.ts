import {
  type DatabaseObject,
  Grant,
  type Operation,
  operationsOf,
  outcomeOf,
  plan,
  Target,
} from '@pgsr/planner'
import { objectsAsPlanned, preparingPlan } from '@pgsr/planner/internal'
import { describe, expect, test } from 'vitest'
import { object, snapshot } from '../support/build-snapshot.ts'

const tables = Array.from({ length: 12 }, (_, index) => object('table', ['s', `t${index}`]))

/** With room for so little that it takes several transactions. */
const before = snapshot({ objects: tables, server: { lockTableSize: 16 } })

const grants = tables.flatMap(({ name: [, table] }) => [
  Grant.tableSelect('s', table!),
  Grant.privilege(Target.table('s', table!), ['INSERT']),
])

const made = plan(before, { role: 'reader', grants }, { seed: '' })

test('the transactions that only prepare can be made a plan, without desired roles', () => {
  const [first, ...others] = made.transactions
  expect(others.length).toBeGreaterThan(1)
  expect(preparingPlan(made)).toEqual({
    ...made,
    request: { ...made.request, desired: [] },
    transactions: [first],
  })
  expect(preparingPlan({ ...made, transactions: [others.at(-1)!] })).toBeUndefined()
  expect(preparingPlan({ ...made, transactions: [] })).toBeUndefined()
})

test.for([
  ['that runs as another role', { as: 'delegate' }],
  ['that borrows something', { reason: { role: 'reader', grant: null, temporary: 'borrow' } }],
  ['that grants a membership', { kind: 'grantMembership', member: 'postgres' }],
] as const)('a transaction does more than prepare if it has an operation %s', ([, changed]) => {
  const [first, ...others] = made.transactions
  const operation = { ...first![0]!, ...changed } as Operation
  expect(preparingPlan({ ...made, transactions: [[...first!, operation], ...others] })).toBeUndefined()
})

const areAsPlanned = (objects: readonly DatabaseObject[]): boolean =>
  objectsAsPlanned(made, before)({ ...before, objects }, operationsOf(made))

describe('whether objects are as planned', () => {
  const [table, ...others] = tables as [DatabaseObject, ...DatabaseObject[]]

  test('is true while nobody changes them', () => {
    expect(areAsPlanned(tables)).toBe(true)
  })

  test('is true once the new roles have their privileges', () => {
    const half = outcomeOf(before, made.transactions.slice(0, -1).flat())
    expect(half.objects).not.toEqual(before.objects)
    expect(areAsPlanned(half.objects)).toBe(true)
  })

  test.for([
    ['with another owner', [{ ...table, owner: 'other' }]],
    ['granted to another role', [object('table', table.name, 'owner', { 'other/owner': 'r' })]],
    ['with one more privilege', [{ ...table, acl: [{ ...table.acl[0]!, privileges: 'ar' }] }]],
    ['that is gone', []],
  ] as const)('is false if there is one %s', ([, changed]) => {
    expect(areAsPlanned([...others, ...changed])).toBe(false)
  })

  test('does not depend on objects that the plan does not touch', () => {
    const untouched = object('table', ['s', 'new'])
    expect(areAsPlanned([...tables, untouched])).toBe(true)
  })
})
