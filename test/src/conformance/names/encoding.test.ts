import { Grant, type SyncRolesOptions, Target } from '@pgsr/node-postgres'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformanceAtEndsInTurn } from '../../../harness/drivers/conformance.ts'
import type { Connected } from '../../../harness/drivers/drivers.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { connectionTo } from '../../../harness/servers/servers.ts'

const report: SyncRolesOptions = { onResidue: 'report' }

interface Encoded {
  /** Runs statements there as a superuser, and gives back the rows of the last one. */
  readonly admin: (text: string) => Promise<readonly (readonly unknown[])[]>
  readonly connect: () => Connected
}

/** Makes a database of another encoding, and drops it when the work is done. */
const inEncoding = async (
  box: Sandbox,
  encoding: string,
  work: (encoded: Encoded) => Promise<void>,
): Promise<void> => {
  const database = `${box.database}_${box.name('encoded')}`
  await box.admin(
    `create database ${database} encoding '${encoding}' lc_collate 'C' lc_ctype 'C' template template0`,
  )
  await box.admin(`alter database ${database} owner to ${box.actor}`)
  const client = new pg.Client(connectionTo(box.server, database))
  await client.connect()
  // Those who are told of objects would be told their names.
  await client.query('set client_min_messages = error')
  const open: Connected[] = []
  try {
    await work({
      admin: async (text) => {
        const result = (await client.query<unknown[]>({ text, rowMode: 'array' })) as
          | pg.QueryArrayResult
          | pg.QueryArrayResult[]
        return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? []
      },
      connect: () => {
        const pool = box.driver.pool(box.connection, database)
        open.push(pool)
        return pool
      },
    })
  } finally {
    for (const pool of open) await pool.end()
    await client.end()
    await box.admin(`drop database ${database}`)
  }
}

/** A statement in which `%I` is the identifier of some bytes, which no client could send as text. */
const withBytes = (statement: string, bytes: string): string =>
  `do $do$ begin execute format($f$${statement}$f$, E'${bytes}'); end $do$`

const mayLogIn = async ({ admin }: Sandbox, role: string): Promise<unknown> =>
  (await admin(`select rolcanlogin from pg_roles where rolname = '${role}'`))[0]?.[0]

