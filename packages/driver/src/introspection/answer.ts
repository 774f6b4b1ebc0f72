import { mostAdministered } from '@pgsr/planner'
import { type RawBuilder, sql } from 'kysely'
import { catalogOid, constant, intermediateName } from './constant.ts'
import { isRealMember } from './membership.ts'
import { aclItems, name } from './name.ts'

/** A list of the answer: a row each, an array of its values, in an order of its own. */
const list = (
  values: RawBuilder<unknown>,
  from: RawBuilder<unknown>,
  order: RawBuilder<unknown>,
): RawBuilder<unknown> =>
  sql`coalesce(
    (select pg_catalog.json_agg(pg_catalog.json_build_array(${values}) order by ${order}) from ${from}), '[]'
  )`

const setting = (called: string): RawBuilder<number> =>
  sql`pg_catalog.current_setting(${constant(called)})::int`

/**
 * How many can hold locks: sessions, prepared transactions, and processes of the server’s own, of which one or two have
 * no setting.
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

const server = (version: number) => sql`pg_catalog.json_build_array(
  pg_catalog.current_setting('server_version_num')::int,
  pg_catalog.current_database()::text,
  s.database::text,
  ${name('s.acting')},
  ${name('s.login')},
  pg_catalog.pg_get_userbyid(10)::text,
  ${name('s.database_owner')},
  pg_catalog.has_database_privilege(s.acting, s.database, 'CREATE'),
  ${setting('max_locks_per_transaction')},
  ${setting('max_locks_per_transaction')} * ${lockHolders(version)},
  ${setting('max_pred_locks_per_transaction')} * ${lockHolders(version)},
  pg_catalog.now() <> pg_catalog.statement_timestamp(),
  case
    when pg_catalog.pg_is_in_recovery() then 'replica'
    when pg_catalog.current_setting('transaction_read_only') = 'on' then 'transaction'
  end,
  pg_catalog.has_column_privilege(s.acting, 'pg_catalog.pg_authid', 'rolpassword', 'SELECT')
)`

/** UTC with microseconds. `to_char` knows no infinity, and forgets whether a year is BC. */
const validUntil = sql`case
  when r.rolvaliduntil is null or r.rolvaliduntil = 'infinity' then 'infinity'
  when r.rolvaliduntil = '-infinity' then '-infinity'
  else pg_catalog.to_char(pg_catalog.timezone('UTC', r.rolvaliduntil), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || case when pg_catalog.date_part('year', pg_catalog.timezone('UTC', r.rolvaliduntil)) < 0 then ' BC' else '' end
end`

const elsewhere = sql`coalesce(e.count, 0)`

/** Whether anybody but desired roles gets something from what has the name of an intermediate role. */
const servesOthers = (version: number) => sql`(w.oid is not null or r.rolname ~ ${intermediateName})
and r.oid not in (select d.oid from desired as d) and exists (
  select from pg_catalog.pg_auth_members as m
  where m.roleid = r.oid and m.member not in (select d.oid from desired as d)
  and ${isRealMember(version)}
  offset 0
)`

/**
 * Whether others than the acting role, its delegates and superusers may make members of an intermediate role. That takes a
 * look at all its members, and is only asked of one that a desired role may become a member of.
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

/** How many roles the acting role and its delegates have created; of more than they should, one more. */
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
    sql`r.rolname::text, r.oid::text, r.rolcanlogin, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb,
    r.rolreplication, r.rolbypassrls, ${validUntil}, ${elsewhere}, ${servesOthers(version)}, ${administeredByOthers}, ${administers(version)}`,
    sql`viewed as v
    join pg_catalog.pg_roles as r on r.oid = v.oid
    left join (
      select d.role, pg_catalog.count(*) as count from dependency as d where not d.here group by d.role
    ) as e on e.role = v.oid
    left join watched as w on w.oid = v.oid and not w.desired`,
    sql`r.oid`,
  )

const memberships = list(
  sql`${name('m.roleid')}, ${name('m.member')}, ${name('m.grantor')}, m.admin_option, m.inherit_option, m.set_option`,
  sql`membership as m`,
  sql`m.member, m.roleid, m.grantor`,
)

const objects = list(
  sql`o.kind, o.name, o.oid::text, ${name('o.owner')}, coalesce(${aclItems('o.acl')}, '{}'), o.follows, a.inert, o.wrapper, o.owned_by_superusers, a.indexes,
    case when a.inert then a.columns end, a.foreign_key, a.runs_code`,
  sql`object as o
    left join moved_table as a on o.classid = ${catalogOid('pg_catalog.pg_class')} and a.oid = o.oid and o.objsubid = 0`,
  sql`o.kind, o.oid, o.objsubid`,
)

const defaultPrivileges = list(
  sql`${name('a.role')}, n.nspname::text, a.object_type::text, ${aclItems('a.acl')}`,
  sql`default_acl as a left join pg_catalog.pg_namespace as n on n.oid = a.schema`,
  sql`a.oid`,
)

const unmanaged = list(
  sql`${name('u.role')}, u.kind, u.description`,
  sql`unmanaged as u`,
  sql`u.role, u.kind, u.description`,
)

const unused = list(name('u.oid'), sql`unused as u`, sql`u.oid`)

/** The last stages’ rows as one JSON text. The names of the fields are in `snapshot.ts`, not repeated in each row. */
export const answer = (version: number): RawBuilder<unknown> => sql`
  select pg_catalog.json_build_array(
    ${server(version)}, ${roles(version)}, ${memberships}, ${objects}, ${defaultPrivileges}, ${unmanaged}, ${unused}
  )::text
  from session as s`
