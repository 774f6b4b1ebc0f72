import { mostAdministered } from '@pgsr/planner'
import { type RawBuilder, sql } from 'kysely'
import { catalogOid, constant, intermediateName } from './constant.ts'
import { isRealMember } from './membership.ts'
import { aclItems, name } from './name.ts'
import { columns, type List, type Row } from './result-rows.ts'

/** The SQL of each column of a list. */
type Values<Name extends List> = { readonly [Field in keyof Row<Name>]: RawBuilder<unknown> }

const rowOf = <Name extends List>(list: Name, values: Values<Name>): RawBuilder<unknown> =>
  sql`pg_catalog.json_build_array(${sql.join(
    Object.keys(columns[list]).map((field) => values[field as keyof Row<Name>]),
  )})`

/** A list of the answer, in canonical order. Each row is an array of the values of its columns. */
const list = <Name extends List>(
  called: Name,
  values: Values<Name>,
  from: RawBuilder<unknown>,
  order: RawBuilder<unknown>,
): RawBuilder<unknown> =>
  sql`coalesce((select pg_catalog.json_agg(${rowOf(called, values)} order by ${order}) from ${from}), '[]')`

const setting = (called: string): RawBuilder<number> =>
  sql`pg_catalog.current_setting(${constant(called)})::int`

/**
 * How many processes and prepared transactions can hold locks. One or two processes of the server have no setting.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/init/postinit.c (InitializeMaxBackends)
 */
const lockHolders = (version: number): RawBuilder<number> => {
  const counted = [
    'max_connections',
    'max_prepared_transactions',
    'max_worker_processes',
    version < 180000 ? 'autovacuum_max_workers' : 'autovacuum_worker_slots',
    ...(version < 120000 ? [] : ['max_wal_senders']),
  ]
  return sql`(${sql.join(counted.map(setting), sql` + `)} + ${version < 180000 ? sql`1` : sql`2`})`
}

const server = (version: number) =>
  sql`pg_catalog.json_build_array(${rowOf('server', {
    version: sql`pg_catalog.current_setting('server_version_num')::int`,
    database: sql`pg_catalog.current_database()::text`,
    databaseOid: sql`s.database::text`,
    actingRole: name('s.acting'),
    sessionRole: name('s.login'),
    bootstrapRole: sql`pg_catalog.pg_get_userbyid(10)::text`,
    databaseOwner: name('s.database_owner'),
    createsSchemas: sql`pg_catalog.has_database_privilege(s.acting, s.database, 'CREATE')`,
    maxLocksPerTransaction: setting('max_locks_per_transaction'),
    lockTableSize: sql`${setting('max_locks_per_transaction')} * ${lockHolders(version)}`,
    predicateLockTableSize: sql`${setting('max_pred_locks_per_transaction')} * ${lockHolders(version)}`,
    transactionOpen: sql`pg_catalog.now() <> pg_catalog.statement_timestamp()`,
    readOnly: sql`case
      when pg_catalog.pg_is_in_recovery() then 'replica'
      when pg_catalog.current_setting('transaction_read_only') = 'on' then 'transaction'
    end`,
    readsPasswords: sql`pg_catalog.has_column_privilege(s.acting, 'pg_catalog.pg_authid', 'rolpassword', 'SELECT')`,
  })})`

/** In UTC, with microseconds. `to_char` cannot write infinity, and does not say whether a year is BC. */
const validUntil = sql`case
  when r.rolvaliduntil is null or r.rolvaliduntil = 'infinity' then 'infinity'
  when r.rolvaliduntil = '-infinity' then '-infinity'
  else pg_catalog.to_char(pg_catalog.timezone('UTC', r.rolvaliduntil), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || case when pg_catalog.date_part('year', pg_catalog.timezone('UTC', r.rolvaliduntil)) < 0 then ' BC' else '' end
end`

/** Whether roles that are not desired are members of a role with the name of an intermediate role. */
const servesOthers = (version: number) => sql`(w.oid is not null or r.rolname ~ ${intermediateName})
and r.oid not in (select d.oid from desired as d) and exists (
  select from pg_catalog.pg_auth_members as m
  where m.roleid = r.oid and m.member not in (select d.oid from desired as d)
  and ${isRealMember(version)}
  offset 0
)`

/**
 * Whether somebody other than the acting role, its delegates and superusers has the ADMIN option for an intermediate role.
 * That reads all its members, so that it is asked only of a role that a desired role may become a member of.
 */
