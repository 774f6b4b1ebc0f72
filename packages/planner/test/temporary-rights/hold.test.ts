import { Grant } from '@pgsr/planner'
import { expect, test } from 'vitest'
import { object } from '../support/build-snapshot.ts'
import { seenByMe } from '../support/limited-role.ts'
import { orders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

test('a column is let go as the new owner, where the acting role would be taken for another grantor', () => {
  const before = seenByMe(150018, {
    objects: [
      object('schema', ['s'], 'owner', { 'public/owner': 'UC' }),
      { ...object('table', orders, 'owner', { 'me/owner': 'r*' }), columns: ['amount'] },
    ],
  })
  expect(scriptOf(before, roleT([Grant.tableOwnership('s', 'orders')]))).toBe(
    [
      '-- effect: role "owner" loses ownership of table "s"."orders" to role "t"',
      '-- effect: role "me" loses SELECT on table "s"."orders" with grant option, granted by "owner"',
      '-- effect: role "me" gains SELECT on table "s"."orders" with grant option, granted by "t"',
      'GRANT "owner", "t" TO "me";',
      'SET LOCAL ROLE "owner";',
      'GRANT SELECT ("amount") ON TABLE "s"."orders" TO "t";',
      'SET LOCAL ROLE "me";',
      'ALTER TABLE "s"."orders" OWNER TO "t";',
      'SET LOCAL ROLE "t";',
      'REVOKE SELECT ("amount") ON TABLE "s"."orders" FROM "t";',
      'SET LOCAL ROLE "me";',
      'REVOKE "t" FROM "me";',
      'REVOKE "owner" FROM "me";',
    ].join('\n'),
  )
})
