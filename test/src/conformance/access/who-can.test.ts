import {
  AssertionsError,
  type AccessChange,
  type Assertion,
  Grant,
  operationsOf,
  type Privilege,
  type Plan,
  renderWhoCan,
  Target,
} from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAtEndsInTurn } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { unlessOthers } from '../../../harness/sandbox/unless-others.ts'

interface Office {
  readonly box: Sandbox
  readonly schema: string
  readonly payroll: string
  readonly alice: string
  readonly bob: string
}

/** A table that payroll may read, of which alice is a member, and a role that has nothing. */
const makeOffice = async (box: Sandbox): Promise<Office> => {
  const [schema, payroll, alice, bob] = ['billing', 'payroll', 'alice', 'bob'].map((base) =>
    box.name(base),
  ) as [string, string, string, string]
  await box.run(`create role ${payroll}; create role ${alice} login; create role ${bob}; create schema ${schema};
    create table ${schema}.salaries (id int, amount int); grant usage on schema ${schema} to ${payroll}, ${bob};
    grant select on ${schema}.salaries to ${payroll}; grant ${payroll} to ${alice}`)
  return { box, schema, payroll, alice, bob }
}

const salaries = ({ schema }: Office) => Target.table(schema, 'salaries')

const onlyPayroll = (office: Office, others: readonly string[] = []): Assertion => ({
  only: [office.payroll, office.box.actor, ...others],
  can: 'SELECT',
  on: salaries(office),
})

/** Who has a privilege on the salaries, by PostgreSQL’s own account. */
const readers = async ({ box, schema }: Office, privilege: Privilege): Promise<readonly string[]> => {
  const roles = await box.roles()
  const rows = await box.admin(
    `select r.rolname::text from pg_roles as r where r.rolname in (${roles.map((role) => `'${role}'`).join()})
     and has_table_privilege(r.oid, '${schema}.salaries', '${privilege}') order by 1`,
  )
  return rows.map(([role]) => role as string)
}

const asLine = ({ role, change, privilege, bySetRole }: AccessChange): string =>
  `${role} ${change} ${privilege}${bySetRole ? ' by SET ROLE' : ''}`

