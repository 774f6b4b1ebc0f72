import { createRequire } from 'node:module'
import {
  explainAccess,
  type Explanation,
  type Picture,
  pictureOf,
  renderMermaid,
  snapshot,
  Target,
  type WhoCan,
  whoCanAccess,
} from '@pgsr/planner'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { show, type Shown, startChromium } from '../../packages/report/test/browser/chromium.ts'
import { hostile } from '../../packages/report/test/support/worlds.ts'
import { readPages } from '../harness/pages.ts'
import { rendered } from './rendered.ts'

/** Names that Mermaid, Markdown or HTML would read as something else. */
const names: readonly string[] = [
  ...hostile,
  'end',
  'graph',
  'click n0 "javascript:alert(1)"',
  'a;b',
  'a#35;b',
  'a"b',
  "a'b",
  'a|b',
  '[a](b)',
  '{{a}}',
  '[(a)]',
  '`a`',
  '"`a`"',
  '1. a',
  '- a',
  '> a',
  '**a**',
  '_a_',
  '__a__',
  'a_b_c',
  '~~a~~',
  '$$a$$',
  '%% a',
  '%%{init: {}}%%',
  '---',
  '-->',
  'a\\b',
  'a\nb',
  'a  b',
  ' a ',
  '\ta',
  '<br/>',
  '&amp;',
  '&#35;',
  'fa:fa-car',
  'https://example.com/',
  'größe',
  '名前',
  'اسم',
  '😀',
  'e\u0301',
  // What Mermaid itself writes such characters as.
  'ﬂ°°35¶ß',
  'ﬂ°lt¶ß',
  'ﬂ¶ß°',
]

const worldOf = (name: string) =>
  snapshot()
    .role(name)
    .role('member', { login: true })
    .role('between', { inherit: false })
    .membership({ role: name, member: 'member' })
    .membership({ role: name, member: 'between', inherit: false })
    .schema(name, { owner: name, privileges: { public: ['USAGE'] } })
    .table(name, name, { owner: name, privileges: { [name]: ['SELECT'], between: ['SELECT'] } })

/** What a picture says, to be compared with what is drawn. */
const said = ({ nodes, edges }: Picture) => ({
  nodes: nodes.map(({ label, kind }) => ({ label, kind })),
  edges: edges.map(({ from, to, label, dashed }) => ({
    from: labelOf(nodes, from),
    to: labelOf(nodes, to),
    label,
    dashed,
  })),
})

const labelOf = (nodes: Picture['nodes'], wanted: string): string =>
  nodes.find(({ id }) => id === wanted)!.label

/** By text, since Mermaid draws parallel arrows in any order. */
const sorted = <T>(all: readonly T[]): readonly T[] =>
  all.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))

const pages = await readPages()

describe('what Mermaid draws', () => {
  let browser: Awaited<ReturnType<typeof startChromium>>
  let shown: Shown
  beforeAll(async () => {
    browser = await startChromium()
    shown = await show(browser, '<!doctype html><meta charset="utf-8"><title>untouched</title>')
    await shown.page.addScriptTag({
      path: createRequire(import.meta.url).resolve('mermaid/dist/mermaid.min.js'),
    })
  })
  afterAll(async () => {
    await shown?.leave()
    await browser?.close()
  })

  const expectDrawn = async (answer: Explanation | WhoCan): Promise<void> => {
    const { nodes, edges } = said(pictureOf(answer))
    const drawn = await rendered(shown.page, renderMermaid(answer))
    expect(drawn.nodes).toEqual(nodes)
    expect(sorted(drawn.edges)).toEqual(sorted(edges))
    expect(drawn.others, 'nothing but text in labels').toEqual([])
    expect(await shown.page.title()).toBe('untouched')
  }

  test.each(names.map((name) => [JSON.stringify(name), name] as const))(
    'of %s is what was said',
    async (_, name) => {
      const question = { privilege: 'SELECT', object: Target.table(name, name) } as const
      const world = worldOf(name)
      await expectDrawn(explainAccess(world, { role: 'member', ...question }))
      await expectDrawn(explainAccess(world, { role: 'between', ...question }))
      await expectDrawn(whoCanAccess(world, question))
      expect(shown.complaints).toEqual([])
      expect(shown.requests).toEqual([])
    },
  )

  test('of what nobody has is a box', async () => {
    await expectDrawn(
      explainAccess(snapshot().role('alice').schema('s').table('s', 't'), {
        role: 'alice',
        privilege: 'SELECT',
        object: Target.table('s', 't'),
      }),
    )
  })

  test.each([
    ['520 roles', 520, 'r'],
    ['400 roles with long names that are written as numbers', 400, '"'.repeat(50)],
  ])('of %s is as much as Mermaid shows', async (_, count, prefix) => {
    const roles = Array.from({ length: count }, (__, index) => `${prefix}${index}`)
    const world = roles
      .reduce((made, role) => made.role(role), snapshot())
      .schema('s')
      .table('s', 't', { privileges: Object.fromEntries(roles.map((role) => [role, ['SELECT'] as const])) })
    const answer = whoCanAccess(world, { privilege: 'SELECT', object: Target.table('s', 't') })
    const all = said(pictureOf(answer))
    const { nodes, edges } = await rendered(shown.page, renderMermaid(answer))
    const left = all.edges.length - edges.length
    expect(left).toBeGreaterThan(0)
    expect(nodes.at(-1)?.label).toBe(`${left} more arrows are left out`)
    expect(edges.length).toBeGreaterThan(100)
    expect(sorted(edges)).toEqual(sorted(all.edges.slice(0, edges.length)))
  })

  const blocks = pages
    .flatMap((page) => page.blocks)
    .flatMap(({ title, language, text }) => (language === 'mermaid' ? [[title, text] as const] : []))

  test.each(blocks)('of %s is what is written there', async (_, block) => {
    const written = [...block.matchAll(/^ +(\S+) --> (\S+)$/gm)].map(([, from, to]) => ({ from, to }))
    const { edges } = await rendered(shown.page, block)
    expect(sorted(edges.map(({ from, to }) => ({ from, to })))).toEqual(sorted(written))
    expect(written.length).toBeGreaterThan(0)
  })
})
