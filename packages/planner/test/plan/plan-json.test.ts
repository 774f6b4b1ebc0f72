import { Grant, operationsOf, parsePlan, type Plan, plan, renderJson } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { object, role, snapshot } from '../support/build-snapshot.ts'

const before = snapshot({
  roles: [role('r'), role('idle', { login: true })],
  objects: [object('schema', ['s']), object('table', ['s', 'a']), object('table', ['s', 'b'])],
})
const made = plan(
  before,
  [
    { role: 'r', grants: [Grant.schemaUsage('s'), Grant.tableSelect('s', /./), Grant.tableSelect('s', 'c')] },
    { role: 'idle', grants: [] },
  ],
  { seed: '' },
)

type Json = Record<string, unknown> & {
  readonly transactions: readonly (readonly { readonly reason: { readonly grant: unknown } }[])[]
  readonly skipped: readonly { readonly grant: unknown }[]
}

const json = (): Json => JSON.parse(renderJson(made)) as Json

test('a plan in JSON names each grant by its place among the grants of its role', () => {
  const { request } = made as Plan & { readonly request: { readonly kind: 'sync' } }
  const { grants } = request.desired.find((one) => one.role === 'r')!
  const { transactions, skipped } = json()
  const places = transactions.flat().map(({ reason }) => reason.grant)
  expect(places).toEqual(
    operationsOf(made).map(({ reason }) => (reason.grant === null ? null : grants.indexOf(reason.grant))),
  )
  expect(places).toContain(null)
  expect(places).toContain(1)
  expect(skipped.map(({ grant }) => grant)).toEqual([
    grants.findIndex((one) => one === made.skipped[0]!.grant),
  ])
})

test('a copy of a plan gives the same JSON as the plan', () =>
  expect(renderJson(structuredClone(made))).toBe(renderJson(made)))

describe('parsePlan', () => {
  test('accepts JSON text, what JSON.parse makes of it, and a plan', () => {
    for (const given of [renderJson(made), json(), made]) expect(parsePlan(given)).toEqual(made)
  })

  test.for<readonly [string, unknown, string]>([
    ['a text that is not JSON', '{', 'cannot read the plan: the text is not JSON'],
    [
      'a list',
      [],
      'cannot read the plan: it is not a plan; was the await forgotten, or is the plan in the field plan?',
    ],
    [
      'a plan of another version',
      { ...json(), format: 1 },
      'cannot read the plan: it has format 1, and this version of pgsr reads 2; plan again',
    ],
    ['an unknown part', { ...json(), more: 1 }, 'cannot read the plan: unknown part "more"'],
    [
      'a part of the wrong type',
      { ...json(), effects: 'none' },
      'cannot read the plan: effects must be an array of objects',
    ],
    [
      'a grant that the request does not have',
      { ...json(), transactions: [[{ kind: 'createRole', reason: { role: 'r', grant: 3 } }]] },
      'cannot read the plan: operation 1 of transaction 1 names grant 3 of role "r", which its request does not have',
    ],
    [
      'a skipped grant that the request does not have',
      { ...json(), skipped: [{ role: 'nobody', grant: 0 }] },
      'cannot read the plan: skipped entry 1 names grant 0 of role "nobody", which its request does not have',
    ],
  ])('refuses %s', ([, given, message]) => {
    expect(() => parsePlan(given)).toThrow(
      expect.objectContaining({ _tag: 'InvalidGrantError', message }) as Error,
    )
  })
})
