import { Grant, renderJson, renderSql, type SyncEvent } from '@pgsr/node-postgres'
import { executePlan, layer, planRoles, type Sessions, syncRoles } from '@pgsr/node-postgres/effect'
import * as Effect from 'effect/Effect'
import { inspect } from 'node:util'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import type { Connected } from '../../../harness/drivers/drivers.ts'
import { canConnect, checkedRole } from '../../../harness/sandbox/passwords.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { connectionTo } from '../../../harness/servers/servers.ts'
import { sendingBy } from '../../../harness/drivers/sessions.ts'
import { whenGranted } from '../../../harness/sandbox/when-granted.ts'

const storedOf = async ({ admin }: Sandbox, role: string): Promise<unknown> =>
  (await admin(`select rolpassword from pg_authid where rolname = '${role}'`))[0]?.[0]

/** New connections have a setting in the sandbox’s database. */
const withSetting = async (
  box: Sandbox,
  setting: string,
  value: string,
  work: (pool: Connected) => Promise<void>,
): Promise<void> => {
  await box.admin(`alter database ${box.database} set ${setting} = '${value}'`)
  const pool = box.driver.pool(box.connection, box.database)
  try {
    await work(pool)
  } finally {
    await pool.end()
    await box.admin(`alter database ${box.database} reset ${setting}`)
  }
}

const hashedBy = 'server'

/** JSON knows no bigint. */
const asText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)

