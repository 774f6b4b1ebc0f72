import type { Sandbox } from '../../harness/sandbox/sandbox.ts'
import { type Names, type Thing, things } from './random-world.ts'

/** A thing in one schema, as a key. */
export const keyOf = (schema: string, { kind, name, column = '' }: Thing): string =>
  [kind, schema, name, column].join(' ')

/** What stands in the ACLs of everything, and who may do what: read with no code of pgsr’s. */
export interface Reality {
  /** `role key privilege`: what PostgreSQL says that a role may do. */
  readonly may: ReadonlySet<string>
  /** The same of what ACLs give a role itself; PUBLIC is `public`. */
  readonly given: ReadonlySet<string>
  readonly owners: ReadonlyMap<string, string>
  /** By member: the roles of which it has the privileges. */
  readonly inherits: ReadonlyMap<string, ReadonlySet<string>>
}

/** An expression for the OID of a thing; of a column, for that of its table. */
export const oidOf = (schema: string, { kind, name }: Thing): string => {
  switch (kind) {
    case 'schema':
      return `(select oid from pg_namespace where nspname = '${schema}')`
    case 'type':
      return `'${schema}.${name}'::regtype::oid`
    case 'function':
      return `'${schema}.f(int, text[])'::regprocedure::oid`
    default:
      return `'${schema}.${name}'::regclass::oid`
  }
}

const aclOf = (schema: string, thing: Thing): string => {
  const oid = oidOf(schema, thing)
  switch (thing.kind) {
    case 'schema':
      return `select coalesce(nspacl, acldefault('n', nspowner)), nspowner from pg_namespace where oid = ${oid}`
    case 'type':
      return `select coalesce(typacl, acldefault('T', typowner)), typowner from pg_type where oid = ${oid}`
    case 'function':
      return `select coalesce(proacl, acldefault('f', proowner)), proowner from pg_proc where oid = ${oid}`
    case 'column':
      return `select coalesce(attacl, acldefault('c', relowner)), relowner from pg_attribute join pg_class as c on c.oid = attrelid where attrelid = ${oid} and attname = '${thing.column!}'`
    default:
      return `select coalesce(relacl, acldefault('${thing.kind === 'table' ? 'r' : 's'}', relowner)), relowner from pg_class where oid = ${oid}`
  }
}

export const readReality = async (box: Sandbox, { roles, schemas }: Names): Promise<Reality> => {
  const all = schemas.flatMap((schema) =>
    things.map((thing) => ({ schema, thing, key: keyOf(schema, thing) })),
  )
  const asks = all.flatMap(({ schema, thing, key }) =>
    thing.privileges.map((privilege) => {
      const column = thing.kind === 'column' ? `'${thing.column!}', ` : ''
      return `select r.name || ' ${key} ${privilege}' from r where has_${thing.kind}_privilege(r.name, ${oidOf(schema, thing)}, ${column}'${privilege}')`
    }),
  )
  const may = await box.admin(
    `with r as materialized (select unnest(array[${roles.map((role) => `'${role}'`).join()}])::name as name) ${asks.join(' union all ')}`.replace(
      box.server.version < 120000 ? 'materialized ' : '',
      '',
    ),
  )
  const given = await box.admin(
    all
      .map(
        ({ schema, thing, key }) =>
          `select coalesce(g.rolname, 'public') || ' ${key} ' || i.privilege_type from (${aclOf(schema, thing)}) as o(acl, owner)
           cross join lateral aclexplode(o.acl) as i left join pg_roles as g on g.oid = i.grantee`,
      )
      .join(' union all '),
  )
  const owners = await box.admin(
    all
      .map(
        ({ schema, thing, key }) =>
          `select '${key}', pg_get_userbyid(owner)::text from (${aclOf(schema, thing)}) as o(acl, owner)`,
      )
      .join(' union all '),
  )
  const inherits = await box.admin(`
    select m.rolname::text, r.rolname::text from pg_auth_members as a
    join pg_roles as m on m.oid = a.member join pg_roles as r on r.oid = a.roleid
    where ${box.server.version >= 160000 ? 'a.inherit_option' : 'm.rolinherit'}`)
  const above = new Map<string, Set<string>>()
  for (const [member, role] of inherits as readonly (readonly [string, string])[])
    above.set(member, (above.get(member) ?? new Set()).add(role))
  return {
    may: new Set(may.map(([line]) => line as string)),
    given: new Set(given.map(([line]) => line as string)),
    owners: new Map(owners as readonly (readonly [string, string])[]),
    inherits: above,
  }
}
