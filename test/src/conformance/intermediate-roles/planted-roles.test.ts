import { Grant, operationsOf } from '@pgsr/node-postgres'
import { mostAdministered } from '@pgsr/planner/internal'
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { inAnotherDatabase } from '../../../harness/sandbox/another-database.ts'
import { conformanceAround16, conformanceAsOwnerSince16 } from '../../../harness/drivers/conformance.ts'
import { intermediateRolesOf } from '../../../harness/sandbox/intermediate-roles.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const id = (): string => randomBytes(4).toString('hex')

/** A name of ours, which anybody who creates roles may give to one of his. */
const ourName = async ({ admin }: Sandbox): Promise<string> => {
  const [[oid]] = (await admin(
    'select oid from pg_database where datname = current_database()',
  )) as readonly [readonly [number]]
  return `_pgsr_local_${oid}_table_select_${id()}`
}

/** Runs statements as if a role had logged in. */
const asUser =
  ({ admin }: Sandbox, user: string) =>
  async (text: string): Promise<unknown> => {
    try {
      return await admin(`set session authorization ${user}; ${text}`)
    } finally {
      await admin('reset session authorization; reset role')
    }
  }

/** Somebody else who may create roles. */
const makeEve = async (box: Sandbox): Promise<string> => {
  const eve = box.name('eve')
  await box.admin(`create role ${eve} login createrole`)
  return eve
}

const makeTable = async (box: Sandbox): Promise<string> => {
  const schema = box.name('s')
  await box.run(
    `create schema ${schema}; grant usage on schema ${schema} to public; create table ${schema}.t ()`,
  )
  return schema
}

const mayRead = async ({ admin }: Sandbox, role: string, table: string): Promise<unknown> =>
  (await admin(`select has_table_privilege('${role}', '${table}', 'SELECT')`))[0]?.[0]

const isMember = async ({ admin }: Sandbox, member: string, role: string): Promise<unknown> =>
  (await admin(`select pg_has_role('${member}', '${role}', 'MEMBER')`))[0]?.[0]

/** The acting role administers so many roles that delegates of its own have to administer more. */
const administerMany = async ({ run, name }: Sandbox): Promise<void> => {
  for (let count = 0; count < mostAdministered; count++) await run(`create role ${name('other')}`)
}

/** Somebody else lets the acting role administer more roles than it should. */
const letAdministerMany = async (box: Sandbox, eve: string): Promise<void> => {
  const names = Array.from({ length: mostAdministered + 1 }, () => box.name('junk'))
  const made = names.map((name) => `create role ${name}; grant ${name} to ${box.actor} with admin option`)
  await asUser(box, eve)(made.join(';'))
}

/** Of several delegates the first has most to do. */
const firstDelegate = (): string => `_pgsr_admin_0000${id().slice(4)}`

type Plant = (box: Sandbox, delegate: string, eve: string) => Promise<unknown>

const plantByEve =
  (options: string): Plant =>
  (box, delegate, eve) =>
    asUser(box, eve)(`create role ${delegate} createrole; grant ${delegate} to ${box.actor} with ${options}`)

/** A sync takes a planted role for no delegate, and who planted it gets nothing by it. */
const expectToComeToNothing = async (box: Sandbox, plant: Plant, eve: string): Promise<void> => {
  const [schema, alice, delegate] = [await makeTable(box), box.name('alice'), firstDelegate()]
  await plant(box, delegate, eve)
  try {
    const { plan } = await box.sync({ role: alice, grants: [Grant.tableSelect(schema, 't')] })
    expect(operationsOf(plan).filter(({ as }) => as === delegate)).toEqual([])
    expect(await mayRead(box, alice, `${schema}.t`)).toBe(true)
    // Who administers it can become it.
    await asUser(box, eve)(`grant ${delegate} to ${eve}`).catch(() => undefined)
    for (const role of await intermediateRolesOf(box, alice)) {
      const letIn = asUser(box, eve)(`set role ${delegate}; grant ${role} to ${eve}`)
      await expect(letIn).rejects.toMatchObject({ code: '42501' })
    }
    expect(await mayRead(box, eve, `${schema}.t`)).toBe(false)
  } finally {
    await box.admin(`drop owned by ${delegate}; drop role ${delegate}`)
  }
}

