import { futureObjects, type Snapshot } from '@pgsr/planner'
import pg from 'pg'

/** Everything is named so that it needs its quotes, and so that no other test's roles are taken for ours. */
const prefix = 'pgsr-apply'

/** The roles that are there from the start, and those that operations may create. */
export const roles = [`${prefix} a`, `${prefix} "b"`, `${prefix} c's=r*/d`, `${prefix} \\D`] as const
export const newRoles = [`${prefix} new`, `${prefix} "New"`] as const

export const schema = `${prefix} "s"`
export const newSchemas = [`${prefix} n`, `${prefix} N`] as const

/** The relations that have columns, and these. */
export const columnsOf: Readonly<Record<string, readonly string[]>> = {
  serial: ['id', 'plain "x"'],
  identity: ['id', 'other'],
  view: ['id'],
}

const ident = pg.escapeIdentifier

/** Makes what the operations are about: two of the sequences are linked to a table, one is not. */
export const makeObjects = (version: number): string => `
  ${roles.map((role) => `create role ${ident(role)};`).join('\n')}
  create schema ${ident(schema)};
  set local search_path = ${ident(schema)};
  create table serial (id serial primary key, "plain ""x""" text);
  create table identity (id ${version < 100000 ? 'serial' : 'int generated always as identity'}, other int);
  create view view as select id from serial;
  create sequence free;
  alter schema ${ident(schema)} owner to ${ident(roles[0])};
  grant usage on schema ${ident(schema)} to public;
  alter table serial owner to ${ident(roles[0])};
  alter table identity owner to ${ident(roles[1])};
  alter table view owner to ${ident(roles[0])};
  alter sequence free owner to ${ident(roles[2])};
  set local search_path = pg_catalog`

/** PostgreSQL's letters, here again so that the planner's own table of them is put to the test too. */
const letters = 'arwdDxtXUCTcsAm'
const words = `array[
  'INSERT', 'SELECT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'EXECUTE', 'USAGE', 'CREATE',
  'TEMPORARY', 'CONNECT', 'SET', 'ALTER SYSTEM', 'MAINTAIN'
]`

const aclOf = (acl: string): string => `(
  select coalesce(json_agg(item), '[]')
  from (
    select
      case grantee when 0 then 'public' else pg_get_userbyid(grantee) end as grantee,
      pg_get_userbyid(grantor) as grantor,
      string_agg(
        coalesce(substr('${letters}', number, 1), '?') || case when is_grantable then '*' else '' end,
        '' order by number
      ) as privileges
    from aclexplode(${acl}) privilege, array_position(${words}, privilege_type) number
    group by privilege.grantee, privilege.grantor
  ) item
)`

const rows = (columns: string, from: string): string =>
  `(select coalesce(json_agg(json_build_object(${columns})), '[]') from ${from})`

/**
 * Prepares the query that reads a snapshot of the roles and objects above, PostgreSQL's default ACLs spelled out.
 * Plain SQL of this test's own: the driver's must not judge itself.
 */
