import type { Sandbox } from '../../harness/sandbox/sandbox.ts'
import { type Names, things } from './random-world.ts'
import { keyOf, oidOf } from './reality.ts'

/** What roles can do, as PostgreSQL says when it is asked, one line for each thing: read with no code of pgsr’s. */
export interface Powers {
  /** By whatever way: also as members of others, and because PUBLIC can. */
  readonly all: ReadonlySet<string>
  /** By themselves: as if no role were a member of another, and PUBLIC could do nothing. */
  readonly own: ReadonlySet<string>
}

const listOf = (roles: readonly string[]): string => roles.map((role) => `'${role}'`).join()

/** Those whose powers can change in a random world: its roles, who acts, PUBLIC, and pgsr’s own roles. */
export const holdersIn = async (box: Sandbox, { roles }: Names): Promise<readonly string[]> => {
  const rows = await box.admin(`
    select rolname::text from pg_roles as r where rolname like '\\_pgsr\\_%' and exists (
      select from pg_shdepend where refobjid = r.oid and dbid = (select oid from pg_database where datname = current_database()))`)
  // A superuser can do everything, whatever is granted to it.
  return [...roles, ...(box.isSuperuser ? [] : [box.actor]), ...rows.map(([role]) => role as string)]
}

/** A line of {@link Powers}. */
export const mayLine = (role: string, privilege: string, on: string, grantable = false): string =>
  `${role} may ${privilege}${grantable ? ' WITH GRANT OPTION' : ''} on ${on}`

export const ownsLine = (role: string, key: string): string => `${role} owns ${key}`

export const memberLine = (member: string, option: string, role: string): string =>
  `${member} is a member with ${option} of ${role}`

export const propertyLine = (role: string, property: string, value: string | number | boolean): string =>
  `${role} has ${property}: ${value}`

/** Until when roles may log in: who may do so until a later time, may until an earlier one. */
export const times = ['2031-01-01T00:00:00Z', '2041-01-01T00:00:00Z', 'infinity'] as const

/** How the line of a setting begins. */
export const settingLine = (role: string, setting: string, database?: string): string =>
  `${role} has setting ${setting}${database === undefined ? '' : ` in ${database}`}: `

/** What default privileges are about: how one is made, and how PostgreSQL is asked who may do what with it. */
export const futures = {
  tables: { kind: 'table', privilege: 'SELECT', make: 'table %s ()', oid: 'regclass' },
  sequences: { kind: 'sequence', privilege: 'USAGE', make: 'sequence %s', oid: 'regclass' },
  functions: {
    kind: 'function',
    privilege: 'EXECUTE',
    make: `function %s() returns int language sql as 'select 1'`,
    oid: 'regproc',
  },
  types: { kind: 'type', privilege: 'USAGE', make: `type %s as enum ('one')`, oid: 'regtype' },
} as const

export const futureKey = (on: string, owner: string, schema: string): string =>
  `future ${on} of ${owner} in ${schema}`

/** Something that PostgreSQL is asked about for each role. */
interface Asked {
  readonly key: string
  readonly kind: string
  readonly oid: string
  readonly column?: string
  readonly privileges: readonly string[]
}

const asked = ({ schemas }: Names): readonly Asked[] =>
  schemas.flatMap((schema) =>
    things.map(({ kind, privileges, column, ...rest }) => ({
      key: keyOf(schema, { kind, privileges, ...rest, ...(column !== undefined && { column }) }),
      kind,
      oid: oidOf(schema, { kind, privileges, ...rest }),
      ...(column !== undefined && { column }),
      privileges,
    })),
  )

const futureName = (schema: string, on: string, index: number): string => `${schema}.future_${on}_${index}`

const askedOfFuture = ({ schemas, roles }: Names): readonly Asked[] =>
  schemas.flatMap((schema) =>
    roles.flatMap((owner, index) =>
      Object.entries(futures).map(([on, { kind, privilege, oid }]) => ({
        key: futureKey(on, owner, schema),
        kind,
        oid: `'${futureName(schema, on, index)}'::${oid}::oid`,
        privileges: [privilege],
      })),
    ),
  )

