import { access, type DescribedRoles, Grant, renderCode, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import {
  conformanceAround16,
  conformanceAtEnds,
  conformanceInTurn,
} from '../../../harness/drivers/conformance.ts'
import {
  dropShared,
  isOwnable,
  makeEveryKind,
  makePlace,
  ownerStatement,
  privilegesOn,
} from '../../../harness/holdings/every-kind.ts'
import { holdEverything } from '../../../harness/holdings/everything-held.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** What a description says of one role. */
const ofRole = ({ desired, unsaid }: DescribedRoles, role: string) => ({
  grants: desired.find((one) => one.role === role)?.grants,
  unsaid: unsaid.flatMap((one) => (one.role === role ? [`${one.reason}: ${one.message}`] : [])),
})

/** A schema with two tables, a sequence and a function, of the acting role. */
const makeSales = async (box: Sandbox): Promise<string> => {
  const schema = box.name('sales')
  await box.run(`
    create schema ${schema}; create table ${schema}.orders (id int, note text, price int);
    create table ${schema}.customers (id int); create sequence ${schema}.numbers;
    create function ${schema}.total(int, text[]) returns int language sql as 'select 1'`)
  return schema
}

conformanceAround16('described roles', (sandbox) => {
  test('a role is described by the grants that it was synced with', async () => {
    const box = sandbox()
    const [role, group, creator] = [box.name('r'), box.name('group'), box.name('creator')]
    const schema = await makeSales(box)
    await box.run(`create role ${creator}; create role ${group}`)
    await box.admin(`grant create on schema ${schema} to ${creator}`)
    const grants = [
      Grant.login({ validUntil: '2030-01-01T00:00:00Z' }),
      Grant.attribute('CREATEROLE'),
      Grant.roleMembership(group, { admin: true }),
      Grant.databaseConnect(box.database),
      Grant.schemaUsage(schema, { direct: true }),
      Grant.privilege(Target.table(schema, 'customers'), ['SELECT', 'INSERT']),
      Grant.privilege(Target.table(schema, 'orders'), ['SELECT'], { direct: true, grantable: true }),
      Grant.privilege(Target.table(schema, 'orders', { columns: ['id', 'note'] }), ['UPDATE'], {
        direct: true,
      }),
      Grant.privilege(Target.table(schema, 'orders', { columns: ['price'] }), ['INSERT'], { direct: true }),
      Grant.privilege(Target.function(schema, 'total', ['integer', 'text[]']), ['EXECUTE']),
      Grant.defaultPrivilege({ owner: box.actor, schema, on: 'tables' }, ['SELECT', 'DELETE']),
    ]
    await box.sync({ role, grants })
    const described = await box.pool.describeRoles({ roles: [role] })
    expect(described).toEqual({ desired: [{ role, grants }], unsaid: [] })
    expect((await box.plan(described.desired)).transactions).toEqual([])
  })

  test('with manages, only what roles have there is described, and a sync of that leaves the rest alone', async () => {
    const box = sandbox()
    const [role, group] = [box.name('r'), box.name('group')]
    const [schema, other] = [await makeSales(box), await makeSales(box)]
    await box.run(`create role ${group}`)
    const inside = [...access.readOnly(schema, { future: box.actor })]
    const ofCluster = [Grant.login(), Grant.roleMembership(group), Grant.databaseConnect(box.database)]
    const outside = [
      Grant.schemaOwnership(other),
      Grant.ownership(Target.table(other, 'orders')),
      Grant.tableSelect(other, 'customers'),
      Grant.privilege(Target.table(other, 'customers'), ['INSERT'], { direct: true }),
      Grant.defaultPrivilege({ owner: box.actor, schema: other, on: 'tables' }, ['SELECT']),
    ]
    await box.sync({ role, grants: [...ofCluster, ...inside, ...outside], comment: 'reads' })
    const before = await box.holdings([role])
    const manages = { schemas: [schema] }
    const described = await box.pool.describeRoles({ roles: [role], manages })
    expect(described).toEqual({ desired: [{ role, grants: inside }], unsaid: [] })
    const again = await box.sync(described.desired, { manages })
    expect(again.changed).toBe(false)
    await box.sync({ role, grants: [] }, { manages })
    expect(await box.holdings([role])).not.toEqual(before)
    await box.sync(described.desired, { manages })
    expect(await box.holdings([role])).toEqual(before)
    const whole = await box.pool.describeRoles({ roles: [role], manages: { cluster: false } })
    const kinds = new Set(whole.desired[0]?.grants.map((grant) => grant.kind))
    expect(kinds).toEqual(new Set(['ownership', 'privilege', 'default privilege']))
    expect(JSON.stringify(whole.desired)).not.toContain(`["${box.database}"]`)
    const plan = await box.plan(whole.desired, { manages: { cluster: false } })
    expect([...plan.transactions, ...whole.unsaid]).toEqual([])

    const misspelt = box.pool.describeRoles({ roles: [role], manages: { schemas: ['salse'] } })
    await expect(misspelt).rejects.toThrow(
      'cannot describe what roles have in schema "salse": it does not exist',
    )
    const nothing = box.pool.describeRoles({ manages: { schemas: [] } })
    await expect(nothing).rejects.toThrow('cannot describe roles: manages leaves nothing to manage')
    await box.admin(`drop schema ${schema}, ${other} cascade; drop owned by ${role}, ${group}`)
    await box.admin(`drop role ${role}; drop role ${group}`)
  })

  test('access levels are recognised where they hold exactly', async () => {
    const box = sandbox()
    const [reader, writer, owner, future] = ['reader', 'writer', 'owner', 'future'].map(box.name) as [
      string,
      string,
      string,
      string,
    ]
    const [schema, owned] = [await makeSales(box), await makeSales(box)]
    await box.run(`create role ${future}`)
    const desired = [
      { role: owner, grants: access.owner(owned) },
      { role: reader, grants: [...access.readOnly(schema), ...access.readOnly(owned, { direct: false })] },
      {
        role: writer,
        grants: [
          ...access.readWrite(schema, { future }),
          Grant.schemaCreate(schema, { direct: true }),
          Grant.privilege(Target.allTables(schema), ['TRUNCATE'], { direct: true }),
        ],
      },
    ]
    await box.sync(desired)
    const roles = [owner, reader, writer]
    const described = await box.pool.describeRoles({ roles })
    expect(described).toEqual({ desired, unsaid: [] })

    // One table more, and they hold on all but that.
    await box.run(`create table ${schema}.later ()`)
    const { desired: later } = await box.pool.describeRoles({ roles: [reader] })
    expect(later[0]?.grants.filter(({ kind }) => kind === 'privilege').slice(-4)).toEqual([
      Grant.schemaUsage(schema, { direct: true }),
      Grant.tableSelect(schema, 'customers', { direct: true }),
      Grant.tableSelect(schema, 'orders', { direct: true }),
      Grant.privilege(Target.sequence(schema, 'numbers'), ['SELECT'], { direct: true }),
    ])
  })

  test('what grants cannot say is said beside them', async () => {
    const box = sandbox()
    const [role, other, group] = [box.name('r'), box.name('other'), box.name('group')]
    const schema = await makeSales(box)
    await box.run(`create role ${role} noinherit; create role ${other}; create role ${group}`)
    await box.admin(`
      alter role ${role} set work_mem = '1MB';
      grant usage on schema ${schema} to ${other};
      grant select on ${schema}.orders to ${other} with grant option;
      set role ${other}; grant select on ${schema}.orders to ${role}; reset role`)
    if (box.server.version >= 160000)
      await box.run(`grant ${group} to ${role} with admin true, inherit false, set false`)
    const described = await box.pool.describeRoles({ roles: [role] })
    const { grants, unsaid } = ofRole(described, role)
    expect(grants).toContainEqual(Grant.tableSelect(schema, 'orders', { direct: true }))
    expect(unsaid).toEqual(
      [
        ...(box.server.version >= 160000
          ? [
              `membership: role "${role}" is a member of role "${group}" with neither the INHERIT nor the SET option, which no grant asks for`,
              `would change: a sync would take membership in role "${group}" from role "${role}"`,
            ]
          : []),
        `another grantor: role "${other}" granted SELECT on table "${schema}"."orders" to role "${role}"; a sync would let the owner grant it`,
      ].sort((a, b) => unsaid.indexOf(a) - unsaid.indexOf(b)),
    )
  })

  test('limits, comments and settings are told back, as data and as code', async () => {
    const box = sandbox()
    const role = box.name('r')
    const desired = {
      role,
      grants: [Grant.login()],
      connectionLimit: 3,
      inherit: false,
      comment: "it's mine",
      settings: { search_path: ['a b', '$user'], work_mem: '1MB' },
      settingsIn: { [box.database]: { statement_timeout: '30s' } },
    }
    await box.sync(desired)
    const described = await box.pool.describeRoles({ roles: [role] })
    expect(described).toEqual({ desired: [desired], unsaid: [] })
    expect((await box.sync(described.desired[0]!)).changed).toBe(false)
    expect(renderCode(described.desired)).toContain(
      "settings: { search_path: ['a b', '$user'], work_mem: '1MB' }",
    )
  })

  test('that an owner has a privilege only from somebody else is said', async () => {
    const box = sandbox()
    const [role, other, schema] = [box.name('r'), box.name('other'), await makeSales(box)]
    await box.run(`create role ${role}; create role ${other}; grant usage on schema ${schema} to ${other}`)
    await box.admin(`
      grant update, delete on ${schema}.orders to ${other} with grant option;
      set role ${other}; grant update, delete on ${schema}.orders to ${role}; reset role;
      alter table ${schema}.orders owner to ${role}; revoke update on ${schema}.orders from ${role}`)
    const described = await box.pool.describeRoles({ roles: [role] })
    expect(ofRole(described, role)).toEqual({
      grants: [Grant.ownership(Target.table(schema, 'orders'))],
      unsaid: [
        `another grantor: role "${other}" granted UPDATE on table "${schema}"."orders" to role "${role}", the owner, which has revoked it from itself; no grant asks for that`,
      ],
    })
    expect((await box.plan(described.desired)).transactions).toEqual([])
    await box.admin(`drop schema ${schema} cascade; drop role ${role}; drop role ${other}`)
  })

  test('what a sync would do all the same is said', async () => {
    const box = sandbox()
    const [role, other] = [box.name('r'), box.name('other')]
    await box.run(`create role ${role}; create role ${other}`)
    await box.admin(`alter default privileges for role ${role} grant select on tables to ${other}`)
    const { grants, unsaid } = ofRole(await box.pool.describeRoles({ roles: [role] }), role)
    expect(grants).toEqual([])
    expect(unsaid).toEqual([
      `would change: a sync would revoke SELECT on future tables of role "${role}" from role "${other}"`,
    ])
  })

  test('all roles are those of users, apart from superusers and the role that connects, unless they are named', async () => {
    const box = sandbox()
    const [role, superuser] = [box.name('r'), box.name('super')]
    const schema = await makeSales(box)
    await box.sync({ role, grants: [Grant.schemaUsage(schema)] })
    await box.admin(`create role ${superuser} superuser`)
    const all = await box.pool.describeRoles()
    expect(ofRole(all, role)).toEqual({ grants: [Grant.schemaUsage(schema)], unsaid: [] })
    expect(ofRole(all, superuser)).toEqual({
      grants: undefined,
      unsaid: [
        `left out: role "${superuser}" is not described: it is a superuser; name it to describe it all the same`,
      ],
    })
    expect(all.desired.filter((one) => /^pg_|^_pgsr_|^postgres$/.test(one.role))).toEqual([])
    if (!box.isSuperuser) expect(ofRole(all, box.actor).grants).toBeUndefined()
    const named = await box.pool.describeRoles({ roles: [superuser] })
    expect(ofRole(named, superuser).grants).toEqual([Grant.attribute('SUPERUSER')])
    await box.admin(`drop role ${superuser}`)
  })

  test('it can be done as another role, and on what nobody may write', async () => {
    const box = sandbox()
    const [role, service] = [box.name('r'), box.name('service')]
    await box.run(`create role ${service}; create role ${role}; grant ${service} to ${box.actor}`)
    await box.admin(`alter database ${box.database} set default_transaction_read_only = on`)
    const described = await box.pool.describeRoles({ roles: [role], actAs: service })
    expect(described).toEqual({ desired: [{ role, grants: [] }], unsaid: [] })
    await box.admin(`alter database ${box.database} reset default_transaction_read_only`)
  })
})

conformanceInTurn('described objects', (sandbox) => {
  test('privileges on and ownership of every kind of object are described', async () => {
    const box = sandbox()
    const [role, owner] = [box.name('r'), box.name('owner')]
    const [place, another] = [await makePlace(box), await makePlace(box)]
    const [granted, owned] = [await makeEveryKind(place), await makeEveryKind(another)]
    await box.admin(`create role ${role}; create role ${owner} superuser`)
    await box.admin(
      owned
        .filter(isOwnable)
        .map((specimen) => ownerStatement(specimen, owner))
        .join(';'),
    )
    const grants = granted.flatMap(({ kind, name }) => {
      const privileges = privilegesOn(kind, box.server.version)
      return privileges.length === 0
        ? []
        : [
            Grant.privilege({ kind, name } as Parameters<typeof Grant.privilege>[0], privileges, {
              direct: true,
            }),
          ]
    })
    const superuser = box.driver.pool(box.server, box.database)
    try {
      await superuser.syncRoles({ role, grants })
      const described = await superuser.describeRoles({ roles: [role, owner] })
      expect((await superuser.planRoles(described.desired, { allowSuperuser: true })).transactions).toEqual(
        [],
      )
      expect(described.unsaid).toEqual([])
      const said = JSON.stringify(described.desired)
      for (const { kind } of granted) expect(said).toContain(`"kind":"${kind}"`)
    } finally {
      await superuser.end()
    }
    await box.admin(`reassign owned by ${owner} to ${box.server.user}; alter role ${owner} nosuperuser`)
    await dropShared(box, [...granted, ...owned])
  })

  test('a role that has everything there is can be described', async () => {
    const box = sandbox()
    const { role, unmanaged, all } = await holdEverything(box)
    const described = await box.pool.describeRoles({ roles: [role] })
    const { transactions } = await box.plan(described.desired, { allowSuperuser: true })
    const changes = transactions.flat().filter(({ reason }) => reason.temporary === undefined)
    expect(changes.filter(({ kind }) => !/Privilege$|^lockRole$/.test(kind))).toEqual([])
    // Another role than the owner granted some of it.
    expect(described.unsaid.map(({ reason }) => reason)).toContain('another grantor')
    await box.admin(unmanaged)
    await dropShared(box, all)
  })
})

conformanceAtEnds((sandbox) => {
  test('what no desired role can ask for is left as it is, and said', async () => {
    const box = sandbox()
    const [group, set, plain] = [box.name('group'), box.name('set'), box.name('plain')]
    const ends = ['-infinity', '0044-03-15 BC', '12026-01-01 00:00:00+00'].map(
      (until, index) => [box.name(`until${index}`), until] as const,
    )
    const said = ['-infinity', '0044-03-15T00:00:00.000000Z BC', '12026-01-01T00:00:00.000000Z']
    await box.run(`create role ${group}; create role ${set}; create role ${plain} login`)
    // One that cannot log in has nothing to ask for.
    await box.admin(`
      set timezone = 'UTC';
      ${ends.map(([role, until]) => `create role ${role} login noinherit connection limit 2 valid until '${until}'; grant ${group} to ${role}; comment on role ${role} is 'kept'`).join(';')};
      alter role ${set} valid until '-infinity';
      alter role ${set} set work_mem = '1MB';
      alter role ${set} in database ${box.database} set "größe.x" = '1';
      alter role ${plain} set work_mem = '2MB'`)
    const roles = [...ends.map(([role]) => role), set, plain]
    const before = await box.holdings(roles)
    const described = await box.pool.describeRoles({ roles })
    for (const [index, [role]] of ends.entries())
      expect(ofRole(described, role).unsaid).toEqual([
        `left as it is: role "${role}" has VALID UNTIL ${said[index]}, which no grant can ask for; it is described as external, so that its attributes stay as they are`,
      ])
    expect(described.desired).toEqual([
      { role: plain, grants: [Grant.login()], settings: { work_mem: '2MB' } },
      { role: set, grants: [] },
      ...ends.map(([role]) => ({
        role,
        grants: [Grant.roleMembership(group)],
        external: true,
        comment: 'kept',
      })),
    ])
    expect(ofRole(described, set).unsaid).toEqual([
      `left as it is: role "${set}" has setting "größe.x" in database "${box.database}", and no desired role can have a setting of this name; its settings are left out, and stay as they are`,
    ])
    const { changed, plan } = await box.pool.syncRoles(described.desired)
    expect([changed, plan.skipped, plan.residue]).toEqual([false, [], []])
    expect(await box.holdings(roles)).toEqual(before)
    await box.admin(`drop role ${[...roles, group].join(', ')}`)
  })

  test('what cannot be described is refused', async () => {
    const box = sandbox()
    const nobody = box.name('nobody')
    await expect(box.pool.describeRoles({ roles: [nobody] })).rejects.toMatchObject({
      _tag: 'InvalidGrantError',
      role: nobody,
      message: `cannot describe role ${JSON.stringify(nobody)}: it does not exist`,
    })
    await expect(box.pool.describeRoles({ roles: 'some' as never })).rejects.toThrow(
      'cannot describe roles: roles must be an array of names, or "all"',
    )
    await expect(box.pool.describeRoles({ role: 'r' } as never)).rejects.toThrow('unknown option "role"')
  })
})