conformanceAsOwnerSince16((sandbox) => {
  test('roles that others let the acting role administer do not count', async () => {
    const box = sandbox()
    const [schema, eve, alice] = [await makeTable(box), await makeEve(box), box.name('alice')]
    await letAdministerMany(box, eve)
    const { plan } = await box.sync({ role: alice, grants: [Grant.tableSelect(schema, 't')] })
    expect(new Set(operationsOf(plan).map(({ as }) => as))).toEqual(new Set([box.actor]))
  })

  test('nothing runs as a delegate of somebody who also lets the acting role administer many roles', async () => {
    const box = sandbox()
    const eve = await makeEve(box)
    await letAdministerMany(box, eve)
    await expectToComeToNothing(box, plantByEve('inherit false, set true'), eve)
  })

  test.for<[string, Plant]>([
    ['that somebody else has created', plantByEve('inherit false, set true')],
    [
      'that somebody else has created, even if the acting role may grant it',
      plantByEve('admin true, inherit false, set true'),
    ],
    [
      'that the acting role has created, if somebody else is a member of it',
      (box, delegate, eve) =>
        box.run(
          `create role ${delegate} createrole; grant ${delegate} to ${box.actor}, ${eve} with inherit false, set true`,
        ),
    ],
    [
      'that the acting role has created, if it has LOGIN',
      (box, delegate) =>
        box.run(
          `create role ${delegate} createrole login; grant ${delegate} to ${box.actor} with inherit false, set true`,
        ),
    ],
  ])('nothing runs as a delegate %s', async ([, plant]) => {
    const box = sandbox()
    await administerMany(box)
    await expectToComeToNothing(box, plant, await makeEve(box))
  })
})

