import { Grant, type SyncRolesOptions, Target } from '@pgsr/node-postgres'
import { isCaretakerName } from '@pgsr/planner'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const report: SyncRolesOptions = { onResidue: 'report' }

/** Who owns the routines of a schema, by their arguments as a declaration has them. */
const ownersIn = ({ admin }: Sandbox, schema: string): Promise<readonly (readonly unknown[])[]> =>
  admin(
    `select regexp_replace(pg_get_function_arguments(oid), '\\mIN ', '', 'g'), pg_get_userbyid(proowner)::text from pg_proc
     where pronamespace = '${schema}'::regnamespace order by 1`,
  )

const mayLogIn = async ({ admin }: Sandbox, role: string): Promise<unknown> =>
  (await admin(`select rolcanlogin from pg_roles where rolname = '${role}'`))[0]?.[0]

/** What the catalogs tie to a role in this database, in words. */
const tiedTo = async ({ admin }: Sandbox, role: string): Promise<readonly unknown[]> =>
  (
    await admin(
      `select pg_describe_object(classid, objid, objsubid) from pg_shdepend
       where refclassid = 'pg_authid'::regclass and refobjid = '${role}'::regrole order by 1`,
    )
  ).flat()

/** Procedures as they are declared, and how one is named so that no other is meant. */
const procedures: readonly (readonly [declared: string, named: string, since: number])[] = [
  ['integer, integer', 'IN integer, IN integer', 110000],
  ['integer, OUT integer', 'IN integer', 140000],
  ['VARIADIC integer[]', 'IN integer[]', 110000],
  ['INOUT text', 'IN text', 110000],
  ['integer, text, text DEFAULT 2', 'IN integer, IN text, IN text', 110000],
  ['integer, text, OUT text', 'IN integer, IN text', 140000],
  ['OUT text', '', 140000],
]

