import {
  type DesiredRole,
  Grant,
  outcomeOf,
  plan,
  type PlanOptions,
  renderSql,
  type Role,
  type Snapshot,
  Target,
} from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { membership, object, role, snapshot } from './support/build-snapshot.ts'

/** The statements and findings of a plan: its script without what every script begins and ends with, and its locks. */
const script = (world: Snapshot, desired: DesiredRole | DesiredRole[], options: PlanOptions = {}): string =>
  renderSql(plan(world, desired, { seed: 'seed', ...options }))
    .split('\n')
    .filter(
      (line) =>
        !/^(BEGIN|SET LOCAL (client|search)|SELECT (pg_catalog|set_config)|COMMIT|-- pgsr syncs|$)|-- changes nothing/.test(
          line,
        ),
    )
    .map((line) => line.replace(/ {2}-- .*/, ''))
    .join('\n')

const t = (grants: DesiredRole['grants'] = []): DesiredRole => ({ role: 't', grants })

/** What a plan says of memberships that are left to other databases. */
const elsewhere = (count: string): string =>
  `-- unmanaged: role "t": membership: "membership in ${count} of other databases"`
const table = ['s', 'orders']
/** A table of `t` that may hold code, since nothing says that it does not. */
const { inert: _, ...holdingCode } = object('table', table, 't')
const world = (acl = {}, rest: Partial<Snapshot> = {}): Snapshot =>
  snapshot({
    roles: [role('t'), role('b'), role('g'), ...(rest.roles ?? [])],
    objects: [object('schema', ['s']), object('table', table, 'owner', acl), ...(rest.objects ?? [])],
    ...(rest.memberships && { memberships: rest.memberships }),
  })

const serving = '_pgsr_local_16384_table_select_0123abcd'
const another = '_pgsr_local_16384_table_select_4567abcd'
const served = world({ [`${serving}/owner`]: 'r' }, { roles: [role(serving)] })

describe('what is asked for is granted', () => {
  test.for<[string, Snapshot, DesiredRole | DesiredRole[], string]>([
    ['a role that does not exist is created', snapshot(), t(), 'CREATE ROLE "t";'],
    [
      'the password comes in a statement of its own, before LOGIN',
      snapshot({ roles: [role('t')] }),
      t([Grant.login({ password: 'geheim', validUntil: new Date('2027-06-30T00:00:00Z') })]),
      [
        '-- here pgsr sets the password of role "t"',
        'ALTER ROLE "t" VALID UNTIL \'2027-06-30T00:00:00.000000Z\' LOGIN;',
      ].join('\n'),
    ],
    [
      'a privilege goes through a new intermediate role',
      world(),
      t([Grant.tableSelect('s', 'orders')]),
      [
        'CREATE ROLE "_pgsr_local_16384_table_select_cab7cfbf";',
        'GRANT SELECT ON TABLE "s"."orders" TO "_pgsr_local_16384_table_select_cab7cfbf";',
        'GRANT "_pgsr_local_16384_table_select_cab7cfbf" TO "t" WITH INHERIT TRUE, SET FALSE;',
      ].join('\n'),
    ],
    [
      'or through the one that is there',
      served,
      t([Grant.tableSelect('s', /^ord/)]),
      `GRANT "${serving}" TO "t" WITH INHERIT TRUE, SET FALSE;`,
    ],
    [
      'or directly',
      world(),
      t([Grant.tableSelect('s', 'orders', { direct: true })]),
      'GRANT SELECT ON TABLE "s"."orders" TO "t";',
    ],
    [
      'before PostgreSQL 16 memberships have no options',
      { ...served, server: { ...served.server, version: 150018 } },
      t([Grant.tableSelect('s', 'orders')]),
      `GRANT "${serving}" TO "t";`,
    ],
    [
      'a schema is created for its owner, and can be granted on in the same call',
      snapshot({ roles: [role('t'), role('b')] }),
      [
        t([Grant.schemaOwnership('new')]),
        { role: 'b', grants: [Grant.schemaUsage('new', { direct: true })] },
      ],
      'CREATE SCHEMA "new" AUTHORIZATION "t";\nGRANT USAGE ON SCHEMA "new" TO "b";',
    ],
    [
      'an owner needs no grant on what it owns',
      world(),
      t([Grant.tableOwnership('s', 'orders'), Grant.tableSelect('s', 'orders')]),
      '-- effect: role "owner" loses ownership of table "s"."orders" to role "t"\nALTER TABLE "s"."orders" OWNER TO "t";',
    ],
    [
      'but one that took its own privilege away gets it back',
      snapshot({ roles: [role('t')], objects: [object('table', table, 't', { 't/t': 'w' })] }),
      t([Grant.tableOwnership('s', 'orders'), Grant.tableSelect('s', 'orders')]),
      'GRANT SELECT ON TABLE "s"."orders" TO "t";',
    ],
    [
      'roles that are asked for are created, in any order',
      snapshot(),
      [t([Grant.roleMembership('analyst')]), { role: 'analyst', grants: [Grant.roleMembership('staff')] }],
      [
        'CREATE ROLE "analyst";',
        'CREATE ROLE "staff";',
        'CREATE ROLE "t";',
        'GRANT "staff" TO "analyst";',
        'GRANT "analyst" TO "t";',
      ].join('\n'),
    ],
  ])('%s', ([, before, desired, expected]) => expect(script(before, desired)).toBe(expected))
})

