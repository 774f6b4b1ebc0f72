import * as report from '@pgsr/report'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { hostile, hostileWorld, largeWorld, shop } from './support/worlds.ts'

const { renderReport } = report

// Each name is a promise to users, which only a major version may break. A new one is added here on purpose.
test('nothing else can be imported', () => expect(Object.keys(report)).toEqual(['renderReport']))

test('it needs nothing of Node, and nothing at run time but the text of the page', async () =>
  expect(await readFile('dist/index.js', 'utf8')).not.toMatch(/^import /m))

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

const elements = (html: string, name: string): readonly string[] =>
  [...html.matchAll(new RegExp(`<${name}[^>]*>([^]*?)</${name}>`, 'g'))].map(([, text = '']) => text)

test.each([
  ['a shop', shop],
  ['hostile names', hostileWorld],
] as const)(
  '%s: the policy of the page names its script and its style, and lets it use nothing else',
  (_, snapshot) => {
    const html = renderReport({ snapshot })
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html) ?? []
    const [data = '', script = ''] = elements(html, 'script')
    const [style = ''] = elements(html, 'style')
    expect(elements(html, 'script')).toHaveLength(2)
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hash(script)}`,
      `style-src ${hash(style)}`,
      "base-uri 'none'",
      "form-action 'none'",
    ])
    expect((JSON.parse(data) as { snapshot: { roles: unknown } }).snapshot.roles).toEqual(snapshot.roles)
  },
)

test('no name ends the element that it is in', () => {
  const html = renderReport({ snapshot: hostileWorld, readAt: '</script><b>' })
  for (const name of hostile.filter((one) => /[<>]/.test(one))) expect(html).not.toContain(name)
  expect(html).not.toContain('<b>')
  expect(html.match(/<title>/g)).toHaveLength(1)
})

test('the same input makes the same text', () =>
  expect(renderReport({ snapshot: shop })).toBe(renderReport({ snapshot: shop })))

test('what only plans need is left out', () => {
  const snapshot = {
    ...shop,
    defaultPrivileges: [{ owner: 'left_out', schema: null, on: 'tables' as const, acl: [] }],
  }
  expect(renderReport({ snapshot })).not.toContain('left_out')
})

test('a database of 300 roles and 2,000 tables makes a file that can be sent by mail', () =>
  expect(renderReport({ snapshot: largeWorld() }).length).toBeLessThan(3_000_000))
