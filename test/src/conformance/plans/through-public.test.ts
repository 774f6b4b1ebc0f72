import { Grant, hasDrift, type Plan, renderSql, renderSummary, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const direct = { direct: true } as const

/** A role, and objects of the acting role on which everybody has something. */
const setScene = async (box: Sandbox) => {
  const [role, group, schema] = [box.name('t'), box.name('g'), box.name('s')]
  await box.run(`
    create role ${role}; create role ${group};
    create schema ${schema}; grant usage on schema ${schema} to public;
    create table ${schema}.open (id int, v int); grant select, insert on ${schema}.open to public;
    create table ${schema}.columns (id int, v int); grant update (v) on ${schema}.columns to public;
    create table ${schema}.closed (id int);
    create function ${schema}.f() returns int language sql as 'select 1'`)
  return { role, group, schema }
}

const drop = (
  box: Sandbox,
  { role, group, schema }: Awaited<ReturnType<typeof setScene>>,
): Promise<unknown> =>
  box.admin(
    `drop schema ${schema} cascade; drop owned by ${role}, ${group}; drop role ${role}; drop role ${group}`,
  )

const messages = ({ throughPublic }: Plan): readonly string[] => throughPublic.map(({ message }) => message)

/** For each note: whether the role can do it, and whether it still could if PUBLIC could not. */
const checked = async (box: Sandbox, { throughPublic }: Plan): Promise<readonly unknown[]> => {
  const answers: unknown[] = []
  for (const { roles, privileges, objects } of throughPublic)
    for (const role of roles)
      for (const privilege of privileges)
        for (const { kind, name } of objects) {
          const on = {
            schema: `schema ${name[0]!}`,
            function: `function ${name.slice(0, 2).join('.')}()`,
            table: `table ${name.join('.')}`,
            column: `table ${name.slice(0, 2).join('.')}`,
            database: `database ${name[0]!}`,
          }[kind as 'schema' | 'function' | 'table' | 'column' | 'database']
          const asked = {
            schema: `has_schema_privilege('${role}', '${name[0]!}', '${privilege}')`,
            function: `has_function_privilege('${role}', '${name.slice(0, 2).join('.')}()', '${privilege}')`,
            table: `has_table_privilege('${role}', '${name.join('.')}', '${privilege}')`,
            column: `has_column_privilege('${role}', '${name.slice(0, 2).join('.')}', '${name[2]!}', '${privilege}')`,
            database: `has_database_privilege('${role}', '${name[0]!}', '${privilege}')`,
          }[kind as 'schema' | 'function' | 'table' | 'column' | 'database']
          const of = kind === 'column' ? `${privilege} (${name[2]!})` : privilege
          const [before] = await box.admin(`select ${asked}`)
          const [after] = await box.admin(`begin; revoke ${of} on ${on} from public; select ${asked}`)
          await box.admin('rollback')
          answers.push([before?.[0], after?.[0]])
        }
  return answers
}

const of = (role: string, ...grants: readonly Grant[]) => ({ role, grants })

conformanceAround16('through PUBLIC', (sandbox) => {
  test('a plan says what a role can do only because PUBLIC can, on the objects that the request names', async () => {
    const box = sandbox()
    const scene = await setScene(box)
    const { role, schema } = scene
    const desired = {
      role,
      grants: [
        Grant.databaseConnect(box.database, direct),
        Grant.tableSelect(schema, 'open', direct),
        Grant.privilege(Target.table(schema, 'columns', { columns: ['id', 'v'] }), ['SELECT'], direct),
        Grant.tableSelect(schema, 'closed', direct),
        Grant.privilege(Target.allFunctions(schema), ['EXECUTE'], direct),
      ],
    }
    const before = await box.plan({
      role,
      grants: [
        ...desired.grants.slice(1),
        Grant.privilege(Target.database(box.database), ['CREATE'], direct),
      ],
    })
    const { plan } = await box.sync(desired)
    const who = `role "${role}"`
    expect(messages(plan)).toEqual([
      `${who}: UPDATE on column "v" of table "${schema}"."columns"`,
      `${who}: TEMPORARY on database "${box.database}"`,
      `${who}: USAGE on schema "${schema}"`,
      `${who}: INSERT on table "${schema}"."open"`,
    ])
    const withConnect = `${who}: CONNECT, TEMPORARY on database "${box.database}"`
    expect(messages(before)).toEqual(messages(plan).with(1, withConnect))
    const answers = await checked(box, plan)
    expect(answers).toEqual([1, 2, 3, 4].map(() => [true, false]))
    await drop(box, scene)
  })

  test('what a role has otherwise, from a role that it is a member of or for being a superuser, is not through PUBLIC', async () => {
    const box = sandbox()
    const scene = await setScene(box)
    const { role, group, schema } = scene
    await box.run(`grant insert on ${schema}.open to ${group}; grant usage on schema ${schema} to ${group}`)
    const select = Grant.tableSelect(schema, 'open', direct)
    const shared = [
      Grant.privilege(Target.table(schema, 'open'), ['INSERT'], direct),
      Grant.schemaUsage(schema, direct),
    ]
    const alone = await box.plan([of(role, select), of(group, ...shared)])
    expect(messages(alone)).toEqual([
      `role "${role}": USAGE on schema "${schema}"`,
      `role "${role}": INSERT on table "${schema}"."open"`,
      `role "${group}": SELECT on table "${schema}"."open"`,
    ])
    const together = await box.plan([of(role, select, Grant.roleMembership(group)), of(group, ...shared)])
    expect(messages(together)).toEqual([`role "${group}": SELECT on table "${schema}"."open"`])
    // A member that does not inherit has nothing of the sort.
    await box.admin(`alter role ${role} noinherit`)
    const options = box.server.version < 160_000 ? {} : { inherit: false }
    const idle = await box.plan([
      of(role, select, Grant.roleMembership(group, options)),
      of(group, ...shared),
    ])
    expect(messages(idle)).toEqual(messages(alone))
    if (box.isSuperuser) {
      const all = await box.plan([of(role, Grant.attribute('SUPERUSER'), select), of(group, ...shared)], {
        allowSuperuser: true,
      })
      expect(messages(all)).toEqual([`role "${group}": SELECT on table "${schema}"."open"`])
    }
    await drop(box, scene)
  })

  test('members of roles that may read all data need PUBLIC for nothing of that, on a server that has such roles', async () => {
    const box = sandbox()
    const scene = await setScene(box)
    const { role, schema } = scene
    const hasRole = box.server.version >= 140_000
    if (hasRole) await box.admin(`grant pg_read_all_data to ${role}`)
    const plan = await box.plan({
      role,
      grants: [
        ...(hasRole ? [Grant.roleMembership('pg_read_all_data')] : []),
        Grant.privilege(Target.table(schema, 'open'), ['UPDATE'], direct),
        Grant.privilege(Target.schema(schema), ['CREATE'], direct),
      ],
    })
    expect(messages(plan)).toEqual(
      hasRole
        ? [`role "${role}": INSERT on table "${schema}"."open"`]
        : [
            `role "${role}": USAGE on schema "${schema}"`,
            `role "${role}": INSERT, SELECT on table "${schema}"."open"`,
          ],
    )
    expect((await checked(box, plan)).every((answer) => JSON.stringify(answer) === '[true,false]')).toBe(true)
    await drop(box, scene)
  })

  test('the script and the summary say it, it is no drift, and a reviewed plan is executed whatever PUBLIC gets meanwhile', async () => {
    const box = sandbox()
    const scene = await setScene(box)
    const { role, schema } = scene
    const desired = {
      role,
      grants: [Grant.tableSelect(schema, 'open', direct), Grant.schemaCreate(schema, direct)],
    }
    const reviewed = await box.plan(desired)
    expect(renderSql(reviewed)).toContain(
      `\n-- only through PUBLIC: role "${role}": INSERT on table "${schema}"."open"\n`,
    )
    expect(renderSummary(reviewed)).toContain(
      `\nonly through PUBLIC\n  role "${role}": USAGE on schema "${schema}"\n  role "${role}": INSERT on table "${schema}"."open"`,
    )
    await box.run(`grant delete on ${schema}.open to public`)
    const { changed, plan } = await box.pool.executePlan(reviewed)
    expect(changed).toBe(true)
    expect(messages(plan)).toContain(`role "${role}": DELETE, INSERT on table "${schema}"."open"`)
    const again = await box.plan(desired)
    expect(again.throughPublic).not.toEqual([])
    expect(hasDrift(again)).toBe(false)
    await drop(box, scene)
  })
})