const administeredByOthers = sql`w.oid is not null
and (
  select pg_catalog.count(*) from desired as d where exists (
    select from pg_catalog.pg_auth_members as m where m.roleid = r.oid and m.member = d.oid offset 0
  )
) < (select pg_catalog.jsonb_array_length(c.scope -> 'desired') from scope as c)
and exists (
  select from pg_catalog.pg_auth_members as m
  where m.roleid = r.oid and m.admin_option
  and m.member not in (select a.oid from administrator as a)
  and not (select x.rolsuper from pg_catalog.pg_roles as x where x.oid = m.member)
  offset 0
)`

/** How many roles the acting role and each delegate have created, counted up to one more than the limit. */
const administers = (version: number) =>
  version < 160000
    ? sql`null`
    : sql`case when r.oid in (select a.oid from administrator as a) then (
    select pg_catalog.count(*) from (
      select from pg_catalog.pg_auth_members as m
      where m.member = r.oid and m.admin_option and m.grantor = 10 limit ${sql.raw(String(mostAdministered + 1))}
    ) as administered
  ) end`

const roles = (version: number) =>
  list(
    'roles',
    {
      name: sql`r.rolname::text`,
      oid: sql`r.oid::text`,
      login: sql`r.rolcanlogin`,
      superuser: sql`r.rolsuper`,
      inherit: sql`r.rolinherit`,
      createRole: sql`r.rolcreaterole`,
      createDb: sql`r.rolcreatedb`,
      replication: sql`r.rolreplication`,
      bypassRls: sql`r.rolbypassrls`,
      validUntil,
      elsewhere: sql`coalesce(e.count, 0)`,
      servesOthers: servesOthers(version),
      administeredByOthers,
      administers: administers(version),
    },
    sql`snapshot_role as v
    join pg_catalog.pg_roles as r on r.oid = v.oid
    left join (
      select d.role, pg_catalog.count(*) as count from dependency as d where not d.here group by d.role
    ) as e on e.role = v.oid
    left join tracked_role as w on w.oid = v.oid and not w.desired`,
    sql`r.oid`,
  )

const memberships = list(
  'memberships',
  {
    role: name('m.roleid'),
    member: name('m.member'),
    grantor: name('m.grantor'),
    admin: sql`m.admin_option`,
    inherit: sql`m.inherit_option`,
    set: sql`m.set_option`,
  },
  sql`membership as m`,
  sql`m.member, m.roleid, m.grantor`,
)

const objects = list(
  'objects',
  {
    kind: sql`o.kind`,
    name: sql`o.name`,
    oid: sql`o.oid::text`,
    owner: name('o.owner'),
    acl: sql`coalesce(${aclItems('o.acl')}, '{}')`,
    follows: sql`o.follows`,
    inert: sql`a.inert`,
    wrapper: sql`o.wrapper`,
    ownedBySuperusers: sql`o.owned_by_superusers`,
    indexes: sql`a.indexes`,
    columns: sql`case when a.inert then a.columns end`,
    foreignKey: sql`a.foreign_key`,
    runsCodeWhenOpened: sql`a.runs_code`,
  },
  sql`object as o
    left join moved_table as a on o.classid = ${catalogOid('pg_catalog.pg_class')} and a.oid = o.oid and o.objsubid = 0`,
  sql`o.kind, o.oid, o.objsubid`,
)

const defaultPrivileges = list(
  'defaultPrivileges',
  {
    owner: name('a.role'),
    schema: sql`n.nspname::text`,
    on: sql`a.object_type::text`,
    acl: aclItems('a.acl'),
  },
  sql`default_acl as a left join pg_catalog.pg_namespace as n on n.oid = a.schema`,
  sql`a.oid`,
)

const unmanaged = list(
  'unmanaged',
  { role: name('u.role'), kind: sql`u.kind`, description: sql`u.description` },
  sql`unmanaged as u`,
  sql`u.role, u.kind, u.description`,
)

const mayBeUnused = list('mayBeUnused', { role: name('u.oid') }, sql`unused_role as u`, sql`u.oid`)

/** All lists as one JSON text. The names of the columns are not repeated in each row. */
export const answer = (version: number): RawBuilder<unknown> => {
  const lists: Readonly<Record<List, RawBuilder<unknown>>> = {
    server: server(version),
    roles: roles(version),
    memberships,
    objects,
    defaultPrivileges,
    unmanaged,
    mayBeUnused,
  }
  const inOrder = Object.keys(columns).map((called) => lists[called as List])
  return sql`select pg_catalog.json_build_array(${sql.join(inOrder)})::text from session as s`
}
