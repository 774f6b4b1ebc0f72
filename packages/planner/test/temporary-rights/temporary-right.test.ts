import { expect, test } from 'vitest'
import type { Operation } from '../../src/model/operation.ts'
import { around } from '../../src/temporary-rights/temporary-right.ts'

const operation = (role: string): Operation => ({
  kind: 'createRole',
  role,
  as: 'postgres',
  reason: { role, grant: null },
})

test('what is given first is taken back last', () => {
  const right = (name: string) => ({
    before: [operation(`give ${name}`)],
    after: [operation(`take ${name}`)],
  })
  expect(around([right('a'), right('b')], [operation('work')])).toEqual(
    ['give a', 'give b', 'work', 'take b', 'take a'].map(operation),
  )
})
