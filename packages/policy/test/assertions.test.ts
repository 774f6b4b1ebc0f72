import { parsePolicy, policyFrom } from '@pgsr/policy'
import { Target } from '@pgsr/planner'
import { expect, test } from 'vitest'

const text = `pgsr: 1
databases: [shop, billing]
public:
  schemas: { sales: [USAGE] }
roles:
  readers:
    members: [{ role: bob, admin: false }]
    grants:
      - { privileges: [SELECT, INSERT], tables: /^ord/, schema: sales }
      - { privileges: SELECT, columns: [name, city], tables: customers, schema: sales }
      - { privileges: EXECUTE, functions: 'total(int)', schema: sales }
  migrator:
    owns: [sales]
  alice:
    memberOf: [clerks]
    in:
      billing: { access: { invoices: readOnly } }
assertions:
  - { only: [readers], can: SELECT, tables: [orders, /^ord/], schema: sales }
  - { public: nothing, in: [hr, sales], inDatabases: billing }
`

const policy = parsePolicy(text, { file: 'policy.yaml' })

test('an assertion is made for each object and schema, with its line', () => {
  expect(policy.assertions).toEqual([
    { only: ['readers'], can: ['SELECT'], on: Target.table('sales', 'orders') },
    { only: ['readers'], can: ['SELECT'], on: Target.table('sales', /^ord/) },
    { public: 'nothing', in: 'hr', inDatabases: ['billing'] },
    { public: 'nothing', in: 'sales', inDatabases: ['billing'] },
  ])
  expect(policy.assertions.map((_, index) => policy.lineOfAssertion(index)?.line)).toEqual([19, 19, 20, 20])
  expect(policy.lineOfAssertion(4)).toBeUndefined()
})

const table = (name: string) => ({ kind: 'table' as const, name: ['sales', name] })

test.each([
  [{ kind: 'privilege', role: 'readers', privilege: 'SELECT', object: table('orders') }, 9],
  [{ kind: 'privilege', role: 'readers', privilege: 'UPDATE', object: table('orders') }, undefined],
  [{ kind: 'privilege', role: 'readers', privilege: 'SELECT', object: table('border') }, undefined],
  [{ kind: 'privilege', role: 'public', privilege: 'USAGE', object: { kind: 'schema', name: ['sales'] } }, 4],
  [
    {
      kind: 'privilege',
      role: 'readers',
      privilege: 'SELECT',
      object: { kind: 'column', name: ['sales', 'customers', 'city'] },
    },
    10,
  ],
  [
    {
      kind: 'privilege',
      role: 'readers',
      privilege: 'SELECT',
      object: { kind: 'column', name: ['sales', 'customers', 'street'] },
    },
    undefined,
  ],
  [
    {
      kind: 'privilege',
      role: 'readers',
      privilege: 'EXECUTE',
      object: { kind: 'function', name: ['sales', 'total', 'integer'] },
    },
    11,
  ],
  [{ kind: 'membership', role: 'alice', of: 'clerks' }, 15],
  [{ kind: 'membership', role: 'bob', of: 'readers' }, 7],
  [{ kind: 'membership', role: 'bob', of: 'migrator' }, undefined],
  [{ kind: 'ownership', role: 'migrator', object: table('orders') }, 13],
  [{ kind: 'ownership', role: 'readers', object: table('orders') }, undefined],
] as const)('it says where the policy asks for %j', (fact, line) => {
  const { isAsked, at } = policy.asksFor(fact)
  expect(isAsked).toBe(line !== undefined)
  expect(at?.line).toBe(line)
})

test('what it asks for in another database does not count', () => {
  const fact = {
    kind: 'privilege',
    role: 'alice',
    privilege: 'USAGE',
    object: { kind: 'schema', name: ['invoices'] },
  } as const
  expect(policy.asksFor(fact, 'billing').isAsked).toBe(true)
  expect(policy.asksFor(fact, 'shop').isAsked).toBe(false)
})

const usage = (role: string, schema: string) =>
  ({ kind: 'privilege', role, privilege: 'USAGE', object: { kind: 'schema', name: [schema] } }) as const

test.each([['[shop]'], ['[shop, billing]']])(
  'in a database that is not in %s, it only asks for what belongs to the cluster',
  (databases) => {
    const one = parsePolicy(`pgsr: 1
databases: ${databases}
public: { schemas: { sales: [USAGE] } }
roles:
  alice:
    memberOf: [bob]
    owns: [{ tablespaces: fast }]
    access: { sales: readOnly }
    grants: [{ privileges: CONNECT, databases: other }]
    in: { shop: { access: { hr: readOnly } } }
  carol: { members: [dan] }
`)
    for (const fact of [usage('alice', 'sales'), usage('alice', 'hr'), usage('public', 'sales')]) {
      expect(one.asksFor(fact).isAsked).toBe(true)
      expect(one.asksFor(fact, 'shop').isAsked).toBe(true)
      expect(one.asksFor(fact, 'other')).toEqual({ isAsked: false, isNamed: true })
    }
    for (const fact of [
      { kind: 'membership', role: 'alice', of: 'bob' },
      { kind: 'membership', role: 'dan', of: 'carol' },
      { kind: 'ownership', role: 'alice', object: { kind: 'tablespace', name: ['fast'] } },
      {
        kind: 'privilege',
        role: 'alice',
        privilege: 'CONNECT',
        object: { kind: 'database', name: ['other'] },
      },
    ] as const)
      expect(one.asksFor(fact, 'other').isAsked).toBe(true)
  },
)

test('it tells a role that it does not name from one that should not have something', () => {
  const fact = { kind: 'membership', of: 'readers' } as const
  expect(policy.asksFor({ ...fact, role: 'stranger' })).toEqual({ isAsked: false, isNamed: false })
  expect(policy.asksFor({ ...fact, role: 'migrator' })).toEqual({ isAsked: false, isNamed: true })
})

test('a policy that is data asks for the same, without lines', () => {
  const data = policyFrom({
    pgsr: 1,
    roles: { alice: { memberOf: ['readers'] } },
    assertions: [{ public: 'nothing', in: 'sales' }],
  })
  expect(data.asksFor({ kind: 'membership', role: 'alice', of: 'readers' })).toEqual({
    isAsked: true,
    isNamed: true,
  })
  expect(data.lineOfAssertion(0)).toBeUndefined()
})
