import { expect, test } from 'vitest'
import { isLater } from '../../src/postgres/timestamp.ts'

test('points in time are in order', () => {
  const inOrder = [
    '-infinity',
    '0044-03-15T00:00:00.000000Z BC',
    '0001-01-01T00:00:00.000000Z',
    '2027-06-30T00:00:00.000000Z',
    '2027-06-30T00:00:00.000001Z',
    '12026-01-01T00:00:00.000000Z',
    'infinity',
  ]
  for (const [index, one] of inOrder.entries())
    for (const [place, other] of inOrder.entries()) expect(isLater(one, other)).toBe(index > place)
})
