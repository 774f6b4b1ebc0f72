import {
  accessDifferenceOf,
  accessOfRole,
  checkAssertions,
  explainAccess,
  Grant,
  plan,
  pictureOf,
  renderAccessOf,
  renderDot,
  renderExplanation,
  renderMermaid,
  renderWhoCan,
  scopeOf,
  snapshot,
  type SnapshotBuilder,
  Target,
  whoCanAccess,
} from '@pgsr/planner'
import { describe, expect, test } from 'vitest'

const orders = Target.table('sales', 'orders')

const ask = (role: string) => ({ role, privilege: 'SELECT', object: orders }) as const

/** `alice` is a member of `readers`, who may read `sales.orders`. */
const shop = (): SnapshotBuilder =>
  snapshot()
    .role('readers')
    .role('alice', { login: true })
    .membership({ role: 'readers', member: 'alice' })
    .database('postgres', { privileges: { public: ['CONNECT'] } })
    .schema('sales', { privileges: { readers: ['USAGE'] } })
    .table('sales', 'orders', { privileges: { readers: ['SELECT'] } })

describe('an explanation', () => {
  test('has every link of the way, its grantor, and what ends it', () => {
    const { verdict, usable, paths } = explainAccess(shop(), ask('alice'))
    expect([verdict, usable]).toEqual(['granted', true])
    expect(paths).toMatchObject([
      {
        memberships: [{ role: 'readers', member: 'alice', grantor: 'postgres', by: 'inherit' }],
        source: { kind: 'privilege', grantee: 'readers', grantor: 'postgres', grantable: false },
        endings: [
          {
            link: 'source',
            statements: [{ sql: 'REVOKE SELECT ON TABLE "sales"."orders" FROM "readers"', as: null }],
          },
          { link: 0, statements: [{ sql: 'REVOKE "readers" FROM "alice" GRANTED BY "postgres"', as: null }] },
        ],
      },
    ])
  })

  test('ends what was granted by virtue of a path before the path', () => {
    const world = shop()
      .role('bob')
      .role('carl')
      .membership({ role: 'readers', member: 'bob' })
      .table('sales', 'items', { acl: ['bob=r*/postgres', 'carl=r/bob'] })
    const { paths } = explainAccess(world, {
      role: 'bob',
      privilege: 'SELECT',
      object: Target.table('sales', 'items'),
    })
    expect(paths[0]?.endings[0]?.statements).toEqual([
      { sql: 'REVOKE SELECT ON TABLE "sales"."items" FROM "carl"', as: 'bob' },
      { sql: 'REVOKE SELECT ON TABLE "sales"."items" FROM "bob"', as: null },
    ])
  })

  test('grants again what REVOKE on a table takes on its columns', () => {
    const world = shop()
      .role('bob')
      .table('sales', 'items', { privileges: { bob: ['SELECT'] } })
      .column('sales', 'items', 'id', {
        privileges: { bob: ['SELECT'] },
        ownerFollows: Target.table('sales', 'items') as never,
      })
    const { paths } = explainAccess(world, {
      role: 'bob',
      privilege: 'SELECT',
      object: Target.table('sales', 'items'),
    })
    expect(paths[0]?.endings[0]?.statements.map(({ sql }) => sql)).toEqual([
      'REVOKE SELECT ON TABLE "sales"."items" FROM "bob"',
      'GRANT SELECT ("id") ON TABLE "sales"."items" TO "bob"',
    ])
  })

  test('is unknown over a snapshot that was read for something else', () => {
    const world = {
      ...shop(),
      scope: scopeOf({ role: 'alice', grants: [Grant.tableSelect('sales', 'orders')] }),
    }
    const { verdict, usable, why } = explainAccess(world, ask('alice'))
    expect([verdict, usable, why]).toEqual(['unknown', null, 'the snapshot was not read to explain access'])
  })

  test('is refused for what does not exist', () => {
    expect(() => explainAccess(shop(), ask('nobody'))).toThrow(
      'cannot explain access: role "nobody" does not exist',
    )
    expect(() => explainAccess(shop(), { role: 'alice', privilege: 'EXECUTE', object: orders })).toThrow(
      'there is no privilege EXECUTE on table "sales"."orders"; expected one of SELECT, INSERT',
    )
    expect(() =>
      explainAccess(shop(), { role: 'alice', privilege: 'SELECT', object: Target.table('sales', 'nothing') }),
    ).toThrow('table "sales"."nothing" does not exist')
    expect(() =>
      explainAccess(shop(), { role: 'alice', privilege: 'SELECT', object: Target.allTables('sales') }),
    ).toThrow('expected one object by its name')
    expect(() =>
      explainAccess(snapshot({ version: 160000 }), {
        role: 'postgres',
        privilege: 'MAINTAIN',
        object: orders,
      }),
    ).toThrow('exists from PostgreSQL 17 on')
  })

  test('lists as many ways as are asked for, and its verdict does not depend on that', () => {
    const layers = 16
    let world = shop().role('start')
    for (let layer = 0; layer < layers; layer++)
      for (const side of ['a', 'b']) {
        world = world.role(`${side}${layer}`)
        for (const below of layer === 0 ? ['start'] : [`a${layer - 1}`, `b${layer - 1}`])
          world = world.membership({ role: `${side}${layer}`, member: below })
      }
    world = world.membership({ role: 'readers', member: `a${layers - 1}` })
    const { verdict, paths, morePaths } = explainAccess(world, ask('start'), { paths: 5 })
    expect([verdict, paths.length, morePaths]).toEqual(['granted', 5, true])
  })

  test('takes time in proportion to the length of a chain', () => {
    const length = 2000
    const made = shop()
    const names = Array.from({ length }, (_, index) => `r${index}`)
    const world = {
      ...made,
      roles: [
        ...made.roles,
        ...names.map((name) => ({ ...made.roles.find((one) => one.name === 'alice')!, name })),
      ],
      memberships: [
        ...made.memberships,
        ...names.map((member, index) => ({
          role: names[index + 1] ?? 'readers',
          member,
          grantor: 'postgres',
          admin: false,
          inherit: true,
          set: true,
        })),
      ],
    }
    const { verdict, paths } = explainAccess(world, ask('r0'))
    expect([verdict, paths[0]?.memberships.length]).toEqual(['granted', length])
  })
})

