import { differenceOf, outcomeOf, plan } from '@pgsr/planner'
import { expect, test } from 'vitest'
import { membership, role, snapshot } from '../support/build-snapshot.ts'
import { roleT } from '../support/plan-script.ts'

/** `t` has passed `g` on to `b`, who loses it with `t`. */
const before = snapshot({
  server: { version: 180000 },
  roles: [role('t'), role('b'), role('g')],
  memberships: [membership('t', 'g', { admin: true }), membership('b', 'g', { grantor: 't' })],
})

test('a membership of another role that a plan touches is compared, too', () => {
  const made = plan(before, roleT([]))
  const after = outcomeOf(before, made)
  expect(after.memberships).toEqual([])
  expect(differenceOf(made, before, after)).toBeUndefined()
  const [, ofOther] = before.memberships
  expect(differenceOf(made, before, { ...after, memberships: [ofOther!] })).toEqual({
    missing: [],
    unexpected: [{ kind: 'membership', ...ofOther }],
  })
})

test('each membership that differs is said once', () => {
  const made = plan(before, roleT([]))
  const [own] = before.memberships
  expect(differenceOf(made, before, { ...outcomeOf(before, made), memberships: [own!] })).toEqual({
    missing: [],
    unexpected: [{ kind: 'membership', ...own }],
  })
})
