import {
  describeOperation,
  type DesiredRole,
  Grant,
  operationsOf,
  type Plan,
  Target,
} from '@pgsr/node-postgres'
import pg from 'pg'
import { expect, test } from 'vitest'
import { conformanceAtEndsInTurn } from '../../../harness/drivers/conformance.ts'
import type { Connected } from '../../../harness/drivers/drivers.ts'
import { canConnect, checkedRole } from '../../../harness/sandbox/passwords.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const ident = (name: string): string => pg.escapeIdentifier(name)
const literal = (text: string): string => pg.escapeLiteral(text)

/** A session as its owner may have set it up. */
interface Session {
  readonly what: string
  readonly settings: Readonly<Record<string, string>>
  /** The first version that has all of them. */
  readonly since?: number
  /** Only a superuser can set them. */
  readonly privileged?: boolean
}

const dates = (DateStyle: string, TimeZone: string, IntervalStyle: string): Session => ({
  what: `dates as in ${DateStyle}, ${TimeZone}`,
  settings: { DateStyle, TimeZone, IntervalStyle },
})

const strings = (standard_conforming_strings: string, backslash_quote: string): Session => ({
  what: `standard_conforming_strings ${standard_conforming_strings}, backslash_quote ${backslash_quote}`,
  settings: { standard_conforming_strings, backslash_quote, escape_string_warning: 'on' },
})

const isolation = (default_transaction_isolation: string): Session => ({
  what: `transactions that are ${default_transaction_isolation}`,
  settings: { default_transaction_isolation, default_transaction_deferrable: 'on' },
})

const sessions: readonly Session[] = [
  strings('off', 'off'),
  strings('off', 'on'),
  strings('on', 'safe_encoding'),
  dates('SQL, DMY', 'America/St_Johns', 'sql_standard'),
  dates('German', 'Pacific/Chatham', 'postgres_verbose'),
  dates('Postgres, MDY', 'Africa/Monrovia', 'iso_8601'),
  isolation('serializable'),
  isolation('repeatable read'),
  {
    what: 'values that are printed and read in another way',
    settings: {
      array_nulls: 'off',
      bytea_output: 'escape',
      extra_float_digits: '-15',
      lc_monetary: 'POSIX',
      lc_numeric: 'POSIX',
      lc_time: 'POSIX',
      quote_all_identifiers: 'on',
      transform_null_equals: 'on',
      xmloption: 'document',
    },
  },
  { what: 'no search path', settings: { search_path: '' } },
  { what: 'a search path of what is not there', settings: { search_path: 'nowhere, "$user", "a""\\b"' } },
  {
    what: 'what can be limited or left out',
    settings: {
      check_function_bodies: 'off',
      default_tablespace: 'pg_global',
      enable_indexscan: 'off',
      enable_nestloop: 'off',
      idle_in_transaction_session_timeout: '57s',
      lock_timeout: '58s',
      row_security: 'off',
      statement_timeout: '59s',
      synchronous_commit: 'off',
    },
  },
  { what: 'every notice', settings: { client_min_messages: 'debug5' } },
  { what: 'plans for any values', settings: { plan_cache_mode: 'force_generic_plan' }, since: 120000 },
  {
    what: 'roles for whoever makes them',
    settings: { createrole_self_grant: 'set, inherit' },
    since: 160000,
  },
  {
    what: 'what only a superuser can set',
    settings: { session_replication_role: 'replica', lc_messages: 'POSIX' },
    privileged: true,
  },
]

/** Of some of them the server has no conversion for every name. */
const encodings: readonly Session[] = ['LATIN1', 'SQL_ASCII', 'WIN1252', 'GBK', 'SJIS', 'EUC_JP'].map(
  (client_encoding) => ({ what: client_encoding, settings: { client_encoding } }),
)

const isThere = ({ isSuperuser, server }: Sandbox, { since = 0, privileged = false }: Session): boolean =>
  server.version >= since && (isSuperuser || !privileged)

/** Runs statements of ours that fail where a session’s settings are not what they were when it kept them. */
const keepSettings = (held: Connected): Promise<unknown> =>
  held.run(`create temporary table kept as
    select name::text, setting::text from pg_catalog.pg_settings union all select 'role', pg_catalog.current_setting('role')`)

const expectKept = (held: Connected): Promise<unknown> =>
  held.run(`do $$ declare changed text; begin
    select into changed pg_catalog.string_agg(now.name, ', ') from pg_temp.kept as kept join (
      select name::text, setting::text from pg_catalog.pg_settings union all select 'role', pg_catalog.current_setting('role')
    ) as now on now.name = kept.name where now.setting is distinct from kept.setting;
    if changed is not null then raise exception 'settings were changed: %', changed; end if;
  end $$; drop table pg_temp.kept`)

/** Names that some encodings cannot say, and that some settings would change. */
const odd = (box: Sandbox, base: string): string => box.name(`${base}\\'"é中`)