conformanceAround16('planted-roles', (sandbox) => {
  test('no role becomes a member of an intermediate role that another role administers', async () => {
    const box = sandbox()
    const [schema, eve, alice, planted] = [
      await makeTable(box),
      await makeEve(box),
      box.name('alice'),
      await ourName(box),
    ]
    // Before 16 there is no row that creation gives.
    const admin =
      box.server.version < 160000
        ? `grant ${planted} to ${eve} with admin option`
        : box.isSuperuser
          ? ''
          : `grant ${planted} to ${box.actor} with admin true, inherit false, set false`
    await box.admin(`alter table ${schema}.t owner to ${eve}`)
    await asUser(
      box,
      eve,
    )(`
      create role ${planted}; grant select on ${schema}.t to ${planted};
      ${admin}
    `)
    await box.admin(`alter table ${schema}.t owner to ${box.actor}`)
    await box.sync({ role: alice, grants: [Grant.tableSelect(schema, 't')] })
    expect(await mayRead(box, alice, `${schema}.t`)).toBe(true)
    expect(await intermediateRolesOf(box, alice)).not.toContain(planted)
    await box.admin(`drop owned by ${planted}; drop role ${planted}`)
  })

  test('a preserved schema does not preserve membership in a role that is an intermediate role by its name only', async () => {
    const box = sandbox()
    const [schema, other, alice] = [await makeTable(box), await makeTable(box), box.name('alice')]
    const analyst = box.name('analyst')
    await box.run(`create role ${alice}; create role ${analyst}; grant select on ${other}.t to ${analyst}`)
    const planted = {
      plain: async () => undefined,
      member: (role: string) => box.run(`grant ${analyst} to ${role}`),
      'more privileges': (role: string) => box.run(`grant insert on ${schema}.t to ${role}`),
      'another object': (role: string) => box.run(`grant select on ${other}.t to ${role}`),
      'to pass on': (role: string) => box.run(`grant select on ${schema}.t to ${role} with grant option`),
      superuser: (role: string) => box.admin(`alter role ${role} superuser`),
      login: (role: string) => box.admin(`alter role ${role} login`),
      owner: (role: string) =>
        box.admin(`create table ${schema}.mine (); alter table ${schema}.mine owner to ${role}`),
      settings: (role: string) => box.admin(`alter role ${role} set role = '${analyst}'`),
    }
    const names = new Map<string, string>()
    for (const [kind, plant] of Object.entries(planted)) {
      const role = await ourName(box)
      names.set(kind, role)
      await box.run(`create role ${role}; grant select on ${schema}.t to ${role}; grant ${role} to ${alice}`)
      await plant(role)
    }
    const desired = { role: alice, grants: [], preserveExistingGrantsInSchemas: [schema] }
    const { plan } = await box.sync(desired, {
      onResidue: 'report',
      allowSuperuser: true,
      reassignOwnedTo: box.actor,
    })
    const left = new Set(plan.residue.map(({ fact }) => (fact.kind === 'membership' ? fact.role : '')))
    for (const [kind, role] of names)
      expect([kind, (await isMember(box, alice, role)) && !left.has(role)]).toEqual([kind, kind === 'plain'])
    // Of a superuser only superusers take members away.
    expect(left.size).toBe(box.isSuperuser ? 0 : 1)
    for (const role of names.values())
      await box.admin(`reassign owned by ${role} to ${box.actor}; drop owned by ${role}; drop role ${role}`)
  })

  test('nor does it if the name says another database, or if the member has made the role', async () => {
    const box = sandbox()
    const [schema, alice, analyst] = [await makeTable(box), box.name('alice'), box.name('analyst')]
    const [elsewhere, own, more] = [
      `_pgsr_local_1_table_select_${id()}`,
      await ourName(box),
      await ourName(box),
    ]
    await box.run(`
      create role ${alice} createrole; create role ${analyst};
      create role ${elsewhere}; grant ${analyst} to ${elsewhere}; grant ${elsewhere} to ${alice}`)
    await box.admin(`alter role ${elsewhere} superuser`)
    for (const role of [own, more]) await asUser(box, alice)(`create role ${role}; grant ${role} to ${alice}`)
    await box.run(`grant ${analyst} to ${more}; grant select on ${schema}.t to ${elsewhere}, ${own}, ${more}`)
    const desired = { role: alice, grants: [], preserveExistingGrantsInSchemas: [schema] }
    const { plan } = await box.sync(desired, { onResidue: 'report', allowSuperuser: true })
    const left = plan.residue.flatMap(({ fact }) => (fact.kind === 'membership' ? [fact] : []))
    for (const role of [elsewhere, more])
      if (await isMember(box, alice, role)) expect(left.map((fact) => fact.role)).toContain(role)
    // Of a superuser only superusers take members away.
    expect(await isMember(box, alice, elsewhere)).toBe(!box.isSuperuser)
    expect(await isMember(box, alice, own)).toBe(true)
    // What else it has is that it may make others members, which is not a privilege in the schema.
    const administered = await box.admin(
      `select roleid::regrole::text from pg_auth_members where member = '${alice}'::regrole and admin_option`,
    )
    for (const [role] of administered)
      expect(left).toContainEqual(expect.objectContaining({ role, admin: true }))
    const roles = [elsewhere, own, more].join(', ')
    await box.admin(`drop owned by ${roles}; drop role ${roles}`)
  })

  test('what a planted role holds in another database is reported', async () => {
    const box = sandbox()
    const [schema, alice, role, theirs] = [
      await makeTable(box),
      box.name('alice'),
      await ourName(box),
      await ourName(box),
    ]
    await box.run(
      `create role ${alice}; create role ${role}; create role ${theirs}; grant select on ${schema}.t to ${role}; grant ${role}, ${theirs} to ${alice}`,
    )
    await inAnotherDatabase(box, async (_, connect) => {
      await connect().run(
        `create table public_secret (); grant select on public_secret to ${role}; grant select on public_secret to ${theirs}`,
      )
      const { plan } = await box.sync({ role: alice, grants: [], preserveExistingGrantsInSchemas: [schema] })
      expect(await mayRead(box, alice, `${schema}.t`)).toBe(true)
      expect(plan.unmanaged.filter(({ role: who }) => who === alice)).toEqual([
        {
          role: alice,
          kind: 'membership',
          description: 'membership in 2 intermediate roles of other databases',
        },
      ])
    })
    await box.sync({ role: alice, grants: [] })
    expect(await intermediateRolesOf(box, alice)).toEqual([])
    // Nobody needs the other one any more, so that a sync elsewhere may have dropped it.
    await box.admin(`drop owned by ${role}; drop role ${role}; drop role if exists ${theirs}`)
  })

  test('if the cluster is not managed, membership in a role that also holds something of it is residue', async () => {
    const box = sandbox()
    const [schema, alice, role] = [await makeTable(box), box.name('alice'), await ourName(box)]
    await box.run(
      `create role ${alice}; create role ${role}; grant select on ${schema}.t to ${role};
       grant temporary on database ${box.database} to ${role}; grant ${role} to ${alice}`,
    )
    const { plan } = await box.sync(
      { role: alice, grants: [] },
      { manages: { cluster: false }, onResidue: 'report' },
    )
    expect(plan.residue).toMatchObject([
      { role: alice, reason: 'more than an intermediate role', fact: { kind: 'membership', role } },
    ])
    await box.sync({ role: alice, grants: [] })
    expect(await mayRead(box, alice, `${schema}.t`)).toBe(false)
    await box.admin(`drop owned by ${role}; drop role ${role}`)
  })

  test('what other roles lose is an effect, whatever their names', async () => {
    const box = sandbox()
    const [schema, alice, bob, role] = [
      await makeTable(box),
      box.name('alice'),
      box.name('bob'),
      await ourName(box),
    ]
    await box.run(
      `create role ${alice}; create role ${bob}; create role ${role}; grant ${role} to ${bob};
       grant select on ${schema}.t to ${alice} with grant option`,
    )
    await box.admin(`set role ${alice}; grant select on ${schema}.t to ${role}; reset role`)
    const losing = { role: alice, grants: [] }
    const { plan } = await box.pool.syncRoles(losing)
    expect(await mayRead(box, bob, `${schema}.t`)).toBe(false)
    expect(plan.effects).toMatchObject([
      { role, change: 'loses', fact: { kind: 'privilege', privilege: 'SELECT' } },
    ])
    await box.run(`grant select on ${schema}.t to ${alice} with grant option`)
    await box.admin(`set role ${alice}; grant select on ${schema}.t to ${role}; reset role`)
    await box.pool.syncRoles(losing, { keepDependents: true })
    expect(await mayRead(box, bob, `${schema}.t`)).toBe(true)
    await box.admin(`drop owned by ${role}; drop role ${role}`)
  })
})
