import { parsePolicy, PolicyError } from '@pgsr/policy'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { grammar } from '../src/grammar/grammar.ts'
import type { Shape } from '../src/grammar/shape.ts'

const reference = await readFile('../../docs/reference/policy.md', 'utf8')
const readme = await readFile('README.md', 'utf8')

const everyKey = await readFile(new URL('every-key.yaml', import.meta.url), 'utf8')

const blocks = [...`${reference}${readme}`.matchAll(/^```(yaml|json)\n([\s\S]*?)^```$/gm)].map(
  ({ 1: language = '', 2: text = '' }) => [language, text] as const,
)

const readDocumented = (text: string, language: string): unknown =>
  parsePolicy(text, { format: language === 'json' ? 'json' : 'yaml' })

test.each(blocks)('example %#, as %s, is a right policy', (language, text) =>
  expect(() => readDocumented(text, language)).not.toThrow(PolicyError),
)

/** Every key of the grammar, with the shape that it is in. */
const keysOf = (
  shape: Shape,
  keys = new Map<string, Set<string>>(),
): ReadonlyMap<string, ReadonlySet<string>> => {
  if (shape.kind === 'object')
    for (const [key, row] of Object.entries(shape.keys)) {
      keys.set(key, (keys.get(key) ?? new Set()).add(row.doc))
      keysOf(row.shape, keys)
    }
  if (shape.kind === 'variants') for (const one of Object.values(shape.variants)) keysOf(one, keys)
  if (shape.kind === 'either') for (const one of shape.shapes) keysOf(one, keys)
  if (shape.kind === 'list') keysOf(shape.of, keys)
  if (shape.kind === 'map') keysOf(shape.values, keys)
  return keys
}

const keys = keysOf(grammar)

test('the reference has every key', () =>
  expect([...keys.keys()].filter((key) => !reference.includes(`\`${key}\``))).toEqual([]))

/** All keys in some data, as long as they are keys of the grammar. */
const keysIn = (data: unknown): readonly string[] =>
  typeof data !== 'object' || data === null
    ? []
    : Object.entries(data).flatMap(([key, value]) => [key, ...keysIn(value)])

test('there is a policy that has every key, and is right', () => {
  const used = new Set(keysIn(parse(everyKey)))
  const unused = [...keys.keys()].filter((key) => !used.has(key))
  expect(unused).toEqual([])
  expect(parsePolicy(everyKey).desired.length).toBeGreaterThan(6)
})

test('the reference says of each key what editors say', () => {
  const rows = new Map(
    [...reference.matchAll(/^\| `([\w$]+)` \| (.*) \|$/gm)].map(({ 1: key = '', 2: doc = '' }) => [
      `${key}: ${doc}`,
      key,
    ]),
  )
  for (const [row, key] of rows) {
    const docs = keys.get(key)
    const isOfKinds = /^\w+: [A-Z ,]+$/.test(row)
    if (!isOfKinds) expect(docs, key).toContain(row.slice(key.length + 2))
  }
  expect(rows.size).toBeGreaterThan(60)
})