describe('what is not asked for is taken away', () => {
  test.for<[string, Snapshot, string, PlanOptions?]>([
    [
      'LOGIN, and the password with it',
      snapshot({ roles: [role('t', { login: true })] }),
      'ALTER ROLE "t" NOLOGIN PASSWORD NULL;',
    ],
    [
      'memberships, by whoever granted them',
      world({}, { memberships: [membership('t', 'b'), membership('t', 'b', { grantor: 'g' })] }),
      'REVOKE "b" FROM "t" GRANTED BY "g";\nREVOKE "b" FROM "t" GRANTED BY "postgres";',
    ],
    [
      'what a member has granted by its ADMIN option first',
      world(
        {},
        { memberships: [membership('t', 'b', { admin: true }), membership('g', 'b', { grantor: 't' })] },
      ),
      [
        '-- effect: role "g" loses membership in role "b", granted by "t"',
        'REVOKE "b" FROM "g" GRANTED BY "t";',
        'REVOKE "b" FROM "t" GRANTED BY "postgres";',
      ].join('\n'),
    ],
    [
      'every privilege, tables before columns and contents before schemas',
      snapshot({
        roles: [role('t')],
        objects: [
          object('schema', ['s'], 'owner', { 't/owner': 'UC' }),
          object('table', table, 'owner', { 't/owner': 'rw' }),
          object('column', [...table, 'id'], 'owner', { 't/owner': 'rx' }),
        ],
      }),
      [
        'REVOKE SELECT, UPDATE ON TABLE "s"."orders" FROM "t";',
        'REVOKE REFERENCES ("id") ON TABLE "s"."orders" FROM "t";',
        'REVOKE CREATE, USAGE ON SCHEMA "s" FROM "t";',
      ].join('\n'),
    ],
    [
      'ownership, which goes to the acting role',
      snapshot({ roles: [role('t')], objects: [object('table', table, 't'), object('schema', ['s'], 't')] }),
      [
        '-- effect: role "t" loses ownership of schema "s" to role "postgres"',
        '-- effect: role "t" loses ownership of table "s"."orders" to role "postgres"',
        'ALTER SCHEMA "s" OWNER TO "postgres";',
        'ALTER TABLE "s"."orders" OWNER TO "postgres";',
      ].join('\n'),
    ],
    [
      'or to the role that is named, and then also what may hold code',
      snapshot({ roles: [role('t')], objects: [holdingCode] }),
      [
        '-- effect: role "t" loses ownership of table "s"."orders" to role "owner"; its code may run as that role from then on',
        'ALTER TABLE "s"."orders" OWNER TO "owner";',
      ].join('\n'),
      { reassignOwnedTo: 'owner' },
    ],
    [
      'what may hold code goes to a caretaker otherwise, who reaches it for foreign keys',
      snapshot({
        roles: [role('t')],
        objects: [{ ...holdingCode, foreignKey: true }, object('schema', ['s'])],
      }),
      [
        '-- effect: role "t" loses ownership of table "s"."orders" to role "_pgsr_caretaker_6075dae3"; its code may run as that role from then on',
        'CREATE ROLE "_pgsr_caretaker_6075dae3";',
        'ALTER TABLE "s"."orders" OWNER TO "_pgsr_caretaker_6075dae3";',
        'GRANT USAGE ON SCHEMA "s" TO "_pgsr_caretaker_6075dae3";',
      ].join('\n'),
    ],
    [
      'so does a table to which others may attach code of theirs',
      snapshot({
        roles: [role('t'), role('other')],
        objects: [object('table', table, 't', { 'other/t': 'x' })],
      }),
      [
        '-- effect: role "t" loses ownership of table "s"."orders" to role "_pgsr_caretaker_6075dae3"; its code may run as that role from then on',
        '-- effect: role "other" loses REFERENCES on table "s"."orders", granted by "t"',
        '-- effect: role "other" gains REFERENCES on table "s"."orders", granted by "_pgsr_caretaker_6075dae3"',
        'CREATE ROLE "_pgsr_caretaker_6075dae3";',
        'ALTER TABLE "s"."orders" OWNER TO "_pgsr_caretaker_6075dae3";',
      ].join('\n'),
    ],
    [
      'what only a superuser can own, or acts by itself, goes to nobody who is not named',
      snapshot({ roles: [role('t')], objects: [object('subscription', ['feed'], 't')] }),
      '-- residue: role "t" keeps ownership of subscription "feed": it acts by itself with its owner’s rights; name its new owner in reassignOwnedTo; to end it: "ALTER SUBSCRIPTION \\"feed\\" OWNER TO CURRENT_USER", by a superuser, or a sync that names a role in reassignOwnedTo',
    ],
    [
      'a membership in another database’s intermediate role is that database’s, and is said',
      world({}, { roles: [role(serving, { elsewhere: 1 })], memberships: [membership('t', serving)] }),
      elsewhere('an intermediate role'),
    ],
    [
      'several in one line',
      world(
        {},
        {
          roles: [role(serving, { elsewhere: 1 }), role(another, { elsewhere: 2 })],
          memberships: [membership('t', serving), membership('t', another)],
        },
      ),
      elsewhere('2 intermediate roles'),
    ],
    [
      'but for one that is more than it claims to be',
      world(
        {},
        {
          roles: [role(serving, { elsewhere: 1, superuser: true })],
          memberships: [membership('t', serving)],
        },
      ),
      `REVOKE "${serving}" FROM "t" GRANTED BY "postgres";`,
    ],
    [
      'and for the ADMIN option',
      world(
        {},
        {
          roles: [role(serving, { elsewhere: 1 })],
          memberships: [membership('t', serving, { admin: true })],
        },
      ),
      `${elsewhere('an intermediate role')}\nREVOKE ADMIN OPTION FOR "${serving}" FROM "t" GRANTED BY "postgres";`,
    ],
    [
      'one that serves nothing any more is not',
      world({}, { roles: [role(serving)], memberships: [membership('t', serving)] }),
      `REVOKE "${serving}" FROM "t" GRANTED BY "postgres";`,
    ],
  ])('%s', ([, before, expected, options]) => expect(script(before, t(), options)).toBe(expected))

  test('the grant option alone, where the privilege is asked for', () =>
    expect(script(world({ 't/owner': 'r*' }), t([Grant.tableSelect('s', 'orders', { direct: true })]))).toBe(
      'REVOKE GRANT OPTION FOR SELECT ON TABLE "s"."orders" FROM "t";',
    ))

  test('held directly and asked for otherwise, it is replaced', () =>
    expect(
      script(
        world({ 't/owner': 'r', [`${serving}/owner`]: 'r' }, { roles: [role(serving)] }),
        t([Grant.tableSelect('s', 'orders')]),
      ),
    ).toBe(
      `REVOKE SELECT ON TABLE "s"."orders" FROM "t";\nGRANT "${serving}" TO "t" WITH INHERIT TRUE, SET FALSE;`,
    ))
})

