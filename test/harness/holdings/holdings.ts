import type { ClientBase } from 'pg'
import { type Catalog, catalogs } from './catalogs.ts'

/** One line per thing that a role has: `select on table s.t` by whom, an owner, an attribute, a membership. */
export type Holdings = ReadonlySet<string>

/**
 * Other tests make and drop shared objects at the same time, but not for the roles of this one: what PUBLIC and the
 * superuser have is looked at only of those that have its tag in their name, as its database does.
 */
const ofThisTest = ({ name, shared }: Catalog, role: string): string =>
  shared
    ? `and (${role} not in (0, 10) or right(${name}::text, length(current_database()) - 4) = substr(current_database(), 5))`
    : ''

const items = (catalog: Catalog): readonly string[] => {
  const { kind, from, name, oid, owner, acl, few, owned = 'true' } = catalog
  if (acl === undefined) return []
  const { column, letter } = acl
  const isMade = few ? 'true' : `${oid} >= 16384`
  // An ACL that is not written down gives nothing to others than the owner, unless PUBLIC has something.
  const hasDefault = catalog.public ? `(${isMade} and ${owned})` : 'false'
  return [
    `select w.name as role, format('%s on ${kind} %s%s by %s', lower(a.privilege_type), ${name},
      case when a.is_grantable then ' with grant option' else '' end, pg_get_userbyid(a.grantor)) as thing
    from ${from} cross join lateral aclexplode(coalesce(${column}, acldefault('${letter}', ${owner}))) as a join wanted as w on w.oid = a.grantee
    where (${column} is not null or ${hasDefault})
      and a.grantee <> ${owner} and (a.grantee <> 0 or ${isMade}) ${ofThisTest(catalog, 'a.grantee')}`,
  ]
}

const ownerships = (catalog: Catalog): readonly string[] => {
  const { kind, from, name, oid, owner, owned = 'true', few } = catalog
  if (owned === false) return []
  const isMade = few ? 'true' : `(${oid} >= 16384 or ${owner} <> 10)`
  return [
    `select w.name, format('owns ${kind} %s', ${name})
    from ${from} join wanted as w on w.oid = ${owner} where ${isMade} and ${owned} ${ofThisTest(catalog, owner)}`,
  ]
}

/** Default privileges in so far as they are not PostgreSQL’s own, and PostgreSQL’s own where they are missing. */
const defaults = `
  select w.name, format('%s%s on future %s of %s%s%s', case when a.is_missing then 'lacks ' else '' end, lower(a.privilege_type),
    case x.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types'
      when 'n' then 'schemas' when 'L' then 'large objects' end,
    pg_get_userbyid(x.defaclrole), ' in schema ' || n.nspname, case when a.is_grantable then ' with grant option' else '' end)
  from pg_default_acl as x
  left join pg_namespace as n on n.oid = x.defaclnamespace
  cross join lateral (
    select case when n.oid is null then acldefault(case x.defaclobjtype when 'S' then 's' else x.defaclobjtype end, x.defaclrole) end as acl
  ) as d
  cross join lateral (
    (select false as is_missing, i.* from aclexplode(x.defaclacl) as i except select false, i.* from aclexplode(d.acl) as i)
    union all
    (select true, i.* from aclexplode(d.acl) as i except select true, i.* from aclexplode(x.defaclacl) as i)
  ) as a
  join wanted as w on w.oid = a.grantee`

const memberships = (version: number): string => {
  const options = version >= 160000 ? `, ', inherit ', a.inherit_option, ', set ', a.set_option` : ''
  return `
    select w.name, concat('member of ', pg_get_userbyid(a.roleid), ' by ', pg_get_userbyid(a.grantor), ', admin ', a.admin_option${options})
    from pg_auth_members as a join wanted as w on w.oid = a.member`
}

const attributes = `
  select r.rolname, 'is ' || attribute
  from pg_roles as r join wanted as w on w.oid = r.oid cross join lateral unnest(array_remove(array[
    case when r.rolcanlogin then 'login' end, case when r.rolsuper then 'superuser' end,
    case when not r.rolinherit then 'noinherit' end, case when r.rolcreaterole then 'createrole' end,
    case when r.rolcreatedb then 'createdb' end, case when r.rolreplication then 'replication' end,
    case when r.rolbypassrls then 'bypassrls' end, 'valid until ' || r.rolvaliduntil::text, 'there'
  ], null)) as attribute`

/** What a role has besides, and what everybody has in this database. */
const properties = `
  select w.name, 'connection limit   = ' || r.rolconnlimit
  from pg_roles as r join wanted as w on w.oid = r.oid where r.rolconnlimit <> -1
  union all select w.name, 'comment   = ' || d.description
  from pg_shdescription as d join wanted as w on w.oid = d.objoid where d.classoid = 'pg_authid'::regclass
  union all select w.name, format('setting %s %s = %s', split_part(x, '=', 1), d.datname, substr(x, strpos(x, '=') + 1))
  from pg_db_role_setting as s join wanted as w on w.oid = s.setrole cross join lateral unnest(s.setconfig) as x
  left join pg_database as d on d.oid = s.setdatabase
  where s.setrole <> 0 or d.datname = current_database()`

interface Held {
  readonly role: string
  readonly thing: string
}

const query = (version: number): string => `
  with wanted as (
    select oid, rolname as name from pg_roles
    where rolname = any((select current_setting('pgsr_test.wanted')::name[])::name[]) union all select 0, 'PUBLIC'
  )
  ${[...catalogs(version).flatMap((catalog) => [...items(catalog), ...ownerships(catalog)]), defaults, memberships(version), attributes, properties].join('\nunion all ')}`

/**
 * Everything that some roles have in the current database and in the cluster, and PUBLIC: read by full scans, with no
 * code of pgsr’s. What an owner has by its own grant is left out, since it comes and goes with the ownership; so is
 * what PUBLIC and the superuser have of the objects that come with PostgreSQL.
 */
export const holdingsOf = async (
  client: ClientBase,
  version: number,
  roles: readonly string[],
): Promise<Holdings> => {
  // Planning takes longer than running, and this runs twice for every sync. A named statement is planned once, unless it
  // has a parameter: then PostgreSQL takes a plan for that value to be worth its while each time.
  const setting = `select set_config('pgsr_test.wanted', $1::name[]::text, false)`
  await client.query({ name: 'wanted', text: setting, values: [roles] })
  const { rows } = await client.query<Held>({ name: 'holdings', text: query(version) })
  return new Set(rows.map(({ role, thing }) => `${role}: ${thing}`))
}
