import { Grant, InvalidGrantError, MissingObjectError, ResidueError } from '@pgsr/node-postgres'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { connectionTo } from '../../../harness/servers/servers.ts'

/** What the catalogs say of a role besides its grants. */
const propertiesOf = async ({ admin }: Sandbox, role: string) => {
  const [[inherit, limit, comment] = []] = await admin(`
    select rolinherit, rolconnlimit, shobj_description(oid, 'pg_authid') from pg_roles where rolname = '${role}'`)
  const settings = await admin(`
    select coalesce(d.datname::text, ''), unnest(s.setconfig) from pg_db_role_setting as s
    left join pg_database as d on d.oid = s.setdatabase where s.setrole = '${role}'::regrole order by 1, 2`)
  return { inherit, limit, comment, settings }
}

const nothing = { inherit: true, limit: -1, comment: null, settings: [] }

/** Logs in as a role, and says what a session of it has. */
const sessionOf = async ({ server, database }: Sandbox, role: string, settings: readonly string[]) => {
  const client = new pg.Client({ ...connectionTo(server, database), user: role })
  await client.connect()
  try {
    const values: string[] = []
    for (const setting of settings) {
      const { rows } = await client.query({ text: `show ${setting}`, rowMode: 'array' })
      values.push(String(rows[0]?.[0]))
    }
    return values
  } finally {
    await client.end()
  }
}

