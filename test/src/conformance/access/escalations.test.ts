import { type Escalation, explainAccess } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceInTurn } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

interface Names {
  readonly box: Sandbox
  readonly schema: string
  readonly eve: string
  /** A role between eve and what she is after. */
  readonly dba: string
  readonly owner: string
}

interface Case {
  readonly since?: number
  /** Run by a superuser. */
  readonly make: (names: Names) => string
  /** What is said of eve; nothing if there is no way to more. */
  readonly says: Partial<Escalation> | undefined
  /** What she does, which fails if she gets no more than she has. */
  readonly does: (names: Names) => string
}

const secret = ({ schema, owner }: Names): string =>
  `create table ${schema}.secret (a int, b int); insert into ${schema}.secret values (42, 43); alter table ${schema}.secret owner to ${owner}`

const cases: Readonly<Record<string, Case>> = {
  'a view that she may read one column of': {
    make: (names) =>
      `${secret(names)}; create view ${names.schema}.v as select * from ${names.schema}.secret; alter view ${names.schema}.v owner to ${names.owner};
       grant usage on schema ${names.schema} to ${names.owner}; grant select (a) on ${names.schema}.v to ${names.eve}`,
    says: { kind: 'view' },
    does: ({ schema }) => `do $$ begin assert (select a from ${schema}.v) = 42; end $$`,
  },
  'ADMIN on a role that she inherits, but cannot SET ROLE to': {
    since: 160000,
    make: ({ dba, eve, owner }) =>
      `alter role ${owner} createrole; grant ${owner} to ${dba} with inherit false; grant ${dba} to ${eve} with admin true, inherit true, set false`,
    says: { kind: 'ADMIN option' },
    does: ({ dba, eve, owner }) =>
      `grant ${dba} to ${eve} with set true; do $$ begin assert pg_has_role('${eve}', '${owner}', 'SET'); end $$`,
  },
  'a function of PostgreSQL’s own that reads files': {
    since: 110000,
    make: ({ eve }) => `grant execute on function pg_catalog.pg_read_binary_file(text) to ${eve}`,
    says: { kind: 'server files' },
    does: () => `select pg_catalog.pg_read_binary_file('global/pg_control')`,
  },
  'a parameter that only superusers may set otherwise': {
    since: 150000,
    make: ({ eve }) => `grant set on parameter session_preload_libraries to ${eve}`,
    says: { kind: 'parameter' },
    does: () => `set local session_preload_libraries = 'x'`,
  },
  'a function in a schema of PostgreSQL’s own': {
    make: ({ owner, box }) =>
      `create function pg_catalog.${box.database}_f() returns text language sql security definer as 'select current_user::text';
       alter function pg_catalog.${box.database}_f() owner to ${owner}`,
    says: { kind: 'security definer' },
    does: ({ box, owner }) => `do $$ begin assert pg_catalog.${box.database}_f() = '${owner}'; end $$`,
  },
}

const undo = ({ box, schema, eve, dba, owner }: Names): string => `
  drop function if exists pg_catalog.${box.database}_f(); drop schema ${schema} cascade;
  revoke all on function pg_catalog.pg_read_binary_file(text) from ${eve};
  drop owned by ${eve}, ${dba}, ${owner}; drop role ${eve}, ${dba}, ${owner}`

const tryCase = async (box: Sandbox, { make, says, does }: Case): Promise<void> => {
  const [schema, eve, dba, owner] = ['s', 'eve', 'dba', 'owner'].map((base) => box.name(base)) as [
    string,
    string,
    string,
    string,
  ]
  const names: Names = { box, schema, eve, dba, owner }
  await box.admin(
    `create role ${eve} login; create role ${dba}; create role ${owner}; create schema ${schema}; grant usage on schema ${schema} to ${eve}`,
  )
  try {
    await expect(box.as(eve, does(names))).rejects.toThrow()
    await box.admin(make(names))
    await box.as(eve, does(names))
    const { escalations } = await box.pool.accessOf(eve)
    expect(escalations).toContainEqual(expect.objectContaining(says ?? {}))
  } finally {
    await box.admin(undo(names))
  }
}

conformanceInTurn('ways to more', (sandbox) => {
  test('each of them is said, and works', async () => {
    const box = sandbox()
    const wrong: Record<string, unknown> = {}
    for (const [title, one] of Object.entries(cases))
      if (box.server.version >= (one.since ?? 0))
        await tryCase(box, one).catch((error: unknown) => {
          wrong[title] = error
        })
    expect(wrong).toEqual({})
  })

  test('ADMIN on a superuser is no way to become one', async () => {
    const box = sandbox()
    const [eve, boss] = [box.name('eve'), box.name('boss')]
    await box.admin(`create role ${eve} login; create role ${boss} superuser`)
    const options = box.server.version >= 160000 ? 'with admin true, inherit false, set false' : ''
    // Before 16, whoever is a member may SET ROLE.
    if (options === '') return
    await box.admin(`grant ${boss} to ${eve} ${options}`)
    await expect(box.as(eve, `grant ${boss} to ${eve} with set true`)).rejects.toThrow('permission denied')
    expect((await box.pool.accessOf(eve)).escalations).toEqual([])
  })

  test('what the acting role is a member of is not known from what was read of another role', async () => {
    const box = sandbox()
    const [alice, readers, schema] = [box.name('alice'), box.name('readers'), box.name('s')]
    await box.admin(`create role ${alice}; create role ${readers}; create schema ${schema}; create table ${schema}.t (a int);
      grant select on ${schema}.t to ${readers}`)
    if (!box.isSuperuser) await box.admin(`grant ${readers} to ${box.actor}`)
    const object = { kind: 'table', name: [schema, 't'] } as const
    const partly = await box.pool.introspectAccess({ roles: [alice], objects: [object] })
    const question = { role: box.actor, privilege: 'SELECT', object } as const
    expect(explainAccess(partly, question)).toMatchObject({ verdict: 'unknown' })
    expect(await box.pool.explain(question)).toMatchObject({ verdict: 'granted' })
  })
})
