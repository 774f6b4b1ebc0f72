import type { AccessPath, ObjectName } from '@pgsr/node-postgres'
import type { Subject } from './world.ts'

/** Where the ACL of a kind of object is, and which row it is in. */
const aclPlaces: Readonly<Record<string, readonly [catalog: string, column: string]>> = {
  database: ['pg_database', 'datacl'],
  tablespace: ['pg_tablespace', 'spcacl'],
  parameter: ['pg_parameter_acl', 'paracl'],
  schema: ['pg_namespace', 'nspacl'],
  table: ['pg_class', 'relacl'],
  sequence: ['pg_class', 'relacl'],
  function: ['pg_proc', 'proacl'],
  procedure: ['pg_proc', 'proacl'],
  'large object': ['pg_largeobject_metadata', 'lomacl'],
  type: ['pg_type', 'typacl'],
  language: ['pg_language', 'lanacl'],
  'foreign-data wrapper': ['pg_foreign_data_wrapper', 'fdwacl'],
  'foreign server': ['pg_foreign_server', 'srvacl'],
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

const oidOf = (role: string): string =>
  role === 'public' ? '0::oid' : `(select oid from pg_authid where rolname = ${literal(role)})`

/** An ACL of nothing but what the bootstrap superuser has, since PostgreSQL does not expect an array without elements. */
const emptyAcl = `array[makeaclitem(10, 10, 'SELECT', false)]`

const setAcl = (subject: Subject, on: Pick<ObjectName, 'kind'>, acl: string): string => {
  const columnAcl = `update pg_attribute set attacl = ${acl} where attrelid = ${subject.oid} and attnum = 1`
  if (subject.kind === 'column' && on.kind === 'column') return columnAcl
  const [catalog, column] = aclPlaces[on.kind]!
  return `update ${catalog} set ${column} = ${acl} where oid = ${subject.oid}`
}

/** Takes away everything by which roles have anything on a subject. */
const emptied = (subject: Subject, roles: readonly string[]): readonly string[] => [
  `delete from pg_auth_members where member in (select oid from pg_authid where rolname in (${roles.map(literal).join()}, 'pg_monitor'))`,
  `update pg_authid set rolsuper = false where rolname in (${roles.map(literal).join()})`,
  'update pg_database set datdba = 10 where datname = current_database()',
  ...(subject.kind === 'column'
    ? [setAcl(subject, { kind: 'column' }, emptyAcl), setAcl(subject, { kind: 'table' }, emptyAcl)]
    : [setAcl(subject, subject, emptyAcl)]),
]

/** Both ways of one link of a path: to make it, and to take it away. */
interface LinkSurgery {
  readonly make: string
  readonly unmake: string
}

const membershipSurgery = (
  { role, member, grantor, admin, inherit, set }: AccessPath['memberships'][number],
  version: number,
): LinkSurgery => {
  if (grantor === null)
    return {
      make: `update pg_database set datdba = ${oidOf(member)} where datname = current_database()`,
      unmake: 'update pg_database set datdba = 10 where datname = current_database()',
    }
  const key = `roleid = ${oidOf(role)} and member = ${oidOf(member)}`
  const values = `${oidOf(role)}, ${oidOf(member)}, ${oidOf(grantor)}, ${admin}`
  return {
    make:
      version >= 160000
        ? `insert into pg_auth_members (oid, roleid, member, grantor, admin_option, inherit_option, set_option)
           values (pg_nextoid('pg_auth_members', 'oid', 'pg_auth_members_oid_index'), ${values}, ${inherit}, ${set})`
        : `insert into pg_auth_members (roleid, member, grantor, admin_option) values (${values})`,
    unmake: `delete from pg_auth_members where ${key}`,
  }
}

const sourceSurgery = (subject: Subject, { source }: AccessPath): LinkSurgery | undefined => {
  switch (source.kind) {
    case 'superuser':
      return {
        make: `update pg_authid set rolsuper = true where rolname = ${literal(source.role)}`,
        unmake: `update pg_authid set rolsuper = false where rolname = ${literal(source.role)}`,
      }
    case 'predefined role':
    case 'setting':
      return undefined
    default: {
      const { grantee, grantor, privilege, grantable, object } = source
      const item = `makeaclitem(${oidOf(grantee)}, ${oidOf(grantor)}, ${literal(privilege)}, ${grantable})`
      return {
        make: setAcl(subject, object, `array[${item}]`),
        unmake: setAcl(subject, object, emptyAcl),
      }
    }
  }
}

/** How a path is made the only one, and what each of its links takes to be taken away again. */
export const surgeryOf = (
  subject: Subject,
  path: AccessPath,
  roles: readonly string[],
  version: number,
): { readonly alone: readonly string[]; readonly without: readonly string[] } => {
  const source = sourceSurgery(subject, path)
  const links = [
    ...path.memberships.map((link) => membershipSurgery(link, version)),
    ...(source === undefined ? [] : [source]),
  ]
  return {
    alone: [...emptied(subject, roles), ...links.map(({ make }) => make)],
    without: links.map(({ unmake }) => unmake),
  }
}