describe('texts and pictures', () => {
  test('an explanation is a tree', () => {
    expect(renderExplanation(explainAccess(shop(), ask('alice')))).toBe(
      `role "alice" has SELECT on table "sales"."orders"
├─ CONNECT on database "postgres": granted, in one way
│  └─ PUBLIC, and so every role, has CONNECT on database "postgres", granted by "postgres"
│     └─ to end it: REVOKE CONNECT ON DATABASE "postgres" FROM PUBLIC
├─ USAGE on schema "sales": granted, in one way
│  └─ role "alice" is a member of role "readers", granted by "postgres"; role "readers" has USAGE on schema "sales", granted by "postgres"
│     ├─ to end it: REVOKE USAGE ON SCHEMA "sales" FROM "readers"
│     └─ or: REVOKE "readers" FROM "alice" GRANTED BY "postgres"
└─ SELECT on table "sales"."orders": granted, in one way
   └─ role "alice" is a member of role "readers", granted by "postgres"; role "readers" has SELECT on table "sales"."orders", granted by "postgres"
      ├─ to end it: REVOKE SELECT ON TABLE "sales"."orders" FROM "readers"
      └─ or: REVOKE "readers" FROM "alice" GRANTED BY "postgres"
`,
    )
  })

  test('who can, and what a role can do, are trees too', () => {
    const question = { privilege: 'SELECT', object: orders } as const
    expect(renderWhoCan(whoCanAccess(shop(), question))).toContain('role "alice", which may log in')
    expect(renderAccessOf(accessOfRole(shop(), 'alice'))).toContain(
      'table "sales"."orders"\n   └─ SELECT: role "alice" is a member',
    )
  })

  test('names cannot end a label of a picture', () => {
    const evil = 'x"] --> y; "'
    const world = snapshot()
      .role(evil)
      .schema('sales')
      .table('sales', 'orders', { privileges: { [evil]: ['SELECT'] } })
    const answer = explainAccess(world, ask(evil))
    expect(
      renderMermaid(answer)
        .split('\n')
        .filter((line) => line.includes('y;')),
    ).toEqual([])
    expect(renderDot(answer)).toContain(String.raw`label="role \"x\\\"] --> y; \\\"\""`)
    expect(pictureOf(answer).edges).toMatchObject([{ label: 'SELECT, by postgres', dashed: false }])
  })

  test('a picture that is too large for Mermaid says what it leaves out', () => {
    const readers = Array.from({ length: 502 }, (_, index) => `reader_${index}`)
    const world = readers
      .reduce((made, role) => made.role(role), snapshot())
      .schema('sales')
      .table('sales', 'orders', {
        privileges: Object.fromEntries(readers.map((role) => [role, ['SELECT'] as const])),
      })
    const answer = whoCanAccess(world, { privilege: 'SELECT', object: orders })
    const { nodes, edges } = pictureOf(answer)
    const lines = renderMermaid(answer).trimEnd().split('\n')
    expect(lines.filter((line) => line.includes('-->'))).toHaveLength(500)
    expect(lines.at(-1)).toContain(`${edges.length - 500} more arrows are left out`)
    expect(lines).toHaveLength(1 + nodes.length - (edges.length - 500) + 500 + 1)
  })
})