describe('an intermediate role is trusted only if it is what it claims to be', () => {
  const asked = t([Grant.tableSelect('s', 'orders')])
  test.for<[string, Snapshot]>([
    ['it may log in', world({ [`${serving}/owner`]: 'r' }, { roles: [role(serving, { login: true })] })],
    ['it holds more', world({ [`${serving}/owner`]: 'rw' }, { roles: [role(serving)] })],
    ['it may pass it on', world({ [`${serving}/owner`]: 'r*' }, { roles: [role(serving)] })],
    [
      'somebody else granted it',
      world({ 'g/owner': 'r*', [`${serving}/g`]: 'r' }, { roles: [role(serving)] }),
    ],
    [
      'it is a member of something',
      world(
        { [`${serving}/owner`]: 'r' },
        { roles: [role(serving)], memberships: [membership(serving, 'b')] },
      ),
    ],
    [
      'it owns something',
      world(
        { [`${serving}/owner`]: 'r' },
        { roles: [role(serving)], objects: [object('schema', ['x'], serving)] },
      ),
    ],
    [
      'it serves another database too',
      world({ [`${serving}/owner`]: 'r' }, { roles: [role(serving, { elsewhere: 1 })] }),
    ],
  ])('%s', ([, before]) => {
    expect(script(served, asked)).not.toContain('CREATE ROLE')
    expect(script(before, asked)).toContain('CREATE ROLE "_pgsr_local_16384_table_select_')
  })
})

describe('what cannot be given is skipped, with its reason', () => {
  test.for<[string, Snapshot, DesiredRole, string]>([
    [
      'a table that does not exist',
      world(),
      t([Grant.tableSelect('s', 'no')]),
      'cannot grant SELECT on table "s"."no" to role "t": table "s"."no" does not exist',
    ],
    [
      'nor its schema',
      world(),
      t([Grant.tableSelect('no', 'no')]),
      'cannot grant SELECT on table "no"."no" to role "t": schema "no" does not exist',
    ],
    [
      'a pattern that matches nothing',
      world(),
      t([Grant.tableSelect('s', /^x/i)]),
      'cannot grant SELECT on the tables of schema "s" that match /^x/i to role "t": no table matches',
    ],
    [
      'a cycle through a bystander',
      world({}, { memberships: [membership('g', 'b'), membership('b', 't')] }),
      t([Grant.roleMembership('g')]),
      'cannot grant membership in role "g" to role "t": it would make a cycle: "t" in "g" in "b" in "t"',
    ],
    [
      'an intermediate role for who does not inherit, before PostgreSQL 16',
      {
        ...world({}, { roles: [role('t', { inherit: false })] }),
        server: { ...world().server, version: 150000 },
      },
      t([Grant.tableSelect('s', 'orders')]),
      'cannot grant SELECT on table "s"."orders" to role "t": the role is NOINHERIT, and before PostgreSQL 16 gets nothing from an intermediate role; grant it directly',
    ],
  ])('%s', ([, before, desired, message]) => {
    const { skipped, transactions } = plan(before, desired, { seed: '' })
    expect(skipped.map((one) => one.message)).toEqual([message])
    expect(transactions).toEqual([])
  })

  test('and does not keep the rest from being given', () =>
    expect(
      script(world(), t([Grant.tableSelect('s', 'no'), Grant.tableSelect('s', 'orders', { direct: true })])),
    ).toMatch(/^-- skipped: .*\nGRANT SELECT ON TABLE "s"."orders" TO "t";$/))
})

const twoColumns = (column: string, other: string): Snapshot =>
  world(
    { 't/owner': 'r', 'g/owner': 'r*' },
    {
      objects: [
        object('column', [...table, 'one'], 'owner', { 't/owner': column, 'b/t': 'r' }),
        object('column', [...table, 'two'], 'owner', { 't/owner': other }),
      ],
    },
  )

/** The ACL of the first table there is, before a plan or after it. */
const tableAcl = ({ objects }: Snapshot): string =>
  objects
    .find(({ kind }) => kind === 'table')!
    .acl.map(({ grantee, grantor, privileges }) => `${grantee}=${privileges}/${grantor}`)
    .join(' ')

const asRole = (name: string, ...lines: readonly string[]): string =>
  [`SET LOCAL ROLE "${name}";`, ...lines, 'SET LOCAL ROLE "postgres";'].join('\n')

/** The same as `world`, but that role g reaches what is in the schema. */
const withUsage = (acl: Readonly<Record<string, string>>, roles: readonly Role[] = []): Snapshot =>
  snapshot({
    roles: [
      ...[role('t'), role('b'), role('g')].filter(({ name }) => !roles.some((one) => one.name === name)),
      ...roles,
    ],
    objects: [object('schema', ['s'], 'owner', { 'g/owner': 'U' }), object('table', table, 'owner', acl)],
  })

