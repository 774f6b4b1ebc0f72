import { Grant, type Operation, plan, Target } from '@pgsr/planner'
import { preparingPlan } from '@pgsr/planner/internal'
import { expect, test } from 'vitest'
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
