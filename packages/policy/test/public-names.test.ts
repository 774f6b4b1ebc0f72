import * as policy from '@pgsr/policy'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

// Each name is a promise to users, which only a major version may break. A new one is added here on purpose.

const values = 'PolicyError desiredOf parsePolicy policyData policyFrom policySchema renderPolicy'.split(' ')

const types = [
  'AccessFact',
  'Asked',
  'JsonSchema',
  'ParsePolicyOptions',
  'Policy',
  'PolicyFromOptions',
  'PolicyProblem',
  'PolicyRole',
  'Position',
  'RenderPolicyOptions',
  'SecretReference',
]

test('nothing else can be imported', () => expect(Object.keys(policy).sort()).toEqual(values))

test('nor any other type', async () => {
  const index = await readFile('src/index.ts', 'utf8')
  const exported = [...index.matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(({ 1: all, 2: names = '' }) =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => all !== undefined || name.startsWith('type '))
      .map((name) => name.replace('type ', '')),
  )
  expect(exported.sort()).toEqual(types)
})

test('it needs nothing of Node, and only the planner', async () => {
  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8')) as { dependencies: object }
  expect(Object.keys(dependencies)).toEqual(['@pgsr/planner'])
  const imports = [...(await readFile('dist/index.js', 'utf8')).matchAll(/ from "([^"]+)";$/gm)]
  expect(new Set(imports.map(([, from]) => from))).toEqual(
    new Set(['@pgsr/planner', '@pgsr/planner/internal']),
  )
})
