import { Secret } from '@pgsr/planner'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'

test('Secret.reveal returns a secret, and nothing else shows it', () => {
  const secret = new Secret('hunter2')
  expect(Secret.reveal(secret)).toBe('hunter2')
  expect(String(secret)).toBe('[redacted]')
  expect(JSON.stringify({ secret })).toBe('{"secret":"[redacted]"}')
  for (const text of [
    Object.prototype.toString.call(secret),
    inspect(secret, { showHidden: true, getters: true }),
    inspect(structuredClone(secret)),
  ])
    expect(text).not.toContain('hunter2')
})