export const prepareSnapshot = (version: number): string => `
prepare snapshot as
with ours as (
  select oid from pg_roles where rolname like '${prefix} %'
), schemas as (
  select oid, nspname, nspowner, nspacl from pg_namespace where nspname like '${prefix} %'
), relations as (
  select c.oid, relkind, relname, relowner, relacl, nspname
  from pg_class c join schemas n on n.oid = relnamespace
  where relkind in ('r', 'v', 'S')
), objects (kind, name, oid, owner, acl, owner_follows) as (
  select 'database', array[datname], oid, datdba, coalesce(datacl, acldefault('d', datdba)), null::name[]
  from pg_database where datname = current_database()
  union all
  select 'schema', array[nspname], oid, nspowner, coalesce(nspacl, acldefault('n', nspowner)), null
  from schemas
  union all
  select 'table', array[nspname, relname], oid, relowner, coalesce(relacl, acldefault('r', relowner)), null
  from relations where relkind <> 'S'
  union all
  select 'column', array[nspname, relname, attname], oid, relowner, attacl, array[nspname, relname]
  from relations, lateral (
    select attname, attacl from pg_attribute where attrelid = oid and attacl is not null offset 0
  ) attribute
  union all
  select 'sequence', array[nspname, relname], oid, relowner, coalesce(relacl, acldefault('s', relowner)), (
    select array[t.nspname, t.relname]
    from pg_depend join relations t on t.oid = refobjid
    where classid = 'pg_class'::regclass and objid = relations.oid and refclassid = 'pg_class'::regclass
      and refobjsubid > 0 and deptype in ('a', 'i')
  )
  from relations where relkind = 'S'
)
select json_build_object(
  'format', 1,
  'server', json_build_object(
    'version', current_setting('server_version_num')::int, 'database', current_database(),
    'databaseOid', (select oid::text from pg_database where datname = current_database()),
    'databaseOwner', (select pg_get_userbyid(datdba) from pg_database where datname = current_database()),
    'createsSchemas', true, 'maxLocksPerTransaction', 64, 'lockTableSize', 8064,
    'predicateLockTableSize', 8064,
    'actingRole', current_user, 'sessionRole', session_user, 'bootstrapRole', pg_get_userbyid(10)
  ),
  'roles', ${rows(
    `'name', rolname, 'oid', oid::text, 'login', rolcanlogin, 'superuser', rolsuper, 'inherit', rolinherit,
    'createRole', rolcreaterole, 'createDb', rolcreatedb, 'replication', rolreplication,
    'bypassRls', rolbypassrls, 'elsewhere', 0, 'servesOthers', false, 'validUntil', case
      when rolvaliduntil < 'infinity'
      then to_char(rolvaliduntil at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
      else 'infinity'
    end`,
    `pg_roles where oid in (select oid from ours) or rolname = current_user or oid = 10`,
  )},
  'memberships', ${rows(
    `'role', pg_get_userbyid(roleid), 'member', pg_get_userbyid(member),
    'grantor', pg_get_userbyid(grantor), 'admin', admin_option,
    'inherit', ${version < 160000 ? 'true' : 'inherit_option'},
    'set', ${version < 160000 ? 'true' : 'set_option'}`,
    'pg_auth_members where roleid in (select oid from ours) and member in (select oid from ours)',
  )},
  'objects', (
    select json_agg(json_strip_nulls(json_build_object(
      'kind', kind, 'name', name, 'oid', oid::text, 'owner', pg_get_userbyid(owner), 'acl', ${aclOf('acl')},
      'ownerFollows', case when owner_follows is not null then json_build_object('kind', 'table', 'name', owner_follows) end
    )))
    from objects
  ),
  'defaultPrivileges', ${rows(
    `'owner', pg_get_userbyid(defaclrole),
    'schema', (select nspname from pg_namespace where oid = defaclnamespace),
    'on', case defaclobjtype ${Object.entries(futureObjects)
      .map(([on, { letter }]) => `when '${letter}' then '${on}'`)
      .join(' ')} end,
    'acl', ${aclOf('defaclacl')}`,
    'pg_default_acl where defaclrole in (select oid from ours)',
  )},
  'unmanaged', json_build_array()
) as snapshot`

/** A line for each fact, in order. Without oids, which a plan cannot know, and columns that have no ACL. */
export const linesOf = (snapshot: Snapshot): readonly string[] =>
  [
    ...snapshot.roles.map((role) => {
      const attributes = Object.keys(role).filter((attribute) => attribute !== 'oid')
      return `role ${JSON.stringify(role, attributes.toSorted())}`
    }),
    ...snapshot.memberships.map(
      ({ role, member, grantor, admin, inherit, set }) =>
        `[${member}] is a member of [${role}] by [${grantor}]: ${JSON.stringify({ admin, inherit, set })}`,
    ),
    ...snapshot.objects.flatMap(({ kind, name, owner, acl, ownerFollows }) => {
      const object = `${kind} ${JSON.stringify(name)}`
      if (kind === 'column' && acl.length === 0) return []
      return [
        `${object}: owner [${owner}], follows ${JSON.stringify(ownerFollows?.name)}`,
        ...acl.map(
          ({ grantee, grantor, privileges }) => `${object}: [${grantee}]=${privileges}/[${grantor}]`,
        ),
      ]
    }),
    ...snapshot.defaultPrivileges.flatMap(({ owner, schema: within, on, acl }) =>
      acl.map(
        ({ grantee, grantor, privileges }) =>
          `future ${on} of [${owner}] in ${JSON.stringify(within)}: [${grantee}]=${privileges}/[${grantor}]`,
      ),
    ),
  ].toSorted()
