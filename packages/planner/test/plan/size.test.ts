import {
  type AclItem,
  type DefaultPrivileges,
  Grant,
  type Operation,
  operationsOf,
  outcomeOf,
  plan,
  type Plan,
  planDrop,
} from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role, snapshot } from '../support/build-snapshot.ts'

// So large that code does not finish if its time grows with the square of the size, or if it recurses for each step.

const numbered = (count: number, name: string): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}${String(index).padStart(6, '0')}`)

const nothing = (roles: readonly string[]) => roles.map((one) => ({ role: one, grants: [] }))

const what = (operation: Operation): string =>
  operation.kind === 'revokePrivilege' ? `${operation.grantee}/${operation.grantor}` : operation.kind

const steps = (made: Plan): readonly string[] =>
  operationsOf(made).flatMap((operation) => (operation.kind === 'lockRole' ? [] : [what(operation)]))

const options = { seed: 'seed' }

/** Each role got the privilege from the one before it, with the grant option. */
const chain = (roles: readonly string[], letters = 'r*'): Readonly<Record<string, string>> =>
  Object.fromEntries(roles.map((one, index) => [`${one}/${roles[index - 1] ?? 'owner'}`, letters]))

const inTable = (roles: readonly string[], acl: Readonly<Record<string, string>>) =>
  snapshot({
    roles: roles.map((one) => role(one)),
    objects: [
      object('schema', ['s'], 'owner', { 'public/owner': 'U' }),
      object('table', ['s', 't'], 'owner', acl),
    ],
  })

describe('a privilege passed on by one role to the next', () => {
  const roles = numbered(12_000, 'g')
  const [first, last] = [roles[0]!, roles.at(-1)!]

  test('is revoked from all of them, from the last to the first', () => {
    const made = plan(inTable(roles, chain(roles)), nothing([first]), options)
    const revoked = steps(made).filter((step) => step.includes('/'))
    expect(revoked).toHaveLength(roles.length)
    expect(revoked[0]).toBe(`${last}/${roles.at(-2)!}`)
    expect(made.effects).toHaveLength(roles.length - 1)
  })

  test('stays with all of them if the last preserves it', () => {
    const some = roles.slice(0, 2_000)
    const keeping = { role: some.at(-1)!, grants: [], preserveExistingGrantsInSchemas: ['s'] }
    const made = plan(inTable(some, chain(some)), [...nothing(some.slice(0, -1)), keeping], options)
    expect(steps(made)).toEqual([])
    expect(new Set(made.residue.map((one) => one.role)).size).toBe(some.length - 1)
  })

  test('is revoked from all of them if none of them has kept the grant option', () => {
    const before = inTable(roles, chain(roles, 'r'))
    const made = plan(before, nothing(roles), options)
    expect(outcomeOf(before, made).objects[1]!.acl).toHaveLength(1)
  })

  test('is revoked on a table and its columns', () => {
    const some = roles.slice(0, 300)
    const before = inTable(some, chain(some))
    const columns = numbered(40, 'c').map((column) =>
      object('column', ['s', 't', column], 'owner', chain(some)),
    )
    const made = plan({ ...before, objects: [...before.objects, ...columns] }, nothing([some[0]!]), options)
    expect(steps(made)).toHaveLength(some.length)
  })
})

describe('memberships', () => {
  const roles = numbered(12_000, 'r')
  const desired = roles.map((one, index) => ({
    role: one,
    grants: index === 0 ? [] : [Grant.roleMembership(roles[index - 1]!)],
  }))
  const existing = snapshot({ roles: roles.map((one) => role(one)) })
  const rows = roles.slice(1).map((one, index) => membership(one, roles[index]!))

  test('of each role in the one before it are granted', () => {
    expect(steps(plan(existing, desired, options))).toHaveLength(roles.length - 1)
  })

  test('of each role in the one before it are left as they are', () => {
    expect(steps(plan({ ...existing, memberships: rows }, desired, options))).toEqual([])
  })

  test('that would make a cycle through all roles are skipped', () => {
    const made = plan(
      { ...existing, memberships: rows },
      { role: roles[0]!, grants: [Grant.roleMembership(roles.at(-1)!)] },
      options,
    )
    expect(made.skipped.map(({ reason, path }) => [reason, path?.length])).toEqual([['cycle', roles.length]])
  })

  test.for([180004, 150010])(
    'are revoked by an acting role with CREATEROLE that is a member of all these roles, on %i',
    (version) => {
      const server = { version, actingRole: 'service', sessionRole: 'service', databaseOwner: 'service' }
      const made = plan(
        snapshot({
          server,
          roles: [role('service', { createRole: true }), ...existing.roles.slice(2)],
          memberships: [
            ...rows.map((row) => ({ ...row, grantor: 'service' })),
            ...(version < 160000 ? [roles.at(-1)!] : roles).map((one) =>
              membership('service', one, { admin: version >= 160000 }),
            ),
          ],
        }),
        nothing(roles),
        options,
      )
      expect(steps(made)).toHaveLength(roles.length - 1)
    },
  )

  test.for([180004, 150010])(
    'that each member granted to the next by its ADMIN option are revoked, on %i',
    (version) => {
      const made = plan(
        snapshot({
          server: { version },
          roles: [role('top'), ...existing.roles.slice(2)],
          memberships: roles.map((one, index) =>
            membership(one, 'top', { admin: true, grantor: roles[index - 1] ?? 'postgres' }),
          ),
        }),
        nothing(roles),
        options,
      )
      const members = operationsOf(made).flatMap((operation) =>
        operation.kind === 'revokeMembership' ? [operation.member] : [],
      )
      expect(members).toHaveLength(roles.length)
      expect(members[0]).toBe(version >= 160000 ? roles.at(-1) : roles[0])
    },
  )
})

const item = (grantee: string): AclItem => ({ grantee, grantor: 'owner', privileges: 'r' })

test('default privileges for many roles are revoked, and granted', () => {
  const roles = numbered(12_000, 'r')
  const before = snapshot({ roles: roles.map((one) => role(one)), objects: [object('schema', ['s'])] })
  const granted: DefaultPrivileges = { owner: 'owner', schema: 's', on: 'tables', acl: roles.map(item) }
  const taking = plan({ ...before, defaultPrivileges: [granted] }, nothing(roles), options)
  expect(outcomeOf({ ...before, defaultPrivileges: [granted] }, taking).defaultPrivileges).toEqual([])
  const asked = [Grant.defaultPrivilege({ owner: 'owner', schema: 's', on: 'tables' }, ['SELECT'])]
  const giving = plan(
    before,
    roles.map((one) => ({ role: one, grants: asked })),
    options,
  )
  expect(outcomeOf(before, giving).defaultPrivileges[0]!.acl).toHaveLength(roles.length)
})

test('intermediate roles that nobody needs are dropped', () => {
  const roles = numbered(5_000, '_pgsr_local_16384_table_select_00')
  const acl = Object.fromEntries(roles.map((one) => [`${one}/owner`, 'r']))
  const made = planDrop({ ...inTable(roles, acl), mayBeUnused: roles })
  expect(made.transactions.flat().filter(({ kind }) => kind === 'dropRole')).toHaveLength(roles.length)
})
