import { Grant, outcomeOf, plan, type Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, role, snapshot } from '../support/build-snapshot.ts'
import { seenByMe } from '../support/limited-role.ts'
import { expectedOf, type MatrixCase, matrixOf, type RowGrantor } from '../support/membership-matrix.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

const ofCreator = { admin: true, inherit: false, set: false }

const grantorNames: Readonly<Record<RowGrantor, string>> = {
  superuser: 'postgres',
  acting: 'me',
  third: 'third',
  member: 't',
}

/** The roles `group`, of which `t` is a member by some rows, and two roles that administer it. */
export const worldOf = ({ rows }: MatrixCase, isSuperuser: boolean): Snapshot =>
  snapshot({
    server: { actingRole: isSuperuser ? 'postgres' : 'me', sessionRole: isSuperuser ? 'postgres' : 'me' },
    roles: [role('me', { createRole: true, login: true }), role('third'), role('group'), role('t')],
    memberships: [
      ...['group', 't'].map((name) => membership('me', name, ofCreator)),
      membership('third', 'group', ofCreator),
      ...rows.map(({ grantor, ...options }) =>
        membership('t', 'group', { grantor: grantorNames[grantor], ...options }),
      ),
    ],
  })

const comesOf = (one: MatrixCase, isSuperuser: boolean): object => {
  const world = worldOf(one, isSuperuser)
  const grants = one.asked === undefined ? [] : [Grant.roleMembership('group', one.asked)]
  const made = plan(world, { role: 't', grants }, { seed: '' })
  const rows = outcomeOf(world, made).memberships.filter(({ member }) => member === 't')
  const { inherit, set } = expectedOf(one, isSuperuser)
  return {
    member: one.asked === undefined ? rows.length > 0 : rows.some((row) => row.inherit || row.set),
    admin: rows.some((row) => row.admin),
    inherit: inherit === undefined ? undefined : rows.some((row) => row.inherit),
    set: set === undefined ? undefined : rows.some((row) => row.set),
    residue: made.residue
      .map(({ fact }) => (fact.kind === 'membership' ? fact.grantor : fact.kind))
      .map((name) => Object.entries(grantorNames).find(([, other]) => other === name)![0])
      .sort(),
  }
}

describe.for([
  ['a superuser', true],
  ['a role that is not a superuser', false],
] as const)('all rows of a membership together give what is asked for, if %s acts', ([, isSuperuser]) => {
  test('whatever their grantors and options', { timeout: 60_000 }, () => {
    const wrong = matrixOf(isSuperuser).flatMap((one) => {
      const expected = expectedOf(one, isSuperuser)
      const sorted = { ...expected, residue: expected.residue.toSorted() }
      const found = comesOf(one, isSuperuser)
      return JSON.stringify(found) === JSON.stringify(sorted) ? [] : [{ one, found, expected }]
    })
    expect(wrong.slice(0, 3)).toEqual([])
  })
})

test('a row that gives nothing stays beside the one that gives what is asked for', () => {
  const before = seenByMe(180004, { memberships: [membership('t', 'owner', { inherit: false, set: false })] })
  expect(scriptOf(before, roleT([Grant.roleMembership('owner')]))).toBe('GRANT "owner" TO "t";')
})

test('a membership stays whose grantor the acting role could act as only by way of that membership', () => {
  const before = snapshot({
    server: { actingRole: 'me', sessionRole: 'me' },
    roles: [role('me', { createRole: true }), role('t'), role('deputy')],
    memberships: [
      membership('deputy', 'postgres'),
      membership('me', 't'),
      membership('t', 'deputy', { admin: true, inherit: false }),
    ],
  })
  const { transactions, residue } = plan(before, roleT(), { seed: '' })
  expect(transactions).toEqual([])
  expect(residue).toMatchObject([{ role: 't', fact: { kind: 'membership', role: 'deputy' } }])
})

test('a member gets again what it loses only because another loses its ADMIN option at the end', () => {
  const ofMe = ['group', 'a', 't'].map((name) => membership('me', name, { ...ofCreator }))
  const before = snapshot({
    server: { actingRole: 'me', sessionRole: 'me' },
    roles: [role('me', { createRole: true }), role('group'), role('a'), role('t')],
    memberships: [
      ...ofMe,
      membership('t', 'group', { admin: true, grantor: 'me' }),
      membership('a', 'group', { grantor: 't' }),
    ],
  })
  const desired = [roleT(), { role: 'a', grants: [Grant.roleMembership('group')] }]
  const { memberships } = outcomeOf(before, plan(before, desired))
  expect(memberships.filter(({ member }) => member !== 'me')).toMatchObject([{ member: 'a', grantor: 'me' }])
})
