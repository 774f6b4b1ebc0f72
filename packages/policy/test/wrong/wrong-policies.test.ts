import { parsePolicy, PolicyError } from '@pgsr/policy'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

const page = await readFile(new URL('wrong-policies.md', import.meta.url), 'utf8')

const rows = [...page.matchAll(/^### (.*)\n\n```yaml\n([\s\S]*?)^```\n\n```\n([\s\S]*?)\n```$/gm)].map(
  ({ 1: title = '', 2: text = '', 3: message = '' }) => [title, text, message] as const,
)

const errorOf = (text: string): PolicyError => {
  try {
    parsePolicy(text, { file: 'policy.yaml' })
  } catch (error) {
    if (error instanceof PolicyError) return error
    throw error
  }
  throw new Error('the policy is right')
}

test('the page has a message for each policy', () => {
  expect(rows.length).toBeGreaterThanOrEqual(100)
  expect(rows).toHaveLength(page.match(/^### /gm)?.length ?? 0)
})

test.each(rows)('%s', (_, text, message) => {
  const error = errorOf(text)
  expect(error.message).toBe(message)
  expect(error.message).not.toContain('hunter')
  const lines = text.split('\n').length
  for (const { file, line = 0, column = 0 } of error.problems) {
    expect(file).toBe('policy.yaml')
    expect(line).toBeGreaterThanOrEqual(1)
    expect(line).toBeLessThanOrEqual(lines)
    expect(column).toBeGreaterThanOrEqual(1)
  }
})
