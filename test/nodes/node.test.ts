import { expect, test } from 'vitest'

test('what runs is the Node that is to be tested', () => {
  expect(process.version).toBe(`v${process.env.PGSR_TEST_NODE}`)
})