const makeScene = async (box: Sandbox) => {
  const { actor, run, server } = box
  const [role, group, schema] = [odd(box, 'r'), odd(box, 'g'), odd(box, 's')]
  const [table, type] = [odd(box, 't'), odd(box, 'd')]
  const s = ident(schema)
  await run(`
    create schema ${s}; create table ${s}.${ident(table)} (${ident(table)} int, other int); create sequence ${s}.q;
    create domain ${s}.${ident(type)} as int; create role ${ident(role)}; alter role ${ident(role)} valid until '0044-03-15 BC';
    create function ${s}.f(timestamptz[], ${s}.${ident(type)}) returns int language sql as 'select 1';
    revoke execute on all functions in schema ${s} from public; revoke usage on type ${s}.${ident(type)} from public`)
  await box.admin(`alter role ${ident(role)} set work_mem = '5MB'`)
  const checked = server.logFile === undefined ? undefined : await checkedRole(box)
  const direct = { direct: true } as const
  const password = 'пароль\\é中'
  const desired: DesiredRole = {
    role,
    grants: [
      Grant.login({ password, validUntil: '2999-12-31T23:59:59.999999+05:45' }),
      Grant.roleMembership(group),
      ...(checked === undefined ? [] : [Grant.roleMembership(checked)]),
      Grant.schemaUsage(schema, direct),
      Grant.tableSelect(schema, /é中/),
      Grant.tableSelect(schema, 'no\\é中'),
      Grant.privilege(Target.table(schema, table, { columns: [table] }), ['UPDATE'], direct),
      Grant.privilege(Target.sequence(schema, /./), ['USAGE'], { direct: true, grantable: true }),
      Grant.privilege(
        Target.function(schema, 'f', ['timestamptz[]', `${s}.${ident(type)}`]),
        ['EXECUTE'],
        direct,
      ),
      Grant.privilege(Target.type(schema, /^d/), ['USAGE'], direct),
      Grant.defaultPrivilege({ owner: actor, schema, on: 'tables' }, ['SELECT']),
    ],
  }
  return { role, desired, password, nothing: { role, grants: [] } }
}

/** What a plan says, but for what is drawn anew for each. */
const saidBy = (plan: Plan): readonly string[] => {
  const { transactions, request, effects, ...findings } = plan
  return [
    ...operationsOf(plan).map(describeOperation),
    ...effects.map((effect) => JSON.stringify(effect)),
    JSON.stringify(findings),
    JSON.stringify({ ...request, seed: transactions.length }),
  ]
    .map((text) => text.replaceAll(/(_pgsr_\w+_)[0-9a-f]{8}/g, '$1id'))
    .sort()
}

/** What a session comes to: what it says that it will do, and what the role has then. */
const run = async (
  box: Sandbox,
  session: Connected,
  { role, desired, password, nothing }: Awaited<ReturnType<typeof makeScene>>,
) => {
  const held = async (): Promise<readonly string[]> => [...(await box.holdings([role]))].sort()
  const plan = await session.planRoles(desired)
  await session.executePlan(plan, { passwords: { [role]: password } })
  const has = await held()
  const lets = box.server.logFile === undefined || (await canConnect(box, role, password))
  const undone = await session.syncRoles(nothing)
  return { said: saidBy(plan), has, lets, undone: saidBy(undone.plan), left: await held() }
}

/** A scene, and what a session that has set nothing comes to in it. */
const setUp = async (box: Sandbox) => {
  const scene = await makeScene(box)
  await run(box, box.pool, scene) // makes the intermediate roles
  const expected = await run(box, box.pool, scene)
  expect(expected.lets).toBe(true)
  expect(expected.has.length).toBeGreaterThan(expected.left.length)
  return { scene, expected }
}

/** Sees that sessions come to the same, and have their settings afterwards. */
const expectSame = (sandbox: () => Sandbox, each: readonly Session[]): void => {
  let ready: ReturnType<typeof setUp> | undefined
  test.for(each)('$what', async (session) => {
    const box = sandbox()
    if (!isThere(box, session)) return // there is no such setting, or it is not for this role to set
    const { scene, expected } = await (ready ??= setUp(box))
    const held = await box.driver.client(box.connection, box.database)
    try {
      for (const [name, value] of Object.entries(session.settings))
        await held.run(`select pg_catalog.set_config('${name}', ${literal(value)}, false)`)
      await keepSettings(held)
      expect(await run(box, held, scene)).toEqual(expected)
      await expectKept(held)
    } finally {
      await held.end()
    }
  })
}

conformanceAtEndsInTurn('encodings', (sandbox) => expectSame(sandbox, encodings))

conformanceAtEndsInTurn('settings', (sandbox) => {
  expectSame(sandbox, sessions)

  test('a sync works in a session that has SET ROLE to the acting role', async () => {
    const box = sandbox()
    const { scene, expected } = await setUp(box)
    const guest = box.name('guest')
    await box.admin(`create role ${guest} login password 'guest'; grant ${box.actor} to ${guest}`)
    const held = await box.driver.client({ ...box.connection, user: guest, password: 'guest' }, box.database)
    try {
      await held.run(`set role ${box.actor}`)
      await keepSettings(held)
      expect(await run(box, held, scene)).toEqual(expected)
      await expectKept(held)
    } finally {
      await held.end()
    }
  })
})