conformanceAtEndsInTurn('encodings', (sandbox) => {
  test.for(['LATIN1', 'WIN1252', 'ISO_8859_5'])(
    'names of %s may take more bytes in UTF-8 than PostgreSQL allows',
    async (encoding) => {
      const box = sandbox()
      const [role, other] = [box.name('r'), box.name('r')]
      const long = (encoding === 'ISO_8859_5' ? 'ж' : 'é').repeat(40)
      await box.run(`create role ${role} login; create role ${other}`)
      await inEncoding(box, encoding, async ({ admin, connect }) => {
        await admin(`
          create schema "${long}" authorization ${box.actor}; create schema s authorization ${box.actor};
          create table s."${long}" ("${long}" int); alter table s."${long}" owner to ${role};
          create table "${long}"."${long}" ("${long}" int); alter table "${long}"."${long}" owner to ${box.actor};
          create schema d; grant usage on schema d to public;
          create domain d."${long}" as int; alter domain d."${long}" owner to ${box.actor};
          create function s.f(d."${long}") returns int language sql as 'select 1'; alter function s.f(d."${long}") owner to ${box.actor};
          revoke execute on function s.f(d."${long}") from public;
          grant usage on schema "${long}" to ${role}; grant select ("${long}") on "${long}"."${long}" to ${role};
          grant execute on function s.f(d."${long}") to ${role}`)
        const pool = connect()
        const grants = [Grant.privilege(Target.table('s', /./), ['SELECT'], { direct: true })]
        await pool.syncRoles(
          [
            { role, grants: [] },
            { role: other, grants },
          ],
          { ...report, reassignOwnedTo: box.actor },
        )
        expect(
          await admin(`select has_schema_privilege('${role}', '${long}', 'USAGE'),
            has_column_privilege('${role}', '"${long}"."${long}"', '${long}', 'SELECT'),
            has_function_privilege('${role}', 's.f(d."${long}")', 'EXECUTE'),
            has_table_privilege('${role}', 's."${long}"', 'SELECT'), has_table_privilege('${other}', 's."${long}"', 'SELECT')`),
        ).toEqual([[false, false, false, false, true]])
        expect(await mayLogIn(box, role)).toBe(false)
        await pool.syncRoles({ role: other, grants: [] }, report)
        await admin(`drop owned by ${role}, ${other}`)
      })
    },
  )

  test('in SQL_ASCII, names that are not valid UTF-8 are left alone, and the rest is done', async () => {
    const box = sandbox()
    const [role, bad, worse] = [box.name('r'), box.name('x'), box.name('x')]
    await box.run(`create role ${role} login`)
    await inEncoding(box, 'SQL_ASCII', async ({ admin, connect }) => {
      const names = [`${bad}\\xe9`, `${worse}\\xe9`]
      await admin(`
        create schema s authorization ${box.actor}; create table s.t (); create table s.own (); alter table s.own owner to ${role};
        alter table s.t owner to ${box.actor}; grant select on s.t to ${role}; create table s."é" (); alter table s."é" owner to ${box.actor};
        grant select on s."é" to ${role}`)
      for (const name of names) {
        await admin(withBytes(`create role %I`, name))
        await admin(withBytes(`grant %I to ${role}`, name))
        await admin(withBytes(`create table s.%1$I (); alter table s.%1$I owner to ${role}`, name))
        await admin(withBytes(`grant select on s.own to %I`, name))
      }
      try {
        const pool = connect()
        const first = await pool.syncRoles({ role, grants: [] }, { ...report, reassignOwnedTo: box.actor })
        expect(first.plan.unmanaged.map(({ kind }) => kind)).toEqual(['table', 'table'])
        expect(first.plan.residue.map(({ fact }) => fact.kind)).toEqual(['membership', 'membership'])
        expect(first.plan.residue[0]!.message).toContain('no statement can name role')
        expect(new Set(first.plan.residue.map(({ message }) => message)).size).toBe(2)
        expect(
          await admin(`select has_table_privilege('${role}', 's.t', 'SELECT'), has_table_privilege('${role}', 's."é"', 'SELECT'),
            pg_get_userbyid(relowner)::text from pg_class where oid = 's.own'::regclass`),
        ).toEqual([[false, false, box.actor]])
        expect(await mayLogIn(box, role)).toBe(false)
        expect((await pool.syncRoles({ role, grants: [] }, report)).changed).toBe(false)
      } finally {
        await admin(`drop schema s cascade`)
        for (const name of names) await admin(withBytes('drop owned by %1$I; drop role %1$I', name))
      }
    })
  })

  test('roles named in another encoding are left alone, and the rest is done', async () => {
    const box = sandbox()
    const [role, foreign] = [box.name('r'), box.name('x')]
    await box.run(`create role ${role} login`)
    await inEncoding(box, 'LATIN1', async ({ admin }) => {
      await admin(`create role "${foreign}é"; grant "${foreign}é" to ${role}`)
      await box.run(`create schema ${role}; create table ${role}.t (); grant select on ${role}.t to ${role}`)
      try {
        for (const encoding of ['UTF8', 'EUC_JP'])
          await inEncoding(box, encoding, async ({ connect, admin: there }) => {
            await box.admin(`alter role ${role} login`)
            await there(`create table t (); alter table t owner to ${role}`)
            const pool = connect()
            const { plan } = await pool.syncRoles(
              { role, grants: [] },
              { ...report, reassignOwnedTo: box.actor },
            )
            expect(plan.residue.map(({ fact }) => fact.kind)).toEqual(['membership'])
            expect(
              await there(`select pg_get_userbyid(relowner)::text from pg_class where oid = 't'::regclass`),
            ).toEqual([[box.actor]])
            expect(await mayLogIn(box, role)).toBe(false)
          })
      } finally {
        await admin(`drop role "${foreign}é"`)
      }
    })
  })
})
