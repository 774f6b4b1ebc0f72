import type { DesiredRole, Grant, PrivilegeGrant } from '@pgsr/node-postgres'
import type pg from 'pg'
import type { RaceFixture } from './race-fixture.ts'

/** What a role has in its own right or through intermediate roles, one line a thing, sorted. */
export interface Holding {
  readonly cluster: readonly string[]
  /** In one database, but for privileges on what it owns. */
  readonly database: readonly string[]
}

const query = `
  with role as (select * from pg_roles where rolname = $1),
  means as (
    select oid from role
    union select m.roleid from pg_auth_members as m join role as r on r.oid = m.member
      join pg_roles as i on i.oid = m.roleid where i.rolname like '\\_pgsr\\_%'
  ),
  things as (
    select 'schema ' || nspname as name, nspowner as owner, nspacl as acl
    from pg_namespace where nspname = any($3::name[])
    union all select format('table %s.%s', nspname, relname), relowner, relacl
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where nspname = any($3::name[]) and relkind = 'r'
  )
  select 'cluster' as part, attribute as thing from role, unnest(array_remove(array[
    case when rolcanlogin then 'LOGIN' end, case when rolsuper then 'SUPERUSER' end,
    case when rolcreatedb then 'CREATEDB' end, case when rolcreaterole then 'CREATEROLE' end,
    case when rolreplication then 'REPLICATION' end, case when rolbypassrls then 'BYPASSRLS' end], null)) as attribute
  union select 'cluster', 'member of ' || g.rolname || case when m.admin_option and not (
    r.rolcreaterole and m.grantor = 10 and current_setting('server_version_num')::int >= 160000
  ) then ' with admin option' else '' end
  from pg_auth_members as m join role as r on r.oid = m.member join pg_roles as g on g.oid = m.roleid
  where g.rolname not like '\\_pgsr\\_%'
  union select 'cluster', format('%s on database %s%s', a.privilege_type, datname, case when a.is_grantable then ' with grant option' end)
  from pg_database, aclexplode(datacl) as a where datname = any($2::name[]) and a.grantee in (select oid from means)
  union select 'database', 'owns ' || t.name from things as t join role as r on r.oid = t.owner
  union select 'database', format('%s on %s%s', a.privilege_type, t.name, case when a.is_grantable then ' with grant option' end)
  from things as t, aclexplode(t.acl) as a where a.grantee in (select oid from means) and t.owner not in (select oid from role)`

/**
 * Reads what a role has, with no code of pgsr’s. From 16 on PostgreSQL gives whoever creates a role the ADMIN option, in the name
 * of the bootstrap superuser. Whether it did, or somebody by hand, cannot be known of a role with CREATEROLE.
 * @see https://www.postgresql.org/docs/16/role-attributes.html
 */
export const holdingOf = async (client: pg.Client, fixture: RaceFixture, role: string): Promise<Holding> => {
  const { databases, schemas } = fixture
  const { rows } = await client.query<{ readonly part: keyof Holding; readonly thing: string }>(query, [
    role,
    databases,
    schemas,
  ])
  const of = (which: keyof Holding): readonly string[] =>
    rows.flatMap(({ part, thing }) => (part === which ? [thing] : [])).sort()
  return { cluster: of('cluster'), database: of('database') }
}

const objectsOf = ({ object }: PrivilegeGrant, { tables }: RaceFixture): readonly string[] => {
  if ('name' in object) return [`${object.kind} ${object.name.join('.')}`]
  const pattern = new RegExp('pattern' in object ? object.pattern.source : '')
  return tables
    .filter((table) => pattern.test(table))
    .map((table) => `${object.kind} ${object.schema}.${table}`)
}

const things = (grant: Grant, fixture: RaceFixture): readonly string[] => {
  if (grant.kind === 'attribute') return [grant.attribute]
  if (grant.kind === 'membership') return [`member of ${grant.role}`]
  if (grant.kind === 'ownership')
    return 'name' in grant.object ? [`owns ${grant.object.kind} ${grant.object.name.join('.')}`] : []
  if (grant.kind === 'default privilege') return []
  return grant.privileges.flatMap((privilege) =>
    objectsOf(grant, fixture).map((object) => `${privilege} on ${object}`),
  )
}

const isOfCluster = (thing: string): boolean => !/^owns | on (schema|table) /.test(thing)

/** What a role has once it has what was asked for, and nothing else. */
export const holdingAsked = ({ grants }: DesiredRole, fixture: RaceFixture): Holding => {
  const all = [...new Set(grants.flatMap((grant) => things(grant, fixture)))].sort()
  const owned = all.flatMap((thing) => (thing.startsWith('owns ') ? [thing.slice('owns '.length)] : []))
  const rest = all.filter((thing) => !owned.some((object) => thing.endsWith(` on ${object}`)))
  return {
    cluster: rest.filter(isOfCluster),
    database: rest.filter((thing) => !isOfCluster(thing)),
  }
}