describe('what a third role granted', () => {
  const own = 'owner=arwdDxtm/owner'
  const revoke = 'REVOKE SELECT ON TABLE "s"."orders" FROM "t";'
  const lend = 'GRANT SELECT ON TABLE "s"."orders" TO "g" WITH GRANT OPTION;'

  test.for<[string, Snapshot, readonly string[], string]>([
    [
      'goes in its name',
      withUsage({ 'g/owner': 'r*', 't/g': 'r' }),
      [asRole('g', revoke)],
      `g=r*/owner ${own}`,
    ],
    [
      'goes in its name, while it is no superuser',
      withUsage({ 'g/owner': 'a*r*', 't/g': 'r', 'b/g': 'r' }, [role('g', { superuser: true })]),
      ['ALTER ROLE "g" NOSUPERUSER;', asRole('g', revoke), 'ALTER ROLE "g" SUPERUSER;'],
      `b=r/g g=a*r*/owner ${own}`,
    ],
    [
      'goes in its name, while it is lent the grant option that it has lost',
      withUsage({ 't/g': 'r' }),
      [lend, asRole('g', revoke), 'REVOKE SELECT ON TABLE "s"."orders" FROM "g";'],
      own,
    ],
    [
      'goes in its name, and what it has without grant option stays',
      withUsage({ 'g/owner': 'r', 't/g': 'r' }),
      [lend, asRole('g', revoke), 'REVOKE GRANT OPTION FOR SELECT ON TABLE "s"."orders" FROM "g";'],
      `g=r/owner ${own}`,
    ],
    [
      'goes in its name, while it is lent USAGE on the schema',
      world({ 'g/owner': 'r*', 't/g': 'r' }),
      ['GRANT USAGE ON SCHEMA "s" TO "g";', asRole('g', revoke), 'REVOKE USAGE ON SCHEMA "s" FROM "g";'],
      `g=r*/owner ${own}`,
    ],
    [
      'goes beside what the owner granted',
      withUsage({ 'g/owner': 'r*', 't/g': 'r', 't/owner': 'r' }),
      [asRole('g', revoke), revoke],
      `g=r*/owner ${own}`,
    ],
    [
      'goes after what was passed on from it',
      withUsage({ 'g/owner': 'r*', 't/g': 'r*', 'b/t': 'r' }),
      [
        '-- effect: role "b" loses SELECT on table "s"."orders", granted by "t"',
        'GRANT USAGE ON SCHEMA "s" TO "t";',
        'SET LOCAL ROLE "t";',
        'REVOKE SELECT ON TABLE "s"."orders" FROM "b";',
        asRole('g', revoke),
        'REVOKE USAGE ON SCHEMA "s" FROM "t";',
      ],
      `g=r*/owner ${own}`,
    ],
  ])('%s', ([, before, expected, acl]) => {
    const made = plan(before, t(), { seed: 'seed' })
    expect(script(before, t())).toBe(expected.join('\n'))
    expect(tableAcl(outcomeOf(before, made))).toBe(acl)
    expect(made.residue).toEqual([])
  })

  test('goes from a grantor that may not grant it any more, and others have it of the owner then', () => {
    const before = withUsage({ 't/g': 'r', 'b/g': 'r' })
    const { residue, effects } = plan(before, t(), { seed: '' })
    expect(residue).toEqual([])
    expect(effects).toMatchObject([
      { role: 'b', change: 'loses', fact: { grantor: 'g' } },
      { role: 'b', change: 'gains', fact: { grantor: 'owner' } },
    ])
  })

  test('is granted again by the owner where it is asked for', () =>
    expect(
      script(
        withUsage({ 'g/owner': 'r*', 't/g': 'r' }),
        t([Grant.tableSelect('s', 'orders', { direct: true })]),
      ),
    ).toBe([asRole('g', revoke), 'GRANT SELECT ON TABLE "s"."orders" TO "t";'].join('\n')))

  test.for<[string, Snapshot, DesiredRole, string]>([
    [
      'is granted again',
      withUsage({ 'g/owner': 'r*', 't/g': 'r' }),
      t([Grant.tableSelect('s', 'orders', { direct: true })]),
      '-- "t": granted by "g", granted again by the owner',
    ],
    ['is not asked for', withUsage({ 't/owner': 'r' }), t(), '-- "t": no grant asks for it'],
    [
      'may not be passed on',
      withUsage({ 't/owner': 'r*' }),
      t([Grant.tableSelect('s', 'orders', { direct: true })]),
      '-- "t": no grant asks for the grant option',
    ],
  ])('is said to go because it %s', ([, before, desired, comment]) =>
    expect(renderSql(plan(before, desired, { seed: '' }))).toContain(comment),
  )

  test.for<[string, Snapshot, string]>([
    [
      'where that is the superuser who syncs',
      {
        ...withUsage({ 'me/owner': 'r*', 't/me': 'r' }, [role('me', { superuser: true })]),
        server: { ...snapshot().server, actingRole: 'me', sessionRole: 'me' },
      },
      'granted by "me": role "me" granted it before it was a superuser, and cannot be made none meanwhile',
    ],
  ])('stays %s', ([, before, why]) => {
    const { residue, transactions } = plan(before, t(), { seed: '' })
    expect(residue.map(({ message }) => message)).toEqual([
      `role "t" keeps SELECT on table "s"."orders", ${why}`,
    ])
    expect(transactions).toEqual([])
  })
})

describe('what a role passed on', () => {
  test.for<[string, Snapshot]>([
    ['on a column with the grant option', twoColumns('r*', 'r')],
    ['on a column without it, beside one that has it', twoColumns('r', 'r*')],
  ])('goes %s', ([, before]) => {
    const { objects } = outcomeOf(before, plan(before, t(), { seed: '' }))
    expect(objects.flatMap(({ acl }) => acl).filter(({ grantor }) => grantor === 't')).toEqual([])
  })

  test('goes with its grant option, where the privilege itself is asked for', () =>
    expect(
      script(world({ 't/owner': 'r*', 'b/t': 'r' }), t([Grant.tableSelect('s', 'orders', { direct: true })])),
    ).toBe(
      [
        '-- effect: role "b" loses SELECT on table "s"."orders", granted by "t"',
        'GRANT USAGE ON SCHEMA "s" TO "t";',
        asRole('t', 'REVOKE SELECT ON TABLE "s"."orders" FROM "b";'),
        'REVOKE GRANT OPTION FOR SELECT ON TABLE "s"."orders" FROM "t";',
        'REVOKE USAGE ON SCHEMA "s" FROM "t";',
      ].join('\n'),
    ))

  test('is kept from the owner, with keepDependents', () => {
    const before = world({ 't/owner': 'r*', 'b/t': 'r' })
    const { effects, ...made } = plan(before, t(), { seed: '', keepDependents: true })
    expect(tableAcl(outcomeOf(before, { effects, ...made }))).toBe('b=r/owner owner=arwdDxtm/owner')
    expect(effects.map(({ role: who, change }) => `${who} ${change}`)).toEqual(['b loses', 'b gains'])
  })

  test('stays where it may pass it on', () =>
    expect(
      script(
        world({ 't/owner': 'r*', 'b/t': 'r' }),
        t([Grant.privilege(Target.table('s', 'orders'), ['SELECT'], { direct: true, grantable: true })]),
      ),
    ).toBe(''))
})

describe('with the scope "database"', () => {
  const before = snapshot({
    roles: [role('t', { login: true, createDb: true }), role('b')],
    memberships: [membership('t', 'b')],
    objects: [
      object('database', ['warehouse'], 'postgres', { 't/postgres': 'C' }),
      object('schema', ['s'], 'owner', { 't/owner': 'U' }),
    ],
  })

  test('what belongs to the cluster stays', () =>
    expect(script(before, t(), { scope: 'database' })).toBe('REVOKE USAGE ON SCHEMA "s" FROM "t";'))

  test('and goes otherwise', () =>
    expect(script(before, t())).toBe(
      [
        'ALTER ROLE "t" NOLOGIN PASSWORD NULL NOCREATEDB;',
        'REVOKE CREATE ON DATABASE "warehouse" FROM "t";',
        'REVOKE USAGE ON SCHEMA "s" FROM "t";',
        'REVOKE "b" FROM "t" GRANTED BY "postgres";',
      ].join('\n'),
    ))
})

