import {
  type DesiredRole,
  Grant,
  InvalidGrantError,
  type Plan,
  renderJson,
  renderSql,
  type SyncRolesOptions,
  Target,
} from '@pgsr/node-postgres'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformanceAtEndsInTurn } from '../../../harness/drivers/conformance.ts'
import { type HostileName, hostileNames, type Position } from '../../../harness/texts/hostile-names.ts'
import { canConnect, checkedRole } from '../../../harness/sandbox/passwords.ts'
import { psql } from '../../../harness/servers/psql.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const ident = (name: string): string => pg.escapeIdentifier(name)
const literal = (text: string): string => pg.escapeLiteral(text)

const worksAs = (position: Position): readonly HostileName[] =>
  hostileNames.filter(({ refusedAs, absentAs }) => ![...refusedAs, ...absentAs].includes(position))

/** Roles that there can be, whether pgsr would make them or not. */
const thirdParties = worksAs('owner of future objects')

const roleOid = (name: string): string => `(select oid from pg_roles where rolname = ${literal(name)})`

const schemaOid = (name: string): string => `(select oid from pg_namespace where nspname = ${literal(name)})`

const relationOid = (schema: string, name: string): string =>
  `(select oid from pg_class where relnamespace = ${schemaOid(schema)} and relname = ${literal(name)})`

const typeOid = (schema: string, name: string): string =>
  `(select oid from pg_type where typnamespace = ${schemaOid(schema)} and typname = ${literal(name)})`

const routineOid = (schema: string, name: string, more = 'true'): string =>
  `(select oid from pg_proc where pronamespace = ${schemaOid(schema)} and proname = ${literal(name)} and ${more})`

/** What is asked for by a name in one position, and whether a role has it. */
interface Scene {
  /** The statement that makes what has the name. */
  readonly makes?: (name: string) => string
  readonly grants: (name: string) => readonly Grant[]
  /** SQL for whether the role has it. */
  readonly has: (role: string, name: string) => string
}

const escaped = (name: string): string => name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

const direct = { direct: true } as const

/** Of what is in a database of its own, so that it can have these names and no others. */
const scenes: Partial<Record<Position, Scene>> = {
  schema: {
    makes: (name) => `create schema ${ident(name)}`,
    grants: (name) => [Grant.schemaUsage(name, direct)],
    has: (role, name) => `has_schema_privilege('${role}', ${schemaOid(name)}, 'USAGE')`,
  },
  table: {
    makes: (name) => `create table tables.${ident(name)} ()`,
    grants: (name) => [
      Grant.tableSelect('tables', name),
      Grant.privilege(Target.table('tables', new RegExp(`^${escaped(name)}$`)), ['INSERT'], direct),
    ],
    has: (role, name) =>
      `has_table_privilege('${role}', ${relationOid('tables', name)}, 'SELECT')
       and has_table_privilege('${role}', ${relationOid('tables', name)}, 'INSERT')`,
  },
  column: {
    makes: (name) => `alter table columns.t add column ${ident(name)} int`,
    grants: (name) => [
      Grant.privilege(Target.table('columns', 't', { columns: [name] }), ['UPDATE'], direct),
    ],
    has: (role, name) => `has_column_privilege('${role}', 'columns.t', ${literal(name)}, 'UPDATE')`,
  },
  function: {
    makes: (name) => `create function functions.${ident(name)}() returns int language sql as 'select 1'`,
    grants: (name) => [Grant.privilege(Target.function('functions', name), ['EXECUTE'], direct)],
    has: (role, name) => `has_function_privilege('${role}', ${routineOid('functions', name)}, 'EXECUTE')`,
  },
  'argument type': {
    makes: (name) =>
      `create domain arguments.${ident(name)} as int;
       create function arguments.f(arguments.${ident(name)}) returns int language sql as 'select 1'`,
    grants: (name) => [
      Grant.privilege(Target.function('arguments', 'f', [`arguments.${ident(name)}`]), ['EXECUTE'], direct),
    ],
    has: (role, name) => {
      const takesIt = `proargtypes[0] = ${typeOid('arguments', name)}`
      return `has_function_privilege('${role}', ${routineOid('arguments', 'f', takesIt)}, 'EXECUTE')`
    },
  },
  sequence: {
    makes: (name) => `create sequence sequences.${ident(name)}`,
    grants: (name) => [Grant.privilege(Target.sequence('sequences', name), ['USAGE'], direct)],
    has: (role, name) => `has_sequence_privilege('${role}', ${relationOid('sequences', name)}, 'USAGE')`,
  },
  type: {
    makes: (name) => `create domain types.${ident(name)} as int`,
    grants: (name) => [Grant.privilege(Target.type('types', name), ['USAGE'], direct)],
    has: (role, name) => `has_type_privilege('${role}', ${typeOid('types', name)}, 'USAGE')`,
  },
  'schema to be owned': {
    grants: (name) => [Grant.schemaOwnership(name)],
    has: (role, name) =>
      `exists (select from pg_namespace where nspname = ${literal(name)} and pg_get_userbyid(nspowner) = '${role}')`,
  },
  group: {
    grants: (name) => [Grant.roleMembership(name)],
    has: (role, name) => `pg_has_role('${role}', ${roleOid(name)}, 'MEMBER')`,
  },
}

