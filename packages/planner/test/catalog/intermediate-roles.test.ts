import { Grant, type Snapshot } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role } from '../support/build-snapshot.ts'
import { heldByIntermediate, intermediate, withOrders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

describe('an intermediate role is not used if', () => {
  const asked = roleT([Grant.tableSelect('s', 'orders')])
  test.for<[string, Snapshot]>([
    [
      'it has LOGIN',
      withOrders({ [`${intermediate}/owner`]: 'r' }, { roles: [role(intermediate, { login: true })] }),
    ],
    [
      'it holds another privilege, too',
      withOrders({ [`${intermediate}/owner`]: 'rw' }, { roles: [role(intermediate)] }),
    ],
    [
      'it holds the grant option',
      withOrders({ [`${intermediate}/owner`]: 'r*' }, { roles: [role(intermediate)] }),
    ],
    [
      'another role than the owner granted what it holds',
      withOrders({ 'g/owner': 'r*', [`${intermediate}/g`]: 'r' }, { roles: [role(intermediate)] }),
    ],
    [
      'it is a member of another role',
      withOrders(
        { [`${intermediate}/owner`]: 'r' },
        { roles: [role(intermediate)], memberships: [membership(intermediate, 'b')] },
      ),
    ],
    [
      'it owns something',
      withOrders(
        { [`${intermediate}/owner`]: 'r' },
        { roles: [role(intermediate)], objects: [object('schema', ['x'], intermediate)] },
      ),
    ],
    [
      'it holds something in another database',
      withOrders({ [`${intermediate}/owner`]: 'r' }, { roles: [role(intermediate, { elsewhere: 1 })] }),
    ],
  ])('%s', ([, before]) => {
    expect(scriptOf(heldByIntermediate, asked)).not.toContain('CREATE ROLE')
    expect(scriptOf(before, asked)).toContain('CREATE ROLE "_pgsr_local_16384_table_select_')
  })
})