conformanceAround16('passwords that the server hashes', (sandbox) => {
  test('a login works with its password, and a password changes', async () => {
    const box = sandbox()
    if (box.server.logFile === undefined) return // somebody else’s server lets in whom it wants
    const [role, checked] = [box.name('alice'), await checkedRole(box)]
    await withSetting(box, 'password_encryption', 'scram-sha-256', async (pool) => {
      for (const password of ['open ‘sesame’ \\ é', "it's another"]) {
        const grants = [Grant.login({ password, hashedBy }), Grant.roleMembership(checked)]
        expect((await pool.syncRoles({ role, grants })).changed).toBe(true)
        expect(await canConnect(box, role, password)).toBe(true)
        expect(await canConnect(box, role, 'wrong')).toBe(false)
        // Who may not read what is stored sets it again.
        expect((await pool.syncRoles({ role, grants })).changed).toBe(!box.isSuperuser)
        const kept = [Grant.login({ hashedBy }), Grant.roleMembership(checked)]
        expect((await pool.syncRoles({ role, grants: kept })).changed).toBe(false)
      }
    })
  })

  test('the server applies its password rules, which it cannot apply to a verifier', async () => {
    const box = sandbox()
    if (box.server.logFile === undefined) return // others may not have the module
    const role = box.name('alice')
    await withSetting(box, 'session_preload_libraries', 'passwordcheck', async (pool) => {
      const short = { password: 'short1' }
      await expect(
        pool.syncRoles({ role, grants: [Grant.login({ ...short, hashedBy })] }),
      ).rejects.toMatchObject({
        _tag: 'DatabaseError',
        sqlState: '22023',
        operation: `set the password of role "${role}", sent as it is for the server to hash`,
      })
      await pool.syncRoles({ role, grants: [Grant.login({ password: 'long enough 1', hashedBy })] })
      await pool.syncRoles({ role, grants: [Grant.login(short)] })
    })
  })

  test.for(['md5', 'scram-sha-256'])(
    'with password_encryption %s, the server hashes a password so, and a superuser does not set it again',
    async (kind) => {
      const box = sandbox()
      const role = box.name('alice')
      await withSetting(box, 'password_encryption', kind, async (pool) => {
        const grants = [Grant.login({ password: 'right', hashedBy })]
        await pool.syncRoles({ role, grants })
        expect(
          String(await storedOf(box, role))
            .toLowerCase()
            .startsWith(kind),
        ).toBe(true)
        expect((await pool.planRoles({ role, grants })).transactions).toHaveLength(box.isSuperuser ? 0 : 1)
      })
    },
  )

  test('a plan says that the server hashes the password, does not hold it, and is executed with it', async () => {
    const box = sandbox()
    const role = box.name('alice')
    const password = 'Never seen 1'
    const plan = await box.plan({ role, grants: [Grant.login({ password: 'as planned', hashedBy })] })
    expect(renderSql(plan)).toContain(
      `-- here pgsr sets the password of role "${role}", sent as it is for the server to hash`,
    )
    const reviewed = JSON.parse(renderJson(plan)) as typeof plan
    const options = { passwords: { [role]: password } }
    const result = await box.pool.executePlan(reviewed, options)
    expect(result.changed).toBe(true)
    expect(`${inspect([plan, result], { depth: 20 })}${renderJson(result.plan)}`).not.toMatch(
      /Never seen|as planned/,
    )
    expect(await storedOf(box, role)).toMatch(/^(SCRAM-SHA-256|md5)/)
    // What is reviewed is who hashes it.
    const other = {
      ...reviewed,
      request: { ...reviewed.request, desired: [{ role, grants: [Grant.login()] }] },
    }
    await expect(box.pool.executePlan(other as typeof plan, options)).rejects.toMatchObject({
      _tag: 'InvalidGrantError',
    })
  })

  test('a verifier is refused, since there is nothing to hash', async () => {
    const box = sandbox()
    const role = box.name('alice')
    const verifiers = [
      `md5${'0'.repeat(32)}`,
      `SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$${'A'.repeat(43)}=:${'A'.repeat(43)}=`,
    ]
    for (const password of verifiers)
      await expect(
        box.pool.planRoles({ role, grants: [Grant.login({ password, hashedBy })] }),
      ).rejects.toMatchObject({ _tag: 'InvalidGrantError', field: 'password' })
  })

  test('other sessions do not get to see the password', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('alice'), box.name('s')]
    await box.run(
      `create schema ${schema}; create table ${schema}.seen (text text); create table ${schema}.t ()`,
    )
    const stop = await whenGranted(box, `insert into ${schema}.seen values (current_query())`)
    try {
      await box.pool.syncRoles({
        role,
        grants: [
          Grant.login({ password: 'Never seen 1', hashedBy }),
          Grant.tableSelect(schema, 't', { direct: true }),
        ],
      })
    } finally {
      await stop()
    }
    const seen = await box.admin(`select text from ${schema}.seen`)
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.flat().join('\n')).not.toContain('Never seen')
  })

  test('the password is in no error, cause or event, whatever the server reports', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('alice'), box.name('s')]
    await box.run(`create schema ${schema}`)
    const password = "Never 'seen' \\ 1"
    const secret = /Never|seen/
    const everything: unknown[] = []
    const onEvent = (event: SyncEvent) => everything.push(event)
    const desired = {
      role,
      grants: [Grant.login({ password, hashedBy }), Grant.schemaUsage(schema, { direct: true })],
    }
    const caught = (reason: unknown) => everything.push(reason)
    const pool = new pg.Pool(connectionTo(box.connection, box.database))
    // As a rule for passwords does that quotes what it does not like.
    const quoting = sendingBy(layer(pool), (send) => (text, sending) => {
      const setting = / PASSWORD ([^;]*);/.exec(text)?.[1]
      const refusing = `do $$ begin raise 'not %', ${setting} using detail = ${setting}, hint = quote_literal(${setting}); end $$;`
      return send(
        setting === undefined ? text : text.replace(/ALTER ROLE \S* PASSWORD [^;]*;/, () => refusing),
        sending,
      )
    })
    const run = <A, E>(work: Effect.Effect<A, E, Sessions>): Promise<unknown> =>
      Effect.runPromise(Effect.provide(work, quoting)).catch(caught)
    // And as what runs beside it does that tells all it can see.
    const stop = await whenGranted(box, `raise 'not %', current_query()`)
    try {
      await box.pool.syncRoles(desired, { onEvent }).catch(caught)
      expect(inspect(everything)).toContain('not savepoint')
      await stop()
      const plan = await run(planRoles(desired))
      everything.push(plan)
      await run(syncRoles(desired, { onEvent }))
      await run(executePlan(plan as never, { onEvent, passwords: { [role]: password } }))
    } finally {
      await pool.end()
    }
    expect(everything.filter((one) => one instanceof Error)).toHaveLength(3)
    expect(inspect(everything)).toContain('not [redacted]')
    expect(inspect(everything, { depth: 20, showHidden: true })).not.toMatch(secret)
    expect(JSON.stringify(everything, asText)).not.toMatch(secret)
    for (const one of everything) if (one instanceof Error) expect(one.stack).not.toMatch(secret)
  })
})