describe('a sequence linked to a table', () => {
  const linked = snapshot({
    roles: [role('t')],
    objects: [
      object('schema', ['s']),
      object('table', table),
      { ...object('sequence', ['s', 'ids']), follows: { kind: 'table', name: table } },
    ],
  })
  const ofSequence = Grant.ownership(Target.sequence('s', 'ids'))

  test('moves with the table', () =>
    expect(script(linked, t([ofSequence, Grant.tableOwnership('s', 'orders')]))).toBe(
      '-- effect: role "owner" loses ownership of table "s"."orders" to role "t"\nALTER TABLE "s"."orders" OWNER TO "t";',
    ))

  test('has no other owner', () =>
    expect(script(linked, t([ofSequence]))).toBe(
      '-- skipped: cannot grant ownership of sequence "s"."ids" to role "t": it belongs to who owns table "s"."orders"',
    ))
})

test('what has no effect on one table does not keep others of its pattern from being given', () => {
  const before = snapshot({
    server: { version: 150000 },
    roles: [role('t', { inherit: false })],
    objects: [object('table', ['s', 'a']), object('table', ['s', 'b'], 't', { 't/t': 'w' })],
  })
  const desired = t([Grant.tableOwnership('s', 'b'), Grant.tableSelect('s', /./)])
  expect(script(before, desired)).toMatch(/^-- skipped: .*\nGRANT SELECT ON TABLE "s"."b" TO "t";$/)
})

test('a membership turned round is revoked before it is granted', () =>
  expect(
    script(snapshot({ roles: [role('t'), role('u')], memberships: [membership('t', 'u')] }), [
      t(),
      { role: 'u', grants: [Grant.roleMembership('t')] },
    ]),
  ).toBe('REVOKE "u" FROM "t" GRANTED BY "postgres";\nGRANT "t" TO "u";'))

test('what the acting role itself loses, it loses last', () =>
  expect(
    script(
      world(
        {},
        { roles: [role('me', { superuser: true, login: true })], memberships: [membership('me', 'b')] },
      ),
      [{ role: 'me', grants: [] }, t([Grant.login()])],
      { allowSelf: true, allowSuperuser: true },
    ),
  ).toMatch(/LOGIN;\nREVOKE "b" FROM "me".*$|LOGIN/s))

