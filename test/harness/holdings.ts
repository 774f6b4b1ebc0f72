import type { ClientBase } from 'pg'

/** One line per thing that a role has: `select on table s.t` by whom, an owner, an attribute, a membership. */
export type Holdings = ReadonlySet<string>

const acl = (kind: string, name: string, catalog: string, column: string, owner: string, letter: string) => `
  select coalesce(g.rolname, 'PUBLIC') as role,
    format('%s on ${kind} %s%s by %s', lower(a.privilege_type), ${name}, case when a.is_grantable then ' with grant option' else '' end,
      pg_get_userbyid(a.grantor)) as thing,
    pg_get_userbyid(${owner}) = coalesce(g.rolname, '') as own
  from ${catalog}
  cross join lateral aclexplode(coalesce(${column}, acldefault('${letter}', ${owner}))) as a
  left join pg_roles as g on g.oid = a.grantee`

const owns = (kind: string, name: string, catalog: string, owner: string) => `
  select pg_get_userbyid(${owner}), format('owns ${kind} %s', ${name}), false from ${catalog}`

const table = `pg_class as c join pg_namespace as n on n.oid = c.relnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')`
const sequence = `pg_class as c join pg_namespace as n on n.oid = c.relnamespace and c.relkind = 'S'`
/** A sequence that is linked to a column has the owner of the table. */
const free = `where not exists (select from pg_depend as d
  where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refobjsubid > 0 and d.deptype in ('a', 'i'))`
const column = `pg_attribute as t join pg_class as c on c.oid = t.attrelid and t.attacl is not null
  join pg_namespace as n on n.oid = c.relnamespace`
const routine = `pg_proc as p join pg_namespace as n on n.oid = p.pronamespace and p.oid >= 16384`
const type = `pg_type as y join pg_namespace as n on n.oid = y.typnamespace and y.typacl is not null`
const relationName = `format('%I.%I', n.nspname, c.relname)`
const here = `pg_database as d where d.datname = current_database()`

const query = (version: number): string => `
  select role, thing from (
    ${acl('database', 'd.datname', `(select * from ${here}) as d`, 'd.datacl', 'd.datdba', 'd')}
    union all ${acl('schema', 'n.nspname', 'pg_namespace as n', 'n.nspacl', 'n.nspowner', 'n')}
    union all ${acl('table', relationName, table, 'c.relacl', 'c.relowner', 'r')}
    union all ${acl('sequence', relationName, sequence, 'c.relacl', 'c.relowner', 's')}
    union all ${acl('column', `format('%I.%I.%I', n.nspname, c.relname, t.attname)`, column, 't.attacl', 'c.relowner', 'c')}
    union all ${acl('routine', `format('%I.%I', n.nspname, p.proname)`, routine, 'p.proacl', 'p.proowner', 'f')}
    union all ${acl('type', `format('%I.%I', n.nspname, y.typname)`, type, 'y.typacl', 'y.typowner', 'T')}
    union all ${owns('database', 'd.datname', here, 'd.datdba')}
    union all ${owns('schema', 'n.nspname', 'pg_namespace as n', 'n.nspowner')}
    union all ${owns('table', relationName, table, 'c.relowner')}
    union all ${owns('sequence', relationName, `${sequence} ${free}`, 'c.relowner')}
    union all ${owns('routine', `format('%I.%I', n.nspname, p.proname)`, routine, 'p.proowner')}
    union all
    select m.rolname, format('member of %s by %s%s', r.rolname, pg_get_userbyid(a.grantor),
      ${version >= 160000 ? `format(', admin %s, inherit %s, set %s', a.admin_option, a.inherit_option, a.set_option)` : `format(', admin %s', a.admin_option)`}), false
    from pg_auth_members as a join pg_roles as r on r.oid = a.roleid join pg_roles as m on m.oid = a.member
    union all
    select r.rolname, format('is %s', attribute), false
    from pg_roles as r cross join lateral unnest(array_remove(array[
      case when r.rolcanlogin then 'login' end, case when r.rolsuper then 'superuser' end,
      case when not r.rolinherit then 'noinherit' end, case when r.rolcreaterole then 'createrole' end,
      case when r.rolcreatedb then 'createdb' end, case when r.rolreplication then 'replication' end,
      case when r.rolbypassrls then 'bypassrls' end, 'valid until ' || r.rolvaliduntil::text, 'there'
    ], null)) as attribute
  ) as holding
  where not own and (role = any($1::text[]) or role = 'PUBLIC')`

/**
 * Everything that some roles hold in the current database and in the cluster, and PUBLIC: read by full scans, with no
 * code of pgsr’s. What an owner has by its own grant is left out, since it comes and goes with the ownership.
 */
export const holdingsOf = async (
  client: ClientBase,
  version: number,
  roles: readonly string[],
): Promise<Holdings> => {
  // Named, so that it is planned once: that takes as long as running it, and it runs twice for every sync.
  const prepared = { name: 'holdings', text: query(version), values: [roles] }
  const { rows } = await client.query<{ role: string; thing: string }>(prepared)
  return new Set(rows.map(({ role, thing }) => `${role}: ${thing}`))
}