conformanceAtEndsInTurn('who can', (sandbox) => {
  test('those who have it are listed, the ones who may log in first', async () => {
    const office = await makeOffice(sandbox())
    const { box, payroll, alice, bob } = office
    await box.run(`grant select on ${office.schema}.salaries to ${bob}`)
    const { roles, everybody, groups } = await box.pool.whoCan({
      privilege: 'SELECT',
      object: salaries(office),
    })
    const ours = roles.map(({ role }) => role).filter((role) => [payroll, alice, bob].includes(role))
    expect(ours).toEqual([alice, ...[bob, payroll].sort()])
    expect(everybody).toEqual([])
    expect(groups.find(({ roles: members }) => members.includes(alice))?.roles.toSorted()).toEqual(
      [alice, payroll].sort(),
    )
  })

  test('what everybody has is said once', async () => {
    const office = await makeOffice(sandbox())
    const { box, schema } = office
    await box.run(`grant select on ${schema}.salaries to public`)
    const { everybody, roles } = await box.pool.whoCan({ privilege: 'SELECT', object: salaries(office) })
    expect(everybody.map(({ source }) => source.kind)).toEqual(['PUBLIC'])
    expect(roles.map(({ role }) => role)).not.toContain(office.bob)
  })

  test('everything that a role can do is listed, and how it may get more', async () => {
    const office = await makeOffice(sandbox())
    const { box, schema, alice, payroll } = office
    await box.run(`create view ${schema}.v as select 1 as a; grant select on ${schema}.v to ${payroll};
      create function ${schema}.f() returns int language sql security definer as 'select 1';
      grant trigger, references on ${schema}.salaries to ${payroll}; grant update on ${schema}.salaries to ${alice} with grant option`)
    const { objects, escalations, login } = await box.pool.accessOf(alice)
    const listed = objects.flatMap(({ object, privileges }) =>
      privileges.map(({ privilege }) => `${privilege} ${object.kind} ${object.name.at(-1)}`),
    )
    expect(login).toBe(true)
    expect(listed.sort()).toEqual(
      [
        `USAGE schema ${schema}`,
        'SELECT table v',
        'SELECT table salaries',
        'TRIGGER table salaries',
        'REFERENCES table salaries',
        'UPDATE table salaries',
      ].sort(),
    )
    const kinds = escalations.map(({ kind, by }) => `${kind} by ${by}`)
    expect(kinds.sort()).toEqual(
      [
        `REFERENCES by ${payroll}`,
        `TRIGGER by ${payroll}`,
        `grant option by ${alice}`,
        'security definer by public',
        `view by ${payroll}`,
      ].sort(),
    )
  })

  test('ADMIN options and CREATEROLE lead further', async () => {
    const office = await makeOffice(sandbox())
    const { box, bob, payroll } = office
    await box.admin(
      `grant ${payroll} to ${bob} with admin option${box.server.version >= 160000 ? ', inherit false, set false' : ''}`,
    )
    if (box.server.version < 160000) await box.admin(`alter role ${bob} noinherit`)
    await box.admin(`alter role ${bob} createrole`)
    const { escalations } = await box.pool.accessOf(bob)
    const reach = box.server.version < 160000 ? 'every role' : 'roles that it creates'
    expect(escalations).toContainEqual({ kind: 'CREATEROLE', by: bob, reach })
    if (box.server.version >= 160000)
      expect(escalations).toContainEqual({ kind: 'ADMIN option', by: bob, role: payroll })
  })

  test('a plan changes access as PostgreSQL says before and afterwards', async () => {
    const office = await makeOffice(sandbox())
    const { box, schema, payroll, bob } = office
    const plan: Plan = await box.plan([
      { role: payroll, grants: [Grant.schemaUsage(schema)] },
      {
        role: bob,
        grants: [Grant.schemaUsage(schema), Grant.tableSelect(schema, 'salaries', { direct: true })],
      },
    ])
    const before = await readers(office, 'SELECT')
    const { changes, unknown } = await box.pool.accessDifference(plan)
    await box.pool.executePlan(plan)
    const after = await readers(office, 'SELECT')
    const expected = [
      ...before.filter((role) => !after.includes(role)).map((role) => `${role} loses SELECT`),
      ...after.filter((role) => !before.includes(role)).map((role) => `${role} gains SELECT`),
    ]
    expect(unknown).toEqual([])
    expect(expected.length).toBeGreaterThanOrEqual(3)
    const told = changes
      .filter(({ object }) => object.kind === 'table' && object.name[0] === schema)
      .map(asLine)
    expect(told.sort()).toEqual(expected.sort())
  })

  test('who can read single columns of a table is listed apart', async () => {
    const office = await makeOffice(sandbox())
    const { box, schema, bob } = office
    await box.run(`grant select (amount) on ${schema}.salaries to ${bob}`)
    await box.as(bob, `select amount from ${schema}.salaries`)
    const answer = await box.pool.whoCan({ privilege: 'SELECT', object: salaries(office) })
    expect(answer.roles.map(({ role }) => role)).not.toContain(bob)
    expect(answer.columns?.map(({ column, roles }) => [column, roles.map(({ role }) => role)])).toEqual([
      ['amount', [bob]],
    ])
    expect(renderWhoCan(answer)).toMatch(new RegExp(`only on column "amount"\n[^]*${bob}`))
  })

  test('assertions that hold let a sync go on', async () => {
    const office = await makeOffice(sandbox())
    const { box, schema, payroll, bob } = office
    await box.run(`revoke all on schema ${schema} from public`)
    const result = await unlessOthers(box, (others) =>
      box.pool.syncRoles(
        { role: bob, grants: [Grant.schemaUsage(schema)] },
        { assertions: [onlyPayroll(office, others), { public: 'nothing', in: schema }] },
      ),
    )
    expect(result).toMatchObject({ changed: true })
    expect(await readers(office, 'SELECT')).toContain(payroll)
  })

  test('a sync that would break an assertion is refused, with the paths, and changes nothing', async () => {
    const office = await makeOffice(sandbox())
    const { box, schema, bob } = office
    const before = await readers(office, 'SELECT')
    const desired = { role: bob, grants: [Grant.tableSelect(schema, 'salaries')] }
    const options = { assertions: [onlyPayroll(office)] }
    for (const work of [box.pool.syncRoles, box.pool.planRoles]) {
      const error: unknown = await work(desired, options).catch((refused: unknown) => refused)
      expect(error).toBeInstanceOf(AssertionsError)
      const { broken } = error as AssertionsError
      const [first] = broken
      // From 16 on, the delegate that administers the intermediate role is one who could read, too.
      expect(first?.roles.map(({ role }) => role)).toContain(bob)
      expect(first?.roles.find(({ role }) => role === bob)?.paths[0]?.source.kind).toBe('privilege')
    }
    expect(await readers(office, 'SELECT')).toEqual(before)
  })

  test('what others have breaks an assertion too, though nothing has to be done', async () => {
    const office = await makeOffice(sandbox())
    const { box, schema } = office
    await box.run(`grant select on ${schema}.salaries to public`)
    const assertions: readonly Assertion[] = [onlyPayroll(office), { public: 'nothing', in: schema }]
    const error: unknown = await box.pool.syncRoles([], { assertions }).catch((refused: unknown) => refused)
    expect(error).toBeInstanceOf(AssertionsError)
    expect((error as AssertionsError).broken.map(({ index }) => index)).toEqual([0, 1])
  })

  test('a role that has it only after SET ROLE breaks an assertion', async () => {
    const office = await makeOffice(sandbox())
    const { box, schema, bob } = office
    const between = box.name('between')
    await box.admin(`create role ${between}; grant select on ${schema}.salaries to ${between}; alter role ${bob} noinherit;
      grant ${between} to ${bob}`)
    const error: unknown = await box.pool
      .syncRoles([], { assertions: [onlyPayroll(office)] })
      .catch((refused: unknown) => refused)
    expect((error as AssertionsError).broken[0]?.roles).toContainEqual(
      expect.objectContaining({ role: bob, verdict: 'not granted' }),
    )
  })

  test('what a trigger changes behind the plan breaks an assertion before it is committed', async () => {
    const office = await makeOffice(sandbox())
    const { box, schema, bob, alice } = office
    const helper = box.name('helper')
    const has = async (): Promise<unknown> =>
      (await box.admin(`select has_table_privilege('${alice}', '${schema}.other', 'INSERT')`))[0]?.[0]
    // The plan does not touch the table, so that the proof does not look at it.
    await box.admin(`create table ${schema}.other (); create function ${schema}.${helper}() returns event_trigger
      language plpgsql security definer as $$ begin
        if not has_table_privilege('${alice}', '${schema}.other', 'INSERT') then grant insert on ${schema}.other to ${alice}; end if;
      end $$;
      create event trigger ${helper} on ddl_command_end when tag in ('GRANT') execute procedure ${schema}.${helper}()`)
    try {
      const assertions = (others: readonly string[]): readonly Assertion[] => [
        { only: [box.actor, ...others], can: 'INSERT', on: Target.table(schema, 'other') },
      ]
      const desired = { role: bob, grants: [Grant.tableSelect(schema, 'salaries', { direct: true })] }
      const error = await unlessOthers(box, (others) =>
        box.pool.syncRoles(desired, { assertions: assertions(others) }),
      )
      expect(error).toBeInstanceOf(AssertionsError)
      expect((error as AssertionsError).broken[0]?.roles.map(({ role }) => role)).toContain(alice)
      expect(await has()).toBe(false)
    } finally {
      await box.admin(`drop event trigger ${helper}`)
    }
  })

  test('an assertion that is none is refused before anything is sent', async () => {
    const box = sandbox()
    await expect(box.pool.syncRoles([], { assertions: [{ public: 'all' }] as never })).rejects.toThrow(
      'cannot check assertion 1: public must be "nothing"',
    )
    expect(operationsOf(await box.plan([]))).toEqual([])
  })
})