const sceneOf = (position: Position): Scene => {
  const scene = scenes[position]
  if (scene === undefined) throw new Error(`nothing is asked for by a name as ${position}`)
  return scene
}

const grantsOf = (asked: readonly Position[]): readonly Grant[] =>
  asked.flatMap((position) => worksAs(position).flatMap(({ name }) => sceneOf(position).grants(name)))

/** What a role has of what it is asked for by all names that work, or has not. */
const having = async (
  { admin }: Sandbox,
  role: string,
  asked: readonly Position[],
): Promise<{ readonly has: readonly string[]; readonly lacks: readonly string[] }> => {
  const each = asked.flatMap((position) =>
    worksAs(position).map(({ what, name }) => ({
      title: `${what} as ${position}`,
      sql: `select ${sceneOf(position).has(role, name)}`,
    })),
  )
  const rows = await admin(each.map(({ sql }) => sql).join(' union all '))
  const titled = each.map(({ title }, index) => ({ title, has: rows[index]?.[0] }))
  return {
    has: titled.filter(({ has }) => has === true).map(({ title }) => title),
    lacks: titled.filter(({ has }) => has !== true).map(({ title }) => title),
  }
}

const inSchemas: readonly Position[] = [
  'schema',
  'table',
  'column',
  'function',
  'argument type',
  'sequence',
  'type',
]

/** So that one of the name can be made. */
const dropPublic = ({ admin }: Sandbox): Promise<unknown> => admin('drop schema public')

const makeObjects = async (box: Sandbox): Promise<void> => {
  const { run } = box
  await dropPublic(box)
  await run(`
    create schema victim; create schema tables; create schema columns; create schema functions; create schema arguments;
    create schema sequences; create schema types; create table columns.t ();
    alter default privileges revoke execute on functions from public;
    alter default privileges revoke usage on types from public`)
  for (const position of inSchemas)
    await run(
      worksAs(position)
        .map(({ name }) => sceneOf(position).makes?.(name))
        .join(';'),
    )
}

const expectNoInjection = async ({ run }: Sandbox): Promise<void> => {
  expect(await run(`select from pg_namespace where nspname = 'victim'`)).toEqual([[]])
}

/** As it comes back from a file. */
const saved = (plan: Plan): Plan => JSON.parse(renderJson(plan)) as Plan

/** Whatever becomes of a test, nobody else’s roles have these names afterwards. */
const withoutRoles = async ({ admin }: Sandbox, work: () => Promise<void>): Promise<void> => {
  try {
    await work()
  } finally {
    for (const { name } of thirdParties)
      if ((await admin(`select from pg_roles where rolname = ${literal(name)}`)).length > 0)
        await admin(`drop owned by ${ident(name)} cascade; drop role ${ident(name)}`)
  }
}

