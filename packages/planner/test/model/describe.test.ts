import type { Fact } from '@pgsr/planner'
import { describeFactInFull } from '@pgsr/planner/internal'
import { expect, test } from 'vitest'

const fresh = { kind: 'schema', name: ['fresh'] } as const

test.for<[Fact, string]>([
  [{ kind: 'role', role: 'r' }, 'role "r" exists'],
  [{ kind: 'attribute', role: 'r', attribute: 'LOGIN' }, 'role "r" has LOGIN'],
  [
    { kind: 'membership', role: 'g', member: 'm', grantor: 'o', admin: false, inherit: true, set: false },
    'role "m" is a member of role "g" WITH ADMIN FALSE, INHERIT TRUE, SET FALSE, granted by role "o"',
  ],
  [{ kind: 'ownership', object: fresh, owner: 'x' }, 'role "x" owns schema "fresh"'],
  [
    {
      kind: 'privilege',
      object: fresh,
      privilege: 'USAGE',
      grantee: 'public',
      grantor: 'o',
      grantable: false,
    },
    'PUBLIC has USAGE on schema "fresh", granted by role "o"',
  ],
  [
    {
      kind: 'default privilege',
      owner: 'o',
      schema: 's',
      on: 'tables',
      privilege: 'SELECT',
      grantee: 'r',
      grantable: true,
    },
    'role "r" has SELECT on future tables of role "o" in schema "s" with grant option',
  ],
])('a fact described in full says which role it is about: %#', ([fact, sentence]) => {
  expect(describeFactInFull(fact)).toBe(sentence)
})
