import { Grant } from '@pgsr/planner'
import { expect, test } from 'vitest'
import { desiredIn } from '../../../packages/driver/src/databases/desired.ts'

test('databases may have names that every object of JavaScript has something under', () => {
  const names = ['shop', 'constructor', '__proto__', 'toString']
  const desired = {
    role: 'alice',
    grants: [Grant.login(), Grant.schemaUsage('a')],
    in: { shop: [Grant.schemaUsage('b')] },
  }
  const usagesIn = (database: string) =>
    desiredIn(desired, database, names, false).flatMap(({ grants }) => grants)
  expect(names.map(usagesIn)).toEqual([
    [Grant.schemaUsage('a'), Grant.schemaUsage('b')],
    [Grant.schemaUsage('a')],
    [Grant.schemaUsage('a')],
    [Grant.schemaUsage('a')],
  ])
})