interface Asked {
  readonly desired?: Partial<DesiredRole>
  readonly options?: SyncRolesOptions
}

/** What is asked for by a name that is not the name of what is granted. */
const others: Partial<Record<Position, (name: string) => Asked>> = {
  role: (role) => ({ desired: { role } }),
  'owner of future objects': (owner) => ({
    desired: { grants: [Grant.defaultPrivilege({ owner, on: 'tables' }, ['SELECT'])] },
  }),
  reassignOwnedTo: (reassignOwnedTo) => ({ options: { reassignOwnedTo } }),
  actAs: (actAs) => ({ options: { actAs } }),
  'preserved schema': (schema) => ({ desired: { preserveExistingGrantsInSchemas: [schema] } }),
  database: (database) => ({ desired: { grants: [Grant.databaseConnect(database)] } }),
}

const asking = ({ name: newName }: Sandbox, position: Position, name: string) => {
  const { desired, options }: Asked = others[position]?.(name) ?? {
    desired: { grants: sceneOf(position).grants(name) },
  }
  return { desired: { role: newName('r'), grants: [], ...desired }, options }
}

/** Whatever ends a line, or hides what is on it. */
const rawText = /[\p{Control}\p{Line_Separator}\p{Paragraph_Separator}\p{Bidi_Control}]/u

conformanceAtEndsInTurn('hostile names of objects', (sandbox) => {
  test('one sync grants on objects with such names, and another revokes that', async () => {
    const box = sandbox()
    await makeObjects(box)
    const role = box.name('holder')
    await box.sync({ role, grants: grantsOf(inSchemas) })
    expect((await having(box, role, inSchemas)).lacks).toEqual([])
    await box.sync({ role, grants: [] })
    expect((await having(box, role, inSchemas)).has).toEqual([])
    await expectNoInjection(box)
  })
})

conformanceAtEndsInTurn('hostile names of roles', (sandbox) => {
  test('a saved plan creates roles and schemas with such names, and gives each role its password', async () => {
    const box = sandbox()
    await withoutRoles(box, async () => {
      await dropPublic(box)
      await box.run('create schema victim')
      const [member, checked] = [box.name('member'), await checkedRole(box)]
      const asked: readonly Position[] = ['group', 'schema to be owned']
      const roles = worksAs('role').map(({ what, name }, index) => ({
        what,
        role: name,
        password: `password ${index}`,
      }))
      const desired = [
        { role: member, grants: grantsOf(asked) },
        ...roles.map(({ role, password }) => ({
          role,
          grants: [
            Grant.login({ password }),
            Grant.roleMembership(checked),
            Grant.schemaUsage('victim', direct),
          ],
        })),
      ]
      const state = () =>
        box.admin(
          roles
            .map(
              ({ role }) =>
                `select rolcanlogin, rolpassword is not null, has_schema_privilege(oid, ${schemaOid('victim')}, 'USAGE')
                 from pg_authid where rolname = ${literal(role)}`,
            )
            .join(' union all '),
        )
      await box.pool.executePlan(saved(await box.plan(desired)), {
        passwords: Object.fromEntries(roles.map(({ role, password }) => [role, password])),
      })
      expect(await state()).toEqual(roles.map(() => [true, true, true]))
      expect((await having(box, member, asked)).lacks).toEqual([])
      // Somebody else’s server lets in whom it wants.
      if (box.server.logFile !== undefined)
        for (const { what, role, password } of roles)
          expect(await canConnect(box, role, password), what).toBe(true)

      await box.sync(desired.map(({ role }) => ({ role, grants: [] })))
      expect(await state()).toEqual(roles.map(() => [false, false, false]))
      expect((await having(box, member, asked)).has).toEqual([])
      await expectNoInjection(box)
    })
  })
})

