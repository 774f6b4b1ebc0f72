import { expect, test } from 'vitest'

test('these tests run on the Node that is to be tested', () => {
  expect(process.version).toBe(`v${process.env.PGSR_TEST_NODE}`)
})