/** Has each role make one of each kind of future object in each schema. */
const makeFuture = ({ schemas, roles }: Names): string =>
  roles
    .flatMap((owner, index) => [
      ...schemas.map((schema) => `grant create on schema ${schema} to ${owner}`),
      `set local role ${owner}`,
      ...schemas.flatMap((schema) =>
        Object.entries(futures).map(
          ([on, { make }]) => `create ${make.replace('%s', futureName(schema, on, index))}`,
        ),
      ),
      'set local role none',
    ])
    .join(';')

/** Ends all memberships, and takes from PUBLIC what it has in the schemas. */
const isolate = ({ schemas }: Names, holders: readonly string[], all: readonly Asked[]): string =>
  [
    `delete from pg_auth_members where member in (select oid from pg_roles where rolname in (${listOf(holders)}))`,
    ...schemas.flatMap((schema) => [
      `revoke all on schema ${schema} from public`,
      ...['tables', 'sequences', 'functions'].map(
        (on) => `revoke all on all ${on} in schema ${schema} from public`,
      ),
    ]),
    `do $$ declare one text; begin
       foreach one in array array[${all.flatMap(({ kind, oid }) => (kind === 'type' ? [`${oid}::regtype::text`] : [])).join()}]
       loop execute format('revoke all on type %s from public', one); end loop; end $$`,
  ].join(';')

const linesBy = async (box: Sandbox, text: string): Promise<readonly string[]> =>
  (await box.admin(text)).map(([line]) => line as string)

const mayLines = async (
  box: Sandbox,
  holders: readonly string[],
  all: readonly Asked[],
): Promise<readonly string[]> => {
  const asks = all.flatMap(({ kind, key, oid, column, privileges }) =>
    privileges.flatMap((privilege) =>
      [false, true].map((grantable) => {
        const at = column === undefined ? '' : `'${column}', `
        const word = `${privilege}${grantable ? ' WITH GRANT OPTION' : ''}`
        return `select r.name || '${mayLine('', privilege, key, grantable)}' from r where has_${kind}_privilege(r.name, ${oid}, ${at}'${word}')`
      }),
    ),
  )
  const materialized = box.server.version < 120_000 ? '' : 'materialized'
  return linesBy(
    box,
    `with r as ${materialized} (
       select rolname as name from pg_roles where rolname in (${listOf(holders)}) union all select 'public'
     ) ${asks.join(' union all ')}`,
  )
}

/** What each role may do as which other. */
const memberships = (holders: readonly string[], version: number): string => {
  const options = ['USAGE', 'MEMBER', 'MEMBER WITH ADMIN OPTION', ...(version >= 160_000 ? ['SET'] : [])]
  return options
    .map(
      (option) => `select format('%s may act by ${option} as %s', m.rolname, r.rolname)
        from pg_roles as m, pg_roles as r where m.oid <> r.oid
        and m.rolname in (${listOf(holders)}) and r.rolname in (${listOf(holders)}) and pg_has_role(m.oid, r.oid, '${option}')`,
    )
    .join(' union all ')
}