conformanceAtEndsInTurn('hostile names of others', (sandbox) => {
  test('grantors, and owners of future objects, may have such names', async () => {
    const box = sandbox()
    await withoutRoles(box, async () => {
      const [role, schema] = [box.name('r'), box.name('s')]
      await box.run(`create schema victim; create schema ${schema}; create role ${role}`)
      const each = thirdParties.map(({ name }, index) => ({ name, table: `${schema}.t${index}` }))
      // In one transaction: a role of our own that holds nothing is any other test’s to drop.
      for (const { name, table } of each)
        await box.run(
          `create table ${table} (); create role ${ident(name)}; grant usage, create on schema ${schema} to ${ident(name)};
           grant select on ${table} to ${ident(name)} with grant option`,
        )
      const asThem = (text: (one: (typeof each)[number]) => string) =>
        box.admin(each.map((one) => `set role ${ident(one.name)}; ${text(one)}; reset role`).join(';'))
      const readable = async (suffix = '') => {
        const tests = each.map(
          ({ table }) => `select has_table_privilege('${role}', '${table}${suffix}', 'SELECT')`,
        )
        return (await box.admin(tests.join(' union all '))).flat()
      }
      await asThem(({ table }) => `grant select on ${table} to ${role}`)
      expect(await readable()).toEqual(each.map(() => true))
      await box.sync({
        role,
        grants: each.map(({ name }) =>
          Grant.defaultPrivilege({ owner: name, schema, on: 'tables' }, ['SELECT']),
        ),
      })
      expect(await readable()).toEqual(each.map(() => false))

      await asThem(({ table }) => `create table ${table}_made ()`)
      expect(await readable('_made')).toEqual(each.map(() => true))
      await box.sync({ role, grants: [] })
      await asThem(({ table }) => `create table ${table}_later ()`)
      expect([await readable('_made'), await readable('_later')].flat()).toEqual(
        [...each, ...each].map(() => false),
      )
      await expectNoInjection(box)
    })
  })

  test('preserved schemas may have such names', async () => {
    const box = sandbox()
    const role = box.name('r')
    const names = worksAs('preserved schema').map(({ name }) => name)
    await dropPublic(box)
    await box.run(`create role ${role}`)
    await box.run(
      names
        .map(
          (name) =>
            `create schema ${ident(name)}; create table ${ident(name)}.t ();
             grant usage on schema ${ident(name)} to ${role}; grant select on ${ident(name)}.t to ${role}`,
        )
        .join(';'),
    )
    const readable = async () =>
      (
        await box.admin(
          names
            .map((name) => `select has_table_privilege('${role}', ${relationOid(name, 't')}, 'SELECT')`)
            .join(' union all '),
        )
      ).flat()
    await box.sync({ role, grants: [], preserveExistingGrantsInSchemas: names })
    expect(await readable()).toEqual(names.map(() => true))
    await box.sync({ role, grants: [], preserveExistingGrantsInSchemas: names.slice(1) })
    expect(await readable()).toEqual(names.map((_, index) => index > 0))
    await box.sync({ role, grants: [] })
    expect(await readable()).toEqual(names.map(() => false))
  })

  test('names that cannot be used in a position are refused before anything is sent', async () => {
    const box = sandbox()
    // Whoever tried to connect there would get another error.
    const nowhere = box.driver.pool({ ...box.connection, host: '127.0.0.1', port: 1 }, box.database)
    try {
      for (const { what, name, refusedAs } of hostileNames)
        for (const position of refusedAs) {
          const { desired, options } = asking(box, position, name)
          const error = await nowhere.syncRoles(desired, options).catch((reason: unknown) => reason)
          expect(error, `${what} as ${position}`).toBeInstanceOf(InvalidGrantError)
          expect((error as InvalidGrantError).message, `${what} as ${position}`).not.toMatch(rawText)
        }
    } finally {
      await nowhere.end()
    }
  })
})

