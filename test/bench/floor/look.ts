import { array, message } from './sql-text.ts'

/** What a look is for. */
export interface Asked {
  /** The roles that are to have something. */
  readonly roles: readonly string[]
  /** What they are to have something on. */
  readonly database?: string
  readonly schema?: string
  /** Tables of the schema, by their names or by a regular expression. */
  readonly tables?: readonly string[] | string
  /**
   * Whether roles that already hold a privilege for others have to be found. If nothing is missing, the memberships lead to
   * all of them that matter.
   */
  readonly findsHolders?: boolean
}

/** The version of the server, and whether the role that looks is a superuser. */
export interface Looker {
  readonly major: number
  readonly isSuperuser: boolean
}

/** Keeps a list of oids for the statements after it in the same message. Its answer is short, however long the list. */
const keep = (list: string, oids: string): string =>
  `select set_config('floor.${list}', array(${oids})::text, true) <> ''`

/** A list that was kept. As a subquery it is read once, not again for each row that is compared with it. */
const kept = (list: string): string => `(select unnest(current_setting('floor.${list}')::oid[]))`

/** The catalogs of what is asked for: the prefix of their columns, and which of their rows are asked for. */
const named = ({ database, schema, tables }: Asked): readonly (readonly [prefix: string, from: string])[] => [
  ...(database === undefined ? [] : [['dat', `pg_database where datname = '${database}'`] as const]),
  ...(schema === undefined ? [] : [['nsp', `pg_namespace where nspname = '${schema}'`] as const]),
  ...(tables === undefined
    ? []
    : [
        [
          'rel',
          `pg_class where relnamespace = '${schema}'::regnamespace and ${
            typeof tables === 'string' ? `relname ~ '${tables}'` : `relname = any(${array(tables)}::name[])`
          }`,
        ] as const,
      ]),
]

/** The roles that hold a privilege for others on what is asked for. */
const holders = (asked: Asked): readonly string[] =>
  named(asked).map(
    ([prefix, from]) =>
      `select grantee from (select ${prefix}acl as acl from ${from}) as o, aclexplode(o.acl)
       where pg_get_userbyid(grantee) ~ '^_pgsr_'`,
  )

/** The roles asked for, those that hold something for others, and all that these are members of. */
const rolesAndAbove = (asked: Asked): string =>
  `with recursive above(oid) as (
     (${[
       `select oid from pg_roles where rolname = any(${array(asked.roles)}::name[])`,
       ...(asked.findsHolders === true ? holders(asked) : []),
     ].join(' union ')})
     union
     select m.roleid from above join pg_auth_members as m on m.member = above.oid
   ) select oid from above`

const membership = (major: number): string =>
  `m.roleid, m.member, m.grantor, m.admin_option${major >= 16 ? ', m.inherit_option, m.set_option' : ''}`

/** What the roles own or have privileges on, in every database. pg_shdepend has it for all catalogs. */
const ofRoles = `pg_shdepend
  where refclassid = 'pg_authid'::regclass and refobjid in ${kept('roles')} and deptype <> 'p'`

/** The owner and the ACL of what is asked for, and of what else the roles have. */
const objects = (catalog: string, name: string, owner: string, acl: string): string =>
  `select oid, ${name}, ${owner}, ${acl}::text from ${catalog} where oid in ${kept('objects')}`

/**
 * What the role that looks may do: its memberships in the roles that it can act as, and in the other roles of the look, which
 * it may administer. From 16 on, it has a membership with only the ADMIN option in each role that it has created.
 */
const rights = (major: number): string =>
  `with recursive own(oid) as (
     select oid from pg_roles where rolname = current_user
     union
     select m.roleid from own join pg_auth_members as m on m.member = own.oid
     ${major >= 16 ? 'and (m.inherit_option or m.set_option)' : ''}
   )
   select ${membership(major)} from pg_auth_members as m
   where m.member in (select oid from own)
   and (m.roleid in (select oid from own) or m.roleid in ${kept('roles')})`

/**
 * The smallest SQL that reads what is needed to decide about some roles and some objects, as one message. Each statement is
 * planned by itself, and hands the oids that it has found on to the next ones.
 */
export const look = (asked: Asked, { major, isSuperuser }: Looker): string =>
  message([
    keep('roles', rolesAndAbove(asked)),
    keep(
      'objects',
      [...named(asked).map(([, from]) => `select oid from ${from}`), `select objid from ${ofRoles}`].join(
        ' union ',
      ),
    ),
    `select oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
       rolconnlimit, rolvaliduntil::text
     from pg_roles where oid in ${kept('roles')}`,
    'select oid, rolname, rolsuper, rolcreaterole from pg_roles where rolname in (current_user, session_user)',
    `select setrole, setdatabase, setconfig from pg_db_role_setting where setrole in ${kept('roles')}`,
    `select ${membership(major)} from pg_auth_members as m where m.member in ${kept('roles')}`,
    `select refobjid, dbid, classid, objid, objsubid, deptype from ${ofRoles}`,
    objects('pg_database', 'datname', 'datdba', 'datacl'),
    objects('pg_namespace', 'nspname', 'nspowner', 'nspacl'),
    objects('pg_class', 'relname', 'relowner', 'relacl'),
    objects('pg_default_acl', 'defaclobjtype', 'defaclrole', 'defaclacl'),
    ...(isSuperuser ? [] : [rights(major)]),
  ])