/** What roles are: owners, members, and what `pg_roles` says. */
const facts = (names: Names, holders: readonly string[], version: number): string => {
  const owners = names.schemas.flatMap((schema) =>
    things.flatMap((thing) => {
      const [catalog, owner] = {
        schema: ['pg_namespace', 'nspowner'],
        type: ['pg_type', 'typowner'],
        function: ['pg_proc', 'proowner'],
        table: ['pg_class', 'relowner'],
        sequence: ['pg_class', 'relowner'],
        column: ['', ''],
      }[thing.kind] as [string, string]
      return thing.kind === 'column'
        ? []
        : [
            `select pg_get_userbyid(${owner}) || '${ownsLine('', keyOf(schema, thing))}' from ${catalog} where oid = ${oidOf(schema, thing)}`,
          ]
    }),
  )
  const attributes = {
    LOGIN: 'rolcanlogin',
    SUPERUSER: 'rolsuper',
    INHERIT: 'rolinherit',
    CREATEROLE: 'rolcreaterole',
    CREATEDB: 'rolcreatedb',
    REPLICATION: 'rolreplication',
    BYPASSRLS: 'rolbypassrls',
  }
  const options = {
    MEMBERSHIP: 'true',
    ADMIN: 'admin_option',
    ...(version >= 160_000 && { INHERIT: 'inherit_option', SET: 'set_option' }),
  }
  return [
    `with w as (select oid, ${[...Object.values(attributes), 'rolname', 'rolvaliduntil', 'rolpassword', 'rolconnlimit'].join()} from pg_authid where rolname in (${listOf(holders)})) select '' where false`,
    ...owners,
    ...Object.entries(attributes).map(
      ([attribute, column]) =>
        `select rolname || '${propertyLine('', attribute, true)}' from w where ${column}`,
    ),
    ...Object.entries(options).map(
      ([option, column]) => `select distinct format('${memberLine('%s', option, '%s')}', w.rolname, r.rolname)
        from pg_auth_members as a join w on w.oid = a.member join pg_roles as r on r.oid = a.roleid where ${column}`,
    ),
    // How long a role may log in says nothing of one that may not.
    ...times.map(
      (time) =>
        `select rolname || '${propertyLine('', 'VALID UNTIL', time)}' from w where rolcanlogin and coalesce(rolvaliduntil, 'infinity') >= '${time}'`,
    ),
    `select rolname || '${propertyLine('', 'PASSWORD', '')}' || rolpassword from w where rolpassword is not null`,
    `select rolname || '${propertyLine('', 'connection limit', '')}' || rolconnlimit from w where rolconnlimit <> -1`,
    `select rolname || '${propertyLine('', 'comment', '')}' || shobj_description(oid, 'pg_authid') from w where shobj_description(oid, 'pg_authid') is not null`,
    `select w.rolname || ' has setting ' || lower(split_part(x, '=', 1)) || coalesce(' in ' || d.datname, '') || ': ' || substr(x, strpos(x, '=') + 1)
     from w join pg_db_role_setting as s on s.setrole = w.oid cross join lateral unnest(s.setconfig) as x
     left join pg_database as d on d.oid = s.setdatabase`,
  ].join(' union all ')
}

/** Does something in a transaction of a superuser’s that is rolled back. */
export const inVain = async <T>(box: Sandbox, work: () => Promise<T>): Promise<T> => {
  await box.admin('begin')
  try {
    return await work()
  } finally {
    await box.admin('rollback')
  }
}

/** Asks PostgreSQL for everything, {@link inVain}: the transaction is of no use after that. */
export const readPowers = async (box: Sandbox, names: Names, holders: readonly string[]): Promise<Powers> => {
  const { version } = box.server
  const [now, later] = [asked(names), askedOfFuture(names)]
  const both = await linesBy(box, facts(names, holders, version))
  const all = [...both, ...(await linesBy(box, memberships(holders, version)))]
  const own = [...both]
  all.push(...(await mayLines(box, holders, now)))
  // Who makes something may create in the schema for that moment.
  await box.admin(`savepoint future; ${makeFuture(names)}`)
  all.push(...(await mayLines(box, holders, later)))
  await box.admin(isolate(names, holders, [...now, ...later]))
  own.push(...(await mayLines(box, holders, later)))
  await box.admin('rollback to savepoint future')
  await box.admin(isolate(names, holders, now))
  own.push(...(await mayLines(box, holders, now)))
  // PUBLIC has nothing but what it has itself.
  own.push(...all.filter((line) => line.startsWith('public may ')))
  return { all: new Set(all), own: new Set(own) }
}