conformanceAtEndsInTurn('hostile names', (sandbox) => {
  test('psql runs a script that has such names in statements and comments', async () => {
    const box = sandbox()
    await withoutRoles(box, async () => {
      await makeObjects(box)
      const role = box.name('holder')
      const asked: readonly Position[] = [...inSchemas.filter((position) => position !== 'schema'), 'group']
      const members = worksAs('role').map(({ name }) => ({
        role: name,
        grants: [Grant.schemaUsage('victim', direct)],
      }))
      const desired = [{ role, grants: grantsOf(asked) }, ...members]
      const usage = async () =>
        (
          await box.admin(
            members
              .map(
                (one) => `select has_schema_privilege(${roleOid(one.role)}, ${schemaOid('victim')}, 'USAGE')`,
              )
              .join(' union all '),
          )
        ).flat()
      await psql(box.connection, box.database, renderSql(await box.plan(desired)))
      expect((await having(box, role, asked)).lacks).toEqual([])
      expect(await usage()).toEqual(members.map(() => true))
      expect((await box.plan(desired)).transactions).toEqual([])

      const nothing = desired.map((one) => ({ role: one.role, grants: [] }))
      await psql(box.connection, box.database, renderSql(await box.plan(nothing)))
      expect((await having(box, role, asked)).has).toEqual([])
      expect(await usage()).toEqual(members.map(() => false))
      await expectNoInjection(box)
    })
  })

  test('databases may have such names', async () => {
    const box = sandbox()
    // Each gives up to the other under the next name.
    let [role, other, current] = [box.name('r'), box.name('r'), box.name('database')]
    await box.admin(`create database ${current}`)
    await box.admin(
      `alter database ${current} owner to ${box.actor}; revoke connect on database ${current} from public`,
    )
    await box.run(`create role ${role}; create role ${other}`)
    try {
      for (const { what, name } of worksAs('database')) {
        await box.admin(`alter database ${ident(current)} rename to ${ident(name)}`)
        current = name
        await box.pool.syncRoles([
          { role, grants: [Grant.databaseConnect(name, direct)] },
          { role: other, grants: [] },
        ])
        const mayConnect = await box.admin(
          `select has_database_privilege(r, ${literal(name)}, 'CONNECT') from unnest('{${role},${other}}'::name[]) as r`,
        )
        expect(mayConnect.flat(), what).toEqual([true, false])
        ;[role, other] = [other, role]
      }
    } finally {
      await box.admin(`drop database ${ident(current)}`)
    }
  })

  test('actAs and reassignOwnedTo may have such names', async () => {
    const box = sandbox()
    await withoutRoles(box, async () => {
      const [role, schema] = [box.name('r'), box.name('s')]
      await box.run(`create role ${role}; create schema ${schema}; create table ${schema}.t ()`)
      for (const { what, name } of worksAs('reassignOwnedTo')) {
        await box.run(`create role ${ident(name)}; grant create on schema ${schema} to ${ident(name)}`)
        // There is one superuser for all tests of a server, and it may act as anybody.
        if (!box.isSuperuser) await box.run(`grant ${ident(name)} to current_user`)
        await box.admin(`alter table ${schema}.t owner to ${role}`)
        expect((await box.pool.planRoles({ role, grants: [] }, { actAs: name })).actingRole).toBe(name)
        await box.pool.syncRoles({ role, grants: [] }, { reassignOwnedTo: name })
        expect(
          await box.admin(
            `select pg_get_userbyid(relowner)::text from pg_class where oid = '${schema}.t'::regclass`,
          ),
          what,
        ).toEqual([[name]])
      }
    })
  })

  test('what only PostgreSQL creates is absent if it has not created it', async () => {
    const box = sandbox()
    for (const { name, absentAs } of hostileNames)
      for (const position of absentAs) {
        const { desired, options } = asking(box, position, name)
        const planned = box.pool.planRoles(desired, options)
        if (position === 'reassignOwnedTo' || position === 'preserved schema')
          await expect(planned).rejects.toBeInstanceOf(InvalidGrantError)
        else if (position === 'actAs') await expect(planned).rejects.toMatchObject({ sqlState: '22023' })
        else
          expect(
            (await planned).skipped.map(({ reason }) => reason),
            position,
          ).toEqual(desired.grants.map(() => 'absent'))
      }
  })
})
