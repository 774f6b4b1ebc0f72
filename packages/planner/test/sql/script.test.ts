import { Grant, plan, renderSql } from '@pgsr/planner'
import { expect, test } from 'vitest'
import { withOrders } from '../support/orders-table.ts'
import { roleT } from '../support/plan-script.ts'

test('a script is one transaction, and says why each statement is there', () => {
  const grants = [Grant.tableSelect('s', 'orders', { direct: true })]
  expect(renderSql(plan(withOrders(), roleT(grants), { seed: '' }))).toBe(
    [
      '-- pgsr syncs "t": 1 operation, run as "postgres"',
      'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;',
      "SET LOCAL client_encoding = 'UTF8';",
      'SET LOCAL search_path = pg_catalog, pg_temp;',
      'SELECT pg_catalog.pg_advisory_xact_lock(1);',
      'GRANT SELECT ON TABLE "s"."orders" TO "t";  -- "t": SELECT on table "s"."orders" directly',
      'COMMIT;',
      '',
    ].join('\n'),
  )
})