test('a default privilege of a new schema’s owner is an effect', () => {
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
  expect(plan(before, t([Grant.schemaOwnership('new')]), { seed: '' }).effects).toEqual([
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

/** As `me`, who may create roles, is no superuser, and may do with `owner` and `t` whatever CREATEROLE allows. */
const seenByMe = (
  version: number,
  { roles = [], memberships = [], objects = [], server = {}, me = {} }: MyWorld = {},
): Snapshot =>
  snapshot({
    server: { version, actingRole: 'me', sessionRole: 'me', databaseOwner: 'me', ...server },
    roles: [role('me', { createRole: true, login: true, ...me }), role('t'), ...roles],
    memberships: [
      ...(version >= 160000 ? ['owner', 't'].map((one) => membership('me', one, administers)) : []),
      ...memberships,
    ],
    objects,
  })

interface MyWorld extends Pick<Partial<Snapshot>, 'roles' | 'memberships' | 'objects'> {
  readonly server?: Partial<Snapshot['server']>
  readonly me?: Partial<Snapshot['roles'][number]>
}

/** What PostgreSQL gives who creates a role without being a superuser. */
const administers = { admin: true, inherit: false, set: false }
const orders = (acl = {}) => [
  object('schema', ['s'], 'owner', { 'public/owner': 'U' }),
  object('table', table, 'owner', acl),
]
const select = Grant.tableSelect('s', 'orders', { direct: true })

describe('who is no superuser', () => {
  test.for<[string, Snapshot, DesiredRole | DesiredRole[], string, PlanOptions?]>([
    [
      'borrows an owner’s membership, and gives it back',
      seenByMe(180004, { objects: orders() }),
      t([select]),
      [
        'GRANT "owner" TO "me" WITH INHERIT TRUE, SET TRUE;',
        'GRANT SELECT ON TABLE "s"."orders" TO "t";',
        'REVOKE "owner" FROM "me" GRANTED BY "me";',
      ].join('\n'),
    ],
    [
      'and one that it has in another way is as it was',
      seenByMe(180004, {
        memberships: [membership('me', 'owner', { grantor: 'me', inherit: false })],
        objects: orders(),
      }),
      t([select]),
      [
        'GRANT "owner" TO "me" WITH INHERIT TRUE, SET TRUE;',
        'GRANT SELECT ON TABLE "s"."orders" TO "t";',
        'GRANT "owner" TO "me" WITH INHERIT FALSE, SET TRUE;',
      ].join('\n'),
    ],
    [
      'in the name of the role that administers the owner',
      seenByMe(180004, {
        roles: [role('admin'), role('data')],
        memberships: [membership('me', 'admin', { set: false }), membership('admin', 'data', administers)],
        objects: [object('table', table, 'data'), object('schema', ['s'], 'owner', { 'public/owner': 'U' })],
      }),
      t([select]),
      [
        'GRANT "data" TO "me" WITH INHERIT TRUE, SET TRUE GRANTED BY "admin";',
        'GRANT SELECT ON TABLE "s"."orders" TO "t";',
        'REVOKE "data" FROM "me" GRANTED BY "admin";',
      ].join('\n'),
    ],
    [
      'borrows nothing that it has already',
      seenByMe(180004, { memberships: [membership('me', 'owner')], objects: orders() }),
      t([select]),
      'GRANT SELECT ON TABLE "s"."orders" TO "t";',
    ],
    [
      'borrows the database’s owner where that of a schema is pg_database_owner',
      seenByMe(150018, {
        server: { databaseOwner: 'owner' },
        roles: [role('pg_database_owner')],
        objects: [object('schema', ['public'], 'pg_database_owner')],
      }),
      t([Grant.schemaUsage('public', { direct: true })]),
      ['GRANT "owner" TO "me";', 'GRANT USAGE ON SCHEMA "public" TO "t";', 'REVOKE "owner" FROM "me";'].join(
        '\n',
      ),
    ],
    [
      'before PostgreSQL 16 lets its members pause, and inherits meanwhile',
      seenByMe(150018, {
        me: { inherit: false },
        memberships: [membership('owner', 'me', { admin: true })],
        objects: orders(),
      }),
      t([select]),
      [
        '-- effect: role "owner" loses membership in role "me" with ADMIN option, granted by "postgres"',
        '-- effect: role "owner" gains membership in role "me" with ADMIN option, granted by "me"',
        'ALTER ROLE "me" INHERIT;',
        'REVOKE "me" FROM "owner";',
        'GRANT "owner" TO "me";',
        'GRANT SELECT ON TABLE "s"."orders" TO "t";',
        'REVOKE "owner" FROM "me";',
        'GRANT "me" TO "owner" WITH ADMIN OPTION;',
        'ALTER ROLE "me" NOINHERIT;',
      ].join('\n'),
    ],
    [
      'lends CREATE to a new owner',
      seenByMe(180004, { memberships: [membership('me', 'owner')], objects: orders() }),
      t([Grant.tableOwnership('s', 'orders')]),
      [
        '-- effect: role "owner" loses ownership of table "s"."orders" to role "t"',
        'GRANT "t" TO "me" WITH INHERIT TRUE, SET TRUE;',
        'GRANT CREATE ON SCHEMA "s" TO "t";',
        'ALTER TABLE "s"."orders" OWNER TO "t";',
        'REVOKE CREATE ON SCHEMA "s" FROM "t";',
        'REVOKE "t" FROM "me" GRANTED BY "me";',
      ].join('\n'),
    ],
    [
      'and not to one that has it',
      seenByMe(180004, {
        memberships: [membership('me', 'owner'), membership('me', 't')],
        objects: [object('schema', ['s'], 'owner', { 'public/owner': 'UC' }), object('table', table)],
      }),
      t([Grant.tableOwnership('s', 'orders')]),
      '-- effect: role "owner" loses ownership of table "s"."orders" to role "t"\nALTER TABLE "s"."orders" OWNER TO "t";',
    ],
    [
      'becomes the owner where it would be taken for the grantor itself',
      seenByMe(180004, {
        memberships: [membership('me', 'owner')],
        objects: orders({ 'me/owner': 'r*', 't/owner': 'rw' }),
      }),
      t(),
      [
        'SET LOCAL ROLE "owner";',
        'REVOKE SELECT ON TABLE "s"."orders" FROM "t";',
        'SET LOCAL ROLE "me";',
        'REVOKE UPDATE ON TABLE "s"."orders" FROM "t";',
      ].join('\n'),
    ],
    [
      'takes USAGE on a schema away after what is in it',
      seenByMe(180004, {
        memberships: [membership('me', 'owner', { set: false }), membership('me', 't')],
        objects: [
          object('schema', ['s'], 'owner', { 'owner/owner': 'C', 't/owner': 'U' }),
          object('table', table),
        ],
      }),
      t([select]),
      'GRANT SELECT ON TABLE "s"."orders" TO "t";\nREVOKE USAGE ON SCHEMA "s" FROM "t";',
    ],
    [
      'and where one that it acts as meanwhile would be',
      seenByMe(180004, {
        roles: [role('u')],
        memberships: [membership('me', 'owner'), membership('me', 'u', administers)],
        objects: [
          object('schema', ['s'], 'owner', { 'public/owner': 'U', 'u/owner': 'C*' }),
          object('table', table),
          object('table', ['s', 'parts']),
        ],
      }),
      [
        t([Grant.tableOwnership('s', 'orders')]),
        {
          role: 'u',
          grants: [Grant.tableOwnership('s', 'parts'), Grant.schemaCreate('s', { direct: true })],
        },
      ],
      [
        '-- effect: role "owner" loses ownership of table "s"."orders" to role "t"',
        '-- effect: role "owner" loses ownership of table "s"."parts" to role "u"',
        'GRANT "t", "u" TO "me" WITH INHERIT TRUE, SET TRUE;',
        'SET LOCAL ROLE "owner";',
        'GRANT CREATE ON SCHEMA "s" TO "t";',
        'SET LOCAL ROLE "me";',
        'ALTER TABLE "s"."orders" OWNER TO "t";',
        'ALTER TABLE "s"."parts" OWNER TO "u";',
        'SET LOCAL ROLE "owner";',
        'REVOKE CREATE ON SCHEMA "s" FROM "t";',
        'REVOKE GRANT OPTION FOR CREATE ON SCHEMA "s" FROM "u";',
        'SET LOCAL ROLE "me";',
        'REVOKE "u" FROM "me" GRANTED BY "me";',
        'REVOKE "t" FROM "me" GRANTED BY "me";',
      ].join('\n'),
    ],
    [
      'does not count on who has CREATE by being its member, and has to pause',
      seenByMe(150018, {
        memberships: [membership('t', 'me'), membership('me', 'owner')],
        objects: [object('schema', ['s'], 'me'), object('table', table)],
      }),
      t([Grant.tableOwnership('s', 'orders'), Grant.roleMembership('me')]),
      [
        '-- effect: role "owner" loses ownership of table "s"."orders" to role "t"',
        'REVOKE "me" FROM "t";',
        'GRANT "t" TO "me";',
        'GRANT CREATE ON SCHEMA "s" TO "t";',
        'ALTER TABLE "s"."orders" OWNER TO "t";',
        'REVOKE CREATE ON SCHEMA "s" FROM "t";',
        'REVOKE "t" FROM "me";',
        'GRANT "me" TO "t";',
      ].join('\n'),
    ],
    [
      'inherits meanwhile what it needs to reach what is its own',
      seenByMe(150018, {
        me: { inherit: false },
        roles: [role('group')],
        memberships: [membership('me', 'group')],
        objects: [object('schema', ['s'], 'owner', { 'group/owner': 'U' }), object('table', table, 'me')],
      }),
      t([select]),
      'ALTER ROLE "me" INHERIT;\nGRANT SELECT ON TABLE "s"."orders" TO "t";\nALTER ROLE "me" NOINHERIT;',
    ],
    [
      'leaves a membership that gives nothing beside one that is asked for',
      seenByMe(180004, { memberships: [membership('t', 'owner', { inherit: false, set: false })] }),
      t([Grant.roleMembership('owner')]),
      'GRANT "owner" TO "t";',
    ],
    [
      'takes LOGIN away before what it administers the role by',
      seenByMe(180004, {
        roles: [role('u', { login: true })],
        memberships: [
          membership('me', 'postgres', { set: false }),
          membership('me', 't'),
          membership('t', 'u', { admin: true }),
        ],
      }),
      [t(), { role: 'u', grants: [] }],
      'ALTER ROLE "u" NOLOGIN PASSWORD NULL;\nREVOKE "u" FROM "t" GRANTED BY "postgres";',
    ],
    [
      'takes away last by which it administers others',
      seenByMe(150018, {
        me: { createRole: false },
        roles: [role('group'), role('u'), role('v')],
        memberships: [
          membership('me', 't'),
          membership('t', 'u', { admin: true }),
          membership('u', 'group', { admin: true }),
          membership('v', 'group'),
        ],
      }),
      [t(), { role: 'u', grants: [] }, { role: 'v', grants: [] }],
      'REVOKE "group" FROM "v";\nREVOKE "group" FROM "u";\nREVOKE "u" FROM "t";',
    ],
    [
      'and who is a member as it is before who administers',
      seenByMe(150018, {
        me: { createRole: false },
        roles: [role('group'), role('u')],
        memberships: [
          membership('me', 't'),
          membership('me', 'u'),
          membership('t', 'group', { admin: true }),
          membership('u', 'group'),
        ],
      }),
      [t(), { role: 'u', grants: [] }],
      'REVOKE "group" FROM "u";\nREVOKE "group" FROM "t";',
    ],
  ])('%s', ([, before, desired, expected, options]) =>
    expect(script(before, desired, options)).toBe(expected),
  )

  test.for<[string, Snapshot, DesiredRole, string[]]>([
    [
      'a role, without CREATEROLE',
      seenByMe(180004, { me: { createRole: false } }),
      { role: 'new', grants: [] },
      ['cannot create role "new": it does not exist, and role "me" may not create roles'],
    ],
    [
      'LOGIN, without ADMIN option',
      seenByMe(180004, { roles: [role('u')] }),
      { role: 'u', grants: [Grant.login()] },
      ['cannot grant LOGIN to role "u": role "me" may not alter the role'],
    ],
    [
      'LOGIN of who replicates, before PostgreSQL 16',
      seenByMe(150018, { roles: [role('u', { replication: true })] }),
      { role: 'u', grants: [Grant.login()] },
      ['cannot grant LOGIN to role "u": role "me" may not alter the role'],
    ],
    [
      'membership in a superuser',
      seenByMe(150018),
      t([Grant.roleMembership('postgres')]),
      ['cannot grant membership in role "postgres" to role "t": role "me" may not grant it'],
    ],
    [
      'membership in a role without ADMIN option',
      seenByMe(180004, { roles: [role('u')], memberships: [membership('me', 'u')] }),
      t([Grant.roleMembership('u')]),
      ['cannot grant membership in role "u" to role "t": role "me" may not grant it'],
    ],
    [
      'what a superuser owns',
      seenByMe(180004, { objects: [object('schema', ['s'], 'postgres')] }),
      t([Grant.schemaUsage('s', { direct: true })]),
      [
        'cannot grant USAGE on schema "s" directly to role "t": role "me" may not act as role "postgres", the owner of schema "s"',
      ],
    ],
    [
      'what is in a schema that it has no USAGE on',
      seenByMe(180004, { objects: [object('schema', ['s'], 'postgres'), object('table', table)] }),
      t([select]),
      [
        'cannot grant SELECT on table "s"."orders" directly to role "t": role "me" has no USAGE on the schema of table "s"."orders"',
      ],
    ],
    [
      'a schema, without CREATE on the database',
      seenByMe(180004, { server: { createsSchemas: false } }),
      t([Grant.schemaOwnership('new')]),
      [
        'cannot grant ownership of schema "new" to role "t": role "me" may not create schemas in the database',
      ],
    ],
  ])('cannot give %s', ([, before, desired, messages]) => {
    const { skipped, transactions } = plan(before, desired, { seed: '', allowSuperuser: true })
    expect(skipped.map(({ reason }) => reason)).toEqual(messages.map(() => 'not permitted'))
    expect(skipped.map(({ message }) => message)).toEqual(messages)
    expect(transactions).toEqual([])
  })

  test.for<[string, Snapshot, string]>([
    [
      'LOGIN',
      seenByMe(180004, { me: { createRole: false }, roles: [role('u', { login: true })] }),
      'role "u" keeps LOGIN: role "me" may not take it away',
    ],
    [
      'a membership that a superuser granted',
      seenByMe(180004, { memberships: [membership('u', 'owner')], roles: [role('u')] }),
      'role "u" keeps membership in role "owner", granted by "postgres": role "me" may not revoke it',
    ],
    [
      'one by which its member made the acting role a member',
      seenByMe(180004, {
        roles: [role('u')],
        memberships: [
          membership('u', 'owner', { grantor: 'me', admin: true }),
          membership('me', 'owner', { grantor: 'u' }),
          membership('me', 'u'),
        ],
      }),
      'role "u" keeps membership in role "owner" with ADMIN option, granted by "me": role "me" may not revoke it',
    ],
    [
      'a privilege on what a superuser owns',
      seenByMe(180004, {
        roles: [role('u')],
        objects: [object('schema', ['s'], 'postgres', { 'u/postgres': 'U' })],
      }),
      'role "u" keeps USAGE on schema "s", granted by "postgres": role "me" may not act as role "postgres", the owner of schema "s"',
    ],
    [
      'the ownership of a role that it cannot become',
      seenByMe(180004, { roles: [role('u')], objects: [object('schema', ['s'], 'u')] }),
      'role "u" keeps ownership of schema "s": role "me" may not act as role "u", the owner of schema "s"',
    ],
  ])('cannot take away %s', ([, before, message]) => {
    const { residue, transactions } = plan(before, { role: 'u', grants: [] }, { seed: '' })
    expect(residue.map(({ reason, message: said }) => ({ reason, said }))).toEqual([
      { reason: 'not permitted', said: message },
    ])
    expect(transactions).toEqual([])
  })

  test('makes an intermediate role of its own beside one that it may not grant', () =>
    expect(
      script(
        seenByMe(180004, {
          roles: [role(serving)],
          memberships: [membership('me', 'owner')],
          objects: orders({ [`${serving}/owner`]: 'r' }),
        }),
        t([Grant.tableSelect('s', 'orders')]),
      ),
    ).toContain('CREATE ROLE "_pgsr_local_16384_table_select_'))

  test('gives as the owner what it inherits nothing to give by', () => {
    const before = seenByMe(150018, {
      me: { createRole: false, inherit: false },
      memberships: [membership('me', 'owner', { admin: true })],
      objects: [object('schema', ['s'])],
    })
    expect(script(before, t([Grant.schemaUsage('s', { direct: true })]))).toContain(
      'SET LOCAL ROLE "owner";\nGRANT USAGE ON SCHEMA "s" TO "t"',
    )
  })

  test('lends what is in a schema as who will own that', () => {
    const before = seenByMe(180004, {
      roles: [role('u')],
      memberships: [membership('me', 'owner'), membership('me', 'u', { inherit: false })],
      objects: orders(),
    })
    const desired = [
      { role: 'u', grants: [Grant.schemaOwnership('s')] },
      t([Grant.tableOwnership('s', 'orders')]),
    ]
    expect(plan(before, desired, { seed: '' }).skipped).toEqual([])
    expect(script(before, desired)).toContain('SET LOCAL ROLE "u";\nGRANT CREATE ON SCHEMA "s" TO "t"')
  })

  test('gives nothing in the name of a role that loses its ADMIN option', () => {
    const before = seenByMe(180004, {
      roles: [role('u'), role('group')],
      memberships: [membership('me', 'u'), membership('u', 'group', { admin: true })],
    })
    const { skipped } = plan(before, [{ role: 'u', grants: [] }, t([Grant.roleMembership('group')])], {
      seed: '',
    })
    expect(skipped.map(({ reason }) => reason)).toEqual(['not permitted'])
  })
})

const keeping = (grants: DesiredRole['grants'] = []): DesiredRole => ({
  ...t(grants),
  preserveExistingGrantsInSchemas: ['s'],
})

describe('in a schema where a role keeps what it has', () => {
  const before = world(
    { 't/owner': 'r*w', 'g/t': 'r', [`${serving}/owner`]: 'd' },
    {
      roles: [role(serving)],
      memberships: [membership('t', serving)],
      objects: [
        object('column', [...table, 'id'], 'owner', { 't/owner': 'x' }),
        object('table', ['s', 'mine'], 't'),
        object('schema', ['other'], 't'),
      ],
    },
  )

  test('only what is outside it goes', () => {
    expect(script(before, keeping(), { reassignOwnedTo: 'owner' })).toBe(
      '-- effect: role "t" loses ownership of schema "other" to role "owner"\nALTER SCHEMA "other" OWNER TO "owner";',
    )
    expect(plan(before, keeping(), { seed: '' }).residue).toEqual([])
  })

  test('what it has on the schema goes', () =>
    expect(
      script(world({}, { objects: [object('schema', ['s'], 'owner', { 't/owner': 'U' })] }), keeping()),
    ).toBe('REVOKE USAGE ON SCHEMA "s" FROM "t";'))

  test('it gets what it asks for', () =>
    expect(script(before, keeping([Grant.tableOwnership('s', 'orders')]))).toContain(
      'ALTER TABLE "s"."orders" OWNER TO "t";',
    ))

  test('nobody else may ask for what it owns', () =>
    expect(() =>
      plan(before, [keeping(), { role: 'b', grants: [Grant.tableOwnership('s', 'mine')] }], { seed: '' }),
    ).toThrow('role "t" keeps what it has in that schema'))

  test('it does not keep what gives it more than what is inside', () => {
    const more = world(
      { [`${serving}/owner`]: 'r' },
      {
        roles: [role(serving)],
        memberships: [membership('t', serving)],
        objects: [object('schema', ['other'], 'owner', { [`${serving}/owner`]: 'U' })],
      },
    )
    expect(script(more, keeping())).toBe(`REVOKE "${serving}" FROM "t" GRANTED BY "postgres";`)
  })

  test('it stays a member by whoever made it one', () => {
    const granted = world(
      { [`${serving}/owner`]: 'r' },
      {
        roles: [role(serving)],
        memberships: [membership('b', serving, { admin: true }), membership('t', serving, { grantor: 'b' })],
      },
    )
    const made = plan(granted, [keeping(), { role: 'b', grants: [] }], { seed: '' })
    expect(made.transactions).toEqual([])
    expect(made.residue.map(({ role: name, reason }) => [name, reason])).toEqual([['b', 'passed on']])
  })
})

describe('what an intermediate role gives that a copied database has too', () => {
  const copied = (acl = {}, rest: Partial<Snapshot> = {}, shared = {}): Snapshot =>
    world(
      { [`${serving}/owner`]: 'r', ...acl },
      {
        ...rest,
        roles: [role(serving, { elsewhere: 1, ...shared })],
        memberships: [membership('t', serving), ...(rest.memberships ?? [])],
      },
    )
  const revoke = `REVOKE SELECT ON TABLE "s"."orders" FROM "${serving}";`
  const left = elsewhere('an intermediate role')

  test.for<[string, Snapshot, DesiredRole | DesiredRole[], string]>([
    ['ends here if nobody else has it', copied(), t(), `${left}\n${revoke}`],
    [
      'with its ADMIN option',
      copied({}, { memberships: [membership('t', serving, { admin: true })] }),
      t(),
      `${left}\n${revoke}\nREVOKE ADMIN OPTION FOR "${serving}" FROM "t" GRANTED BY "postgres";`,
    ],
    [
      'without its ADMIN option, if it stays',
      copied({}, { memberships: [membership('t', serving, { admin: true })] }, { servesOthers: true }),
      t(),
      'ADMIN',
    ],
    ['stays if it is asked for', copied(), t([Grant.tableSelect('s', 'orders')]), ''],
    [
      'stays if somebody else who is synced asks for it',
      copied({}, { memberships: [membership('b', serving)] }),
      [t(), { role: 'b', grants: [Grant.tableSelect('s', 'orders')] }],
      'residue',
    ],
    ['stays if others have it', copied({}, {}, { servesOthers: true }), t(), 'residue'],
    [
      'stays if somebody else keeps it',
      copied({}, { memberships: [membership('b', serving)] }),
      [t(), { role: 'b', grants: [], preserveExistingGrantsInSchemas: ['s'] }],
      'residue',
    ],
    [
      'stays if another role granted it',
      copied({ [`${serving}/owner`]: 'w', [`${serving}/g`]: 'r', 'g/owner': 'r*' }),
      t(),
      'residue',
    ],
  ])('%s', ([, before, desired, expected]) => {
    const statements = script(before, desired)
    if (expected === 'ADMIN')
      expect(statements).toContain(`\nREVOKE ADMIN OPTION FOR "${serving}" FROM "t" GRANTED BY "postgres";`)
    else if (expected !== 'residue') expect(statements).toBe(expected)
    else
      expect(statements).toMatch(
        /^-- residue: role "t" keeps membership in role [^\n]*: the intermediate role serves another database too[^\n]*(\n-- unmanaged: role "b"[^\n]*)?$/,
      )
  })
})