conformanceAround16('names that could be those of others', (sandbox) => {
  test('procedures that differ only in their OUT arguments are told apart', async () => {
    const box = sandbox()
    const { version } = box.server
    const [role, other, schema] = [box.name('r'), box.name('r'), box.name('s')]
    const made = procedures.filter(([, , since]) => version >= since)
    await box.run(`create role ${role} login; create role ${other}; create schema ${schema}`)
    await box.admin(`grant create, usage on schema ${schema} to ${role}, ${other}, ${box.actor}`)
    for (const [declared, named] of made)
      await box.admin(
        `create procedure ${schema}.p(${declared}) language plpgsql as 'begin end';
         alter procedure ${schema}.p(${named}) owner to ${role};
         grant execute on procedure ${schema}.p(${named}) to ${other}`,
      )
    await box.admin(
      `create function ${schema}.p(bigint, out bigint) language sql as 'select 1::bigint';
       alter function ${schema}.p(bigint) owner to ${role}`,
    )
    const before = await ownersIn(box, schema)
    expect(before).toHaveLength(made.length + 1)
    expect(new Set(before.map(([, owner]) => owner))).toEqual(new Set([role]))
    const one =
      version >= 110000
        ? Target.procedure(schema, 'p', ['integer', 'integer'])
        : Target.function(schema, 'p', ['bigint'])
    await box.sync(
      [
        { role, grants: [] },
        { role: other, grants: [Grant.ownership(one)] },
      ],
      {
        ...report,
        reassignOwnedTo: box.actor,
      },
    )
    const after = await ownersIn(box, schema)
    expect(after.filter(([, owner]) => owner === role)).toEqual([])
    expect(after.filter(([, owner]) => owner === other)).toEqual([
      [version >= 110000 ? 'integer, integer' : 'bigint, OUT bigint', other],
    ])
    expect(await mayLogIn(box, role)).toBe(false)
  })

  test('types have the same names under any search path, and a type with elements is not taken for an array', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create role ${role} login; create schema ${schema}`)
    const types = [`${schema}."Ints"`, 'int[]', 'pg_catalog."Foo"', '"char", char, name']
    const f = (type: string): string => `function ${schema}.f(${type})`
    await box.admin(`
      create domain ${schema}."Ints" as int[]; revoke usage on type ${schema}."Ints" from public;
      create type pg_catalog."Foo" as enum (); create type pg_catalog."select" as enum ();
      create ${f('pg_catalog."select"')} returns int language sql as 'select 1';
      alter ${f('pg_catalog."select"')} owner to ${role}`)
    for (const type of types)
      await box.admin(
        `create ${f(type)} returns int language sql as 'select 1'; revoke execute on ${f(type)} from public;
         grant execute on ${f(type)} to ${role}`,
      )
    await box.admin(`alter schema ${schema} owner to ${box.actor}`)
    if (!box.isSuperuser) for (const type of types) await box.admin(`alter ${f(type)} owner to ${box.actor}`)
    const executable = async (): Promise<readonly unknown[]> => {
      const tests = types.map(
        (type) => `select has_function_privilege('${role}', '${schema}.f(${type})', 'EXECUTE')`,
      )
      return (await box.admin(tests.join(' union all '))).flat()
    }
    expect(await executable()).toEqual([true, true, true, true])
    const direct = { direct: true } as const
    const asked = [
      Grant.privilege(Target.function(schema, 'f', [types[0]!]), ['EXECUTE'], direct),
      Grant.privilege(Target.function(schema, 'f', [types[2]!]), ['EXECUTE'], direct),
      Grant.privilege(Target.type(schema, 'Ints'), ['USAGE'], direct),
    ]
    await box.admin(`alter type ${schema}."Ints" owner to ${box.actor}`)
    const { plan } = await box.sync({ role, grants: asked }, report)
    expect(plan.skipped).toEqual([])
    expect(await executable()).toEqual([true, false, true, false])
    expect(await box.admin(`select has_type_privilege('${role}', '${schema}."Ints"', 'USAGE')`)).toEqual([
      [true],
    ])
    // Of a type whose name is a keyword nothing in SQL says that it is in pg_catalog but as `pg_catalog."select"`.
    expect(plan.unmanaged.map(({ kind }) => kind)).toEqual(['function'])
    await box.sync({ role, grants: [] }, report)
    expect(await executable()).toEqual([false, false, false, false])
    await box.admin(`drop ${f('pg_catalog."select"')}; drop ${f('pg_catalog."Foo"')};
      drop type pg_catalog."Foo"; drop type pg_catalog."select"`)
  })

  test('configuration parameters may have names longer than 63 bytes', async () => {
    const box = sandbox()
    if (box.server.version < 150000) return
    const role = box.name('r')
    const parameter = `${'a'.repeat(40)}.${'b'.repeat(40)}`
    await box.run(`create role ${role}`)
    await box.admin(`grant set on parameter ${parameter} to ${role}`)
    const mayBeSet = () => box.admin(`select has_parameter_privilege('${role}', '${parameter}', 'SET')`)
    expect(await mayBeSet()).toEqual([[true]])
    await box.sync({ role, grants: [] }, report)
    if (box.isSuperuser) expect(await mayBeSet()).toEqual([[false]])
    await box.admin(`revoke all on parameter ${parameter} from ${role}`)
  })
})

conformanceAround16('what few statements reach', (sandbox) => {
  test('shell types, shell operators, and objects that have been given away are managed', async () => {
    const box = sandbox()
    const { version } = box.server
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create role ${role} login; create schema ${schema}`)
    await box.admin(`
      grant create, usage on schema ${schema} to ${role}, ${box.actor};
      create type ${schema}.shell; alter type ${schema}.shell owner to ${role};
      create domain ${schema}.ints as int[]; alter domain ${schema}.ints owner to ${role};
      set role ${role};
      create operator ${schema}.=== (
        leftarg = int, rightarg = int, procedure = int4eq, commutator = operator(${schema}.!==)
      );
      create collation ${schema}.elsewhere from "C";
      reset role;
      update pg_collation set collencoding = 8 where collname = 'elsewhere' and collnamespace = '${schema}'::regnamespace`)
    // Before, a server has to be started anew for that.
    const isGivenAway = version >= 130000
    if (isGivenAway)
      await box.admin(`
        set allow_system_table_mods = on; alter table pg_ts_parser owner to ${role}; reset allow_system_table_mods`)
    const { plan } = await box.sync({ role, grants: [] }, { ...report, reassignOwnedTo: box.actor })
    expect(plan.residue).toEqual([])
    expect(plan.unmanaged.map(({ kind }) => kind).sort()).toEqual([
      'collation of another encoding',
      'shell operator',
      ...(isGivenAway ? ['system catalog'] : []),
    ])
    expect(plan.unmanaged.map(({ description }) => description).sort()).toEqual(await tiedTo(box, role))
    expect(await mayLogIn(box, role)).toBe(false)
    if (isGivenAway)
      await box.admin(`
        set allow_system_table_mods = on; alter table pg_ts_parser owner to postgres; reset allow_system_table_mods`)
    await box.admin(`drop schema ${schema} cascade`)
  })

  test('a shell type goes to a caretaker', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create role ${role} login; create schema ${schema}`)
    await box.admin(`create type ${schema}.shell; alter type ${schema}.shell owner to ${role}`)
    const { plan } = await box.sync({ role, grants: [] })
    expect(plan.residue).toEqual([])
    const [[owner]] = (await box.admin(
      `select pg_get_userbyid(typowner)::text from pg_type where typname = 'shell' and typnamespace = '${schema}'::regnamespace`,
    )) as readonly [readonly [string]]
    expect(isCaretakerName(owner)).toBe(true)
    await box.run(`drop role ${role}`)
  })
})
