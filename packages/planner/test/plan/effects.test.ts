import { Grant, plan } from '@pgsr/planner'
import { expect, test } from 'vitest'
import { role, snapshot } from '../support/build-snapshot.ts'
import { roleT } from '../support/plan-script.ts'

test('a privilege that another role gets on a new schema by default privileges is an effect', () => {
  const before = snapshot({
    roles: [role('t')],
    defaultPrivileges: [
      {
        owner: 't',
        schema: null,
        on: 'schemas',
        acl: [
          { grantee: 't', grantor: 't', privileges: 'UC' },
          { grantee: 'b', grantor: 't', privileges: 'U' },
        ],
      },
    ],
  })
  expect(plan(before, roleT([Grant.schemaOwnership('new')]), { seed: '' }).effects).toEqual([
    {
      role: 'b',
      change: 'gains',
      fact: {
        kind: 'privilege',
        object: { kind: 'schema', name: ['new'] },
        privilege: 'USAGE',
        grantee: 'b',
        grantor: 't',
        grantable: false,
      },
    },
  ])
})