conformanceAround16('properties of roles', (sandbox) => {
  test('a limit, a comment and settings are set, changed and reset, and a session has them', async () => {
    const box = sandbox()
    const role = box.name('r')
    const grants = [Grant.login(), Grant.databaseConnect(box.database)]
    const sync = (desired: object) => box.sync({ role, grants, ...desired })
    await sync({
      connectionLimit: 1,
      comment: "it's \\ mine",
      settings: { Work_Mem: '65MB', search_path: ['a b', '$user'], default_transaction_read_only: true },
      settingsIn: { [box.database]: { statement_timeout: 30_000 } },
    })
    expect(await propertiesOf(box, role)).toEqual({
      inherit: true,
      limit: 1,
      comment: "it's \\ mine",
      settings: [
        ['', 'default_transaction_read_only=on'],
        ['', 'search_path="a b", "$user"'],
        ['', 'work_mem=65MB'],
        [box.database, 'statement_timeout=30000'],
      ],
    })
    const names = ['work_mem', 'search_path', 'default_transaction_read_only', 'statement_timeout']
    expect(await sessionOf(box, role, names)).toEqual(['65MB', '"a b", "$user"', 'on', '30s'])

    await sync({ connectionLimit: -1, comment: '', settings: { work_mem: '66MB' } })
    expect(await propertiesOf(box, role)).toEqual({ ...nothing, settings: [['', 'work_mem=66MB']] })
    // What is not spoken of stays, whoever has set it.
    await box.admin(`alter role ${role} connection limit 7`)
    await sync({ comment: null })
    expect(await propertiesOf(box, role)).toEqual({ ...nothing, limit: 7, settings: [['', 'work_mem=66MB']] })
    await sync({ connectionLimit: -1, settings: {} })
    expect(await propertiesOf(box, role)).toEqual(nothing)
    await box.sync({ role, grants: [] })
  })

  test('a role over its limit is refused a connection', async () => {
    const box = sandbox()
    const role = box.name('r')
    await box.sync({
      role,
      grants: [Grant.login(), Grant.databaseConnect(box.database)],
      connectionLimit: 1,
    })
    const first = new pg.Client({ ...connectionTo(box.server, box.database), user: role })
    await first.connect()
    await expect(sessionOf(box, role, [])).rejects.toMatchObject({ code: '53300' })
    await first.end()
  })

  test('who set a setting makes no difference, and other roles keep theirs', async () => {
    const box = sandbox()
    const [role, other] = [box.name('r'), box.name('o')]
    await box.run(`create role ${role}; create role ${other}`)
    await box.admin(`
      alter role ${role} set work_mem = '64kB';
      alter role ${role} in database ${box.database} set work_mem = '65kB';
      alter role ${other} set work_mem = '66kB'; alter role ${other} connection limit 3;
      comment on role ${other} is 'other'`)
    await box.sync({ role, grants: [], connectionLimit: 2, settings: {}, comment: 'mine' })
    expect(await propertiesOf(box, role)).toEqual({ ...nothing, limit: 2, comment: 'mine' })
    const ofOther = { ...nothing, limit: 3, comment: 'other', settings: [['', 'work_mem=66kB']] }
    expect(await propertiesOf(box, other)).toEqual(ofOther)
  })

  test('INHERIT is given and taken, and decides what a member can do', async () => {
    const box = sandbox()
    const [role, group, schema] = [box.name('r'), box.name('g'), box.name('s')]
    await box.admin(`create schema ${schema}`)
    await box.run(`create role ${group}`)
    await box.admin(`grant usage on schema ${schema} to ${group}`)
    const canUse = async () =>
      (await box.admin(`select has_schema_privilege('${role}', '${schema}', 'USAGE')`))[0]?.[0]
    const asked = (inherit: boolean) => box.sync({ role, grants: [Grant.roleMembership(group)], inherit })
    await asked(false)
    expect((await propertiesOf(box, role)).inherit).toBe(false)
    expect(await canUse()).toBe(false)
    await asked(true)
    expect((await propertiesOf(box, role)).inherit).toBe(true)
    // From 16 on, a membership keeps what it was granted with.
    expect(await canUse()).toBe(box.server.version < 160000)
  })

  test('what only a superuser may set is said before anything is done', async () => {
    const box = sandbox()
    const role = box.name('r')
    await box.run(`create role ${role}`)
    const asked = { role, grants: [], settings: { log_min_messages: 'error', work_mem: '64kB' } }
    if (box.isSuperuser) {
      await box.sync(asked)
      expect((await propertiesOf(box, role)).settings).toHaveLength(2)
      await box.sync({ ...asked, settings: {} })
      return
    }
    await expect(box.pool.syncRoles(asked)).rejects.toBeInstanceOf(ResidueError)
    const { plan } = await box.sync(asked, { onResidue: 'report' })
    expect(plan.skipped.map(({ property, reason }) => [property?.setting, reason])).toEqual([
      ['log_min_messages', 'not permitted'],
    ])
    expect((await propertiesOf(box, role)).settings).toEqual([['', 'work_mem=64kB']])
    // Nor may it reset what a superuser has set.
    await box.admin(`alter role ${role} set log_min_messages = 'fatal'`)
    const { plan: second } = await box.sync({ role, grants: [], settings: {} }, { onResidue: 'report' })
    expect(second.residue.map(({ fact }) => fact)).toEqual([
      { kind: 'property', role, property: 'setting', setting: 'log_min_messages', value: 'fatal' },
    ])
    expect((await propertiesOf(box, role)).settings).toEqual([['', 'log_min_messages=fatal']])
    if (box.server.version < 150000) return
    await box.admin(`grant set on parameter log_min_messages to ${box.actor}`)
    await box.sync({ role, grants: [], settings: {} })
    await box.admin(`revoke set on parameter log_min_messages from ${box.actor}`)
    expect(await propertiesOf(box, role)).toEqual(nothing)
  })

  describe('is refused', () => {
    test.for<[string, object, string]>([
      ['a setting that the server does not have', { settings: { nonsense: 1 } }, 'has no such setting'],
      ['a setting of the whole server', { settings: { port: 1 } }, 'only for the whole server'],
    ])('%s', async ([, asked, message]) => {
      const box = sandbox()
      const role = box.name('r')
      await box.run(`create role ${role}`)
      await expect(box.pool.syncRoles({ role, grants: [], ...asked })).rejects.toThrow(message)
      expect(await propertiesOf(box, role)).toEqual(nothing)
    })

    test('a setting in a database that does not exist', async () => {
      const box = sandbox()
      const role = box.name('r')
      const asked = { role, grants: [], settingsIn: { nowhere: { work_mem: '64kB' } } }
      await expect(box.pool.syncRoles(asked, { onMissing: 'error' })).rejects.toBeInstanceOf(
        MissingObjectError,
      )
      const { plan } = await box.sync(asked)
      expect(plan.skipped.map(({ message }) => message)).toEqual([
        `cannot set the setting "work_mem" in database "nowhere" of role "${role}": the database does not exist`,
      ])
    })

    test('a value that the server does not accept', async () => {
      const box = sandbox()
      const role = box.name('r')
      const failed = box.pool.syncRoles({ role, grants: [], settings: { work_mem: 'much' } })
      await expect(failed).rejects.toThrow('set the setting "work_mem"')
      expect(await box.admin(`select from pg_roles where rolname = '${role}'`)).toEqual([])
    })

    test('anything of the cluster where it is not managed', async () => {
      const box = sandbox()
      const asked = { role: box.name('r'), grants: [], comment: 'x' }
      await expect(box.pool.syncRoles(asked, { manages: { cluster: false } })).rejects.toBeInstanceOf(
        InvalidGrantError,
      )
    })
  })
})
