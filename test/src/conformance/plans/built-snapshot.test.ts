import { Grant, operationsOf, plan, type Plan, snapshot, statementOf, Target } from '@pgsr/planner'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'

const statementsOf = (made: Plan): readonly string[] =>
  operationsOf(made).flatMap((operation) =>
    operation.kind === 'setPassword' ? [] : [statementOf(operation)],
  )

conformanceAround16('a snapshot that is built', (sandbox) => {
  test('has the plan of a database that has the same, and the plan does there what is asked for', async () => {
    const box = sandbox()
    const { actor } = box
    const [schema, role, group, lost] = [box.name('s'), box.name('r'), box.name('g'), box.name('lost')]
    await box.run(`create role ${role} login; create role ${group}; create role ${lost}; create schema ${schema};
      create table ${schema}.t (a int); create view ${schema}.v as select 1 as one; create sequence ${schema}.q;
      create function ${schema}.f(int) returns int language sql as 'select 1';
      revoke execute on function ${schema}.f(int) from public;
      grant usage, create on schema ${schema} to ${role}; grant select (a), insert on ${schema}.t to ${role};
      grant select, delete on ${schema}.v to ${role} with grant option; grant usage on sequence ${schema}.q to ${lost};
      alter default privileges in schema ${schema} grant select on tables to ${lost}`)
    // From 16 on, who creates a role is its administrator.
    if (box.isSuperuser) await box.run(`grant ${lost} to ${role}`)
    const server = {
      version: box.server.version,
      database: box.database,
      ...(!box.isSuperuser && { actingRole: actor }),
    }
    const start = snapshot(server)
    const acting = box.isSuperuser ? start : start.role(actor, { login: true, createRole: true })
    const administered = (all: typeof start, name: string): typeof start =>
      box.isSuperuser || box.server.version < 160_000
        ? all
        : all.membership({ role: name, member: actor, admin: true, inherit: false, set: false })
    const owner = { owner: actor }
    const roles = [role, group, lost].reduce(
      (all, name) => administered(all.role(name, { login: name === role }), name),
      acting,
    )
    const member = box.isSuperuser ? roles.membership({ role: lost, member: role }) : roles
    const built = member
      .schema(schema, { ...owner, privileges: { [role]: ['USAGE', 'CREATE'] } })
      .table(schema, 't', { ...owner, privileges: { [role]: ['INSERT'] } })
      .column(schema, 't', 'a', { privileges: { [role]: ['SELECT'] } })
      .table(schema, 'v', { ...owner, acl: [`${role}=r*d*/${actor}`] })
      .sequence(schema, 'q', { ...owner, privileges: { [lost]: ['USAGE'] } })
      .function(schema, 'f', ['int'], { ...owner, privileges: { public: [] } })
      .defaultPrivilege({ owner: actor, schema, on: 'tables', privileges: { [lost]: ['SELECT'] } })

    const desired = [
      {
        role,
        grants: [
          Grant.login(),
          Grant.schemaUsage(schema, { direct: true }),
          Grant.tableSelect(schema, 'v', { direct: true }),
          Grant.privilege(Target.function(schema, 'f', ['int']), ['EXECUTE'], { direct: true }),
          Grant.roleMembership(group),
        ],
      },
      { role: lost, grants: [] },
    ]
    const options = { manages: { schemas: [schema], cluster: true } } as const
    const statements = statementsOf(plan(built, desired, options))
    expect(statements).toEqual(statementsOf(await box.plan(desired, options)))
    await box.run(statements.join(';'))
    expect(statementsOf(await box.plan(desired, options))).toEqual([])
    const object = `${schema}.v`
    expect(
      await box.admin(`select has_schema_privilege('${role}', '${schema}', 'CREATE'), has_schema_privilege('${role}', '${schema}', 'USAGE'),
        has_table_privilege('${role}', '${object}', 'SELECT'), has_table_privilege('${role}', '${object}', 'SELECT WITH GRANT OPTION'),
        has_table_privilege('${role}', '${object}', 'DELETE'), has_any_column_privilege('${role}', '${schema}.t', 'SELECT'),
        has_function_privilege('${role}', '${schema}.f(int)', 'EXECUTE'), has_sequence_privilege('${lost}', '${schema}.q', 'USAGE'),
        pg_has_role('${role}', '${group}', 'USAGE'), pg_has_role('${role}', '${lost}', 'MEMBER')`),
    ).toEqual([[false, true, true, false, false, false, true, false, true, false]])
  })
})
