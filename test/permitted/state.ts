import type pg from 'pg'

/** The smallest thing that is so in a world, as the catalogs have it. */
export type Truth =
  | {
      readonly is: 'item'
      readonly thing: string
      readonly privilege: string
      readonly grantee: string
      readonly grantor: string
      readonly grantable: boolean
    }
  | { readonly is: 'owner'; readonly thing: string; readonly owner: string }
  | {
      readonly is: 'member'
      readonly role: string
      readonly member: string
      /** Before 16 it means nothing, and is left out. */
      readonly grantor: string | null
      readonly admin: boolean
      readonly inherit: boolean
      readonly set: boolean
    }
  | { readonly is: 'attribute'; readonly role: string; readonly attribute: string }
  | {
      readonly is: 'default'
      readonly owner: string
      readonly schema: string | null
      readonly letter: string
      readonly privilege: string
      readonly grantee: string
      readonly grantable: boolean
    }

export type State = ReadonlyMap<string, Truth>

const name = (oid: string): string =>
  `case ${oid} when 0 then 'public' else pg_catalog.pg_get_userbyid(${oid})::text end`

/** Owners and items of one catalog, of the schemas that are in `s`, or of this database. */
const things = (of: {
  readonly from: string
  readonly thing: string
  readonly owner: string
  readonly acl: string
  readonly letter: string
  readonly isOwned?: boolean
}): readonly string[] => {
  const { from, thing, owner, acl, letter, isOwned = true } = of
  return [
    ...(isOwned
      ? [
          `select json_build_object('is', 'owner', 'thing', ${thing}, 'owner', ${name(owner)})::text as line from ${from}`,
        ]
      : []),
    `select json_build_object('is', 'item', 'thing', ${thing}, 'privilege', i.privilege_type, 'grantee', ${name('i.grantee')},
       'grantor', ${name('i.grantor')}, 'grantable', i.is_grantable)::text as line
     from ${from} cross join lateral aclexplode(coalesce(${acl}, acldefault(${letter}, ${owner}))) as i`,
  ]
}

/** Plain SQL of its own: what pgsr reads must not judge pgsr. Anybody may read it. */
const query = (version: number, schemas: readonly string[], roles: readonly string[]): string => {
  const schema = `(select oid, nspname from pg_namespace where nspname in (${schemas.map((one) => `'${one}'`).join()})) as s`
  const isOurs = (oid: string): string =>
    `${oid} in (select oid from pg_roles where rolname in (${roles.map((one) => `'${one}'`).join()}))`
  const hasOptions = version >= 160000
  return [
    ...things({
      from: `(select * from pg_database where datname = current_database()) as o`,
      thing: `'database ' || o.datname`,
      owner: 'o.datdba',
      acl: 'o.datacl',
      letter: `'d'`,
    }),
    ...things({
      from: `${schema} join pg_namespace as o on o.oid = s.oid`,
      thing: `'schema ' || o.nspname`,
      owner: 'o.nspowner',
      acl: 'o.nspacl',
      letter: `'n'`,
    }),
    ...things({
      from: `${schema} join pg_class as o on o.relnamespace = s.oid and o.relkind in ('r', 'S')`,
      thing: `case o.relkind when 'r' then 'table ' else 'sequence ' end || s.nspname || ' ' || o.relname`,
      owner: 'o.relowner',
      acl: 'o.relacl',
      letter: `case o.relkind when 'r' then 'r' else 's' end::"char"`,
    }),
    ...things({
      from: `${schema} join pg_class as o on o.relnamespace = s.oid and o.relkind = 'r' join pg_attribute as a on a.attrelid = o.oid and a.attacl is not null`,
      thing: `'column ' || s.nspname || ' ' || o.relname || ' ' || a.attname`,
      owner: 'o.relowner',
      acl: 'a.attacl',
      letter: `'c'`,
      isOwned: false,
    }),
    ...things({
      from: `${schema} join pg_proc as o on o.pronamespace = s.oid`,
      thing: `'function ' || s.nspname || ' ' || o.proname`,
      owner: 'o.proowner',
      acl: 'o.proacl',
      letter: `'f'`,
    }),
    ...things({
      from: `${schema} join pg_type as o on o.typnamespace = s.oid and o.typtype = 'e'`,
      thing: `'type ' || s.nspname || ' ' || o.typname`,
      owner: 'o.typowner',
      acl: 'o.typacl',
      letter: `'T'`,
    }),
    `select json_build_object('is', 'member', 'role', ${name('m.roleid')}, 'member', ${name('m.member')},
       'grantor', ${hasOptions ? name('m.grantor') : 'null::text'}, 'admin', m.admin_option,
       'inherit', ${hasOptions ? 'm.inherit_option' : 'true'}, 'set', ${hasOptions ? 'm.set_option' : 'true'})::text
     from pg_auth_members as m where ${isOurs('m.member')}`,
    `select json_build_object('is', 'attribute', 'role', r.rolname, 'attribute', a)::text
     from pg_roles as r cross join lateral unnest(array_remove(array[
       case when r.rolcanlogin then 'LOGIN' end, case when r.rolsuper then 'SUPERUSER' end,
       case when r.rolinherit then 'INHERIT' end, case when r.rolcreaterole then 'CREATEROLE' end,
       case when r.rolcreatedb then 'CREATEDB' end, case when r.rolbypassrls then 'BYPASSRLS' end,
       case when r.rolreplication then 'REPLICATION' end], null)) as a where ${isOurs('r.oid')}`,
    `select json_build_object('is', 'default', 'owner', ${name('d.defaclrole')}, 'schema', n.nspname, 'letter', d.defaclobjtype,
       'privilege', i.privilege_type, 'grantee', ${name('i.grantee')}, 'grantable', i.is_grantable)::text
     from pg_default_acl as d left join pg_namespace as n on n.oid = d.defaclnamespace
     cross join lateral aclexplode(d.defaclacl) as i where ${isOurs('d.defaclrole')}`,
  ].join(' union all ')
}

/** Reads what is so for some roles and schemas, on a connection that may be in a transaction. */
export const reader = (
  version: number,
  schemas: readonly string[],
  roles: readonly string[],
): ((client: pg.ClientBase) => Promise<State>) => {
  const text = query(version, schemas, roles)
  return async (client) => {
    const { rows } = await client.query<[string]>({ name: 'state', text, rowMode: 'array' })
    return new Map(rows.map(([line]) => [line, JSON.parse(line) as Truth]))
  }
}

/** What is so in one state and not in another. */
export const missingIn = (other: State, state: State): readonly Truth[] =>
  [...state].flatMap(([line, truth]) => (other.has(line) ? [] : [truth]))