const broken = (world: SnapshotBuilder, only: readonly string[]) =>
  checkAssertions(world, [{ only, can: 'SELECT', on: orders }]).flatMap(({ roles, everybody }) => [
    ...roles.map(({ role }) => role),
    ...everybody.map(() => 'public'),
  ])

const checking = (one: unknown) => () => checkAssertions(shop(), [one as never])

describe('assertions', () => {
  test('let members of the roles through, and nobody else', () => {
    expect(broken(shop(), ['readers'])).toEqual([])
    expect(broken(shop(), ['alice'])).toEqual(['readers'])
    expect(broken(shop(), [])).toEqual(['alice', 'readers'])
  })

  test('are checked on the outcome of a plan', () => {
    const desired = { role: 'bob', grants: [Grant.tableSelect('sales', 'orders', { direct: true })] }
    const assertions = [{ only: ['readers'], can: 'SELECT', on: orders }] as const
    const made = plan(shop(), desired)
    expect(checkAssertions(shop(), assertions)).toEqual([])
    expect(checkAssertions(shop(), assertions, made).map(({ message }) => message)).toEqual([
      'assertion 1 is broken: nobody but "readers" may have SELECT on table "sales"."orders", and role "bob" has it',
    ])
    expect(accessDifferenceOf(shop(), made).changes).toEqual([
      {
        role: 'bob',
        change: 'gains',
        privilege: 'SELECT',
        object: { kind: 'table', name: ['sales', 'orders'] },
      },
    ])
  })

  test('let members of an intermediate role through if these are allowed', () => {
    const made = plan(shop(), { role: 'bob', grants: [Grant.tableSelect('sales', 'orders')] })
    const check = (only: readonly string[]) =>
      checkAssertions(shop(), [{ only, can: 'SELECT', on: orders }], made).flatMap(({ roles }) =>
        roles.map(({ role }) => role),
      )
    expect(check(['readers', 'bob'])).toEqual([])
    expect(check(['readers'])).toEqual(['bob'])
  })

  test('about PUBLIC name every object', () => {
    const world = shop().function('sales', 'f', [], { privileges: { public: ['EXECUTE'] } })
    expect(checkAssertions(world, [{ public: 'nothing', in: 'sales' }]).map(({ object }) => object)).toEqual([
      { kind: 'function', name: ['sales', 'f'] },
    ])
  })

  test('that are none are refused', () => {
    expect(checking({})).toThrow('cannot check assertion 1: it has neither "only" nor "public"')
    expect(checking({ only: 'alice', can: 'SELECT', on: orders })).toThrow(
      'only must be an array of names of roles',
    )
    expect(checking({ only: [], can: 'SELECT', on: { kind: 'constructor', name: ['a'] } })).toThrow(
      'on must be a target',
    )
    expect(checking({ only: [], can: 'EXECUTE', on: orders })).toThrow('there is no privilege EXECUTE')
    expect(checking({ only: [], can: 'SELECT', on: Target.table('sales', 'no') })).toThrow(
      'table "sales"."no" does not exist',
    )
    expect(checking({ public: 'nothing', in: 'no' })).toThrow('schema "no" does not exist')
  })
})
