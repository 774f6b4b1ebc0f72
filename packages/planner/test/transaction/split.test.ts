import { Grant, outcomeOf, plan } from '@pgsr/planner'
import { planRequest } from '@pgsr/planner/internal'
import { expect, test } from 'vitest'
import { object, role, snapshot } from '../support/build-snapshot.ts'

test.for([1, 12, 13, 21, 30])(
  'planning again after any transaction of a plan for %i tables gives the rest of that plan',
  (count) => {
    const tables = Array.from({ length: count }, (_, index) => `t${index}`)
    const first = snapshot({
      server: { lockTableSize: 20 },
      roles: [role('t'), role('g')],
      objects: [object('schema', ['s']), ...tables.map((table) => object('table', ['s', table]))],
    })
    const grants = [Grant.roleMembership('g'), ...tables.map((table) => Grant.tableSelect('s', table))]
    const made = plan(first, { role: 't', grants }, { seed: 'seed' })
    expect(made.transactions.at(-1)?.filter(({ kind }) => kind === 'lockRole')).toMatchObject([
      { role: 't', mode: 'exclusive' },
    ])
    for (const done of made.transactions.keys()) {
      const now = outcomeOf(first, made.transactions.slice(0, done).flat())
      expect(planRequest(now, made.request, done > 0).transactions).toEqual(made.transactions.slice(done))
    }
  },
)
