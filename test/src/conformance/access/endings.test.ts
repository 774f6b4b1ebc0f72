import { type AccessPath, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const names = (box: Sandbox, ...bases: readonly string[]): readonly string[] =>
  bases.map((base) => box.name(base))

/** Runs what ends a path where it comes from. */
const end = async (box: Sandbox, { endings }: AccessPath): Promise<void> => {
  const [{ statements } = { statements: [] }] = endings
  for (const { sql, as } of statements)
    await box.admin(as === null ? sql : `begin; set local role ${as}; ${sql}; commit`)
}

const may = async (box: Sandbox, role: string, column: string): Promise<unknown> =>
  (await box.admin(`select has_column_privilege('${role}', ${column}, 'SELECT')`))[0]?.[0]

conformanceAround16('what ends a path', (sandbox) => {
  test('leaves alone what depends on a column only', async () => {
    const box = sandbox()
    const [schema, giver, taker] = names(box, 's', 'giver', 'taker') as [string, string, string]
    await box.admin(`create role ${giver}; create role ${taker}; create schema ${schema}; create table ${schema}.t (a int, b int);
      grant usage on schema ${schema} to ${giver}; grant select on ${schema}.t to ${giver};
      grant select (a) on ${schema}.t to ${giver} with grant option;
      begin; set local role ${giver}; grant select (a) on ${schema}.t to ${taker}; commit`)
    const { paths } = await box.pool.explain({
      role: giver,
      privilege: 'SELECT',
      object: Target.table(schema, 't'),
    })
    expect(paths).toHaveLength(1)
    await end(box, paths[0]!)
    const [a, b] = [`'${schema}.t', 'a'`, `'${schema}.t', 'b'`]
    expect([await may(box, giver, a), await may(box, giver, b)]).toEqual([true, false])
    expect([await may(box, taker, a), await may(box, taker, b)]).toEqual([true, false])
  })

  test('is not proposed where a grantor may not name the type of an argument', async () => {
    const box = sandbox()
    const [schema, types, giver, taker] = names(box, 's', 'types', 'giver', 'taker') as [
      string,
      string,
      string,
      string,
    ]
    await box.admin(`create role ${giver}; create role ${taker}; create schema ${schema}; create schema ${types};
      create type ${types}.mood as enum ('x'); create function ${schema}.f(m ${types}.mood) returns int language sql as 'select 1';
      revoke execute on function ${schema}.f from public; grant usage on schema ${schema}, ${types} to ${giver};
      grant execute on function ${schema}.f to ${giver} with grant option;
      begin; set local role ${giver}; grant execute on function ${schema}.f to ${taker}; commit`)
    const ask = () =>
      box.pool.explain({
        role: taker,
        privilege: 'EXECUTE',
        object: Target.function(schema, 'f', [`${types}.mood`]),
      })
    const allowed = (await ask()).paths[0]!.endings[0]!
    expect(allowed.statements).not.toEqual([])
    await box.admin(`revoke usage on schema ${types} from ${giver}`)
    const [{ statements, note } = {}] = (await ask()).paths[0]!.endings
    expect(statements).toEqual([])
    expect(note).toBe(`grantor "${giver}" has no USAGE on schema "${types}"`)
    await expect(box.admin(`begin; set local role ${giver}; ${allowed.statements[0]!.sql}`)).rejects.toThrow(
      `permission denied for schema ${types}`,
    )
    await box.admin('rollback')
  })

  test('takes SUPERUSER from the bootstrap superuser where PostgreSQL lets one', async () => {
    const box = sandbox()
    const { paths } = await box.pool.explain({
      role: box.server.user,
      privilege: 'CONNECT',
      object: Target.database(box.database),
    })
    const path = paths.find(({ source }) => source.kind === 'superuser')
    const [ending] = path!.endings
    const other = box.name('other')
    await box.admin(`create role ${other} superuser`)
    const sql = `begin; set local session authorization ${other}; alter role ${box.server.user} nosuperuser; rollback`
    if (box.server.version >= 160000) {
      expect(ending).toMatchObject({ statements: [], note: 'the bootstrap superuser stays a superuser' })
      await expect(box.admin(sql)).rejects.toThrow('permission denied')
      await box.admin('rollback')
    } else {
      expect(ending?.statements).toHaveLength(1)
      await box.admin(sql)
    }
  })
})
