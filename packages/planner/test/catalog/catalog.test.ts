import { expect, test } from 'vitest'
import { applyOperation } from '../../src/catalog/apply-operation.ts'
import { Catalog } from '../../src/catalog/catalog.ts'
import type { Operation } from '../../src/model/operation.ts'
import { membership, object, role, snapshot } from '../support/build-snapshot.ts'

const before = snapshot({
  roles: [role('t'), role('g')],
  memberships: [membership('t', 'g')],
  objects: [object('schema', ['s']), object('table', ['s', 'orders'], 'owner', { 't/owner': 'r' })],
})
const base = { as: 'postgres', reason: { role: 't', grant: null } } as const
const orders = { kind: 'table', name: ['s', 'orders'] } as const

test.for<Operation>([
  { kind: 'createRole', role: 'new', ...base },
  { kind: 'setAttribute', role: 't', attribute: 'LOGIN', value: true, ...base },
  { kind: 'revokeMembership', role: 'g', member: 't', grantor: 'postgres', option: null, ...base },
  { kind: 'setOwner', object: orders, owner: 't', ...base },
  {
    kind: 'revokePrivilege',
    object: orders,
    privilege: 'SELECT',
    grantee: 't',
    grantor: 'owner',
    grantOptionOnly: false,
    ...base,
  },
])('$kind changes a fork, but not the catalog that was forked', (operation) => {
  const catalog = new Catalog(before)
  const unchanged = new Catalog(before).snapshot()
  const fork = catalog.fork()
  applyOperation(fork, operation)
  expect(fork.snapshot()).not.toEqual(unchanged)
  expect(catalog.snapshot()).toEqual(unchanged)
})
