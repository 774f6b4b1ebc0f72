import { expect, test } from 'vitest'
import { type Feature, firstVersionWith, has } from '../../src/postgres/features.ts'

test.for<[Feature, number]>([
  ['a plan', 90600],
  ['pg_database_owner', 140000],
  ['membership grantors', 160000],
  ['object locks', 180000],
])('a server has %s from version %i on, and not before', ([feature, first]) => {
  expect(firstVersionWith(feature)).toBe(first)
  expect([first - 1, first, first + 10_000].map((version) => has(version, feature))).toEqual([
    false,
    true,
    true,
  ])
})
