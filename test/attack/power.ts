import type { Session } from './session.ts'

/** What the server says that a role has. */
export interface RoleState {
  /** Whether it may log in, has an attribute, or is a member of a role. */
  readonly isSomebody: boolean
  readonly owns: ReadonlySet<string>
  /** In whose ACLs it stands, and what else names it. */
  readonly appearsIn: ReadonlySet<string>
}

const query = (role: string): string => `
  select r.rolcanlogin or r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls
    or exists (select from pg_auth_members as m where m.member = r.oid) as "isSomebody",
  array(
    select format('%s %s %s', d.classid::regclass, d.objid, d.dbid) from pg_shdepend as d
    where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid and d.deptype = 'o'
  ) as owns,
  array(
    select format('%s %s %s', d.classid::regclass, d.objid, d.dbid) from pg_shdepend as d
    where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid and d.deptype <> 'o'
  ) as "appearsIn"
  from pg_roles as r where r.rolname = '${role}'`

interface Row {
  readonly isSomebody: boolean
  readonly owns: readonly string[]
  readonly appearsIn: readonly string[]
}

/** Asks the server what a role has; a role that is not there has everything. */
export const roleStateOf = async (root: Session, role: string): Promise<RoleState> => {
  const { rows } = await root.run(query(role))
  const [[row] = []]: readonly (readonly Row[])[] = JSON.parse(rows === '' ? '[]' : rows)
  return {
    isSomebody: row?.isSomebody ?? true,
    owns: new Set(row?.owns),
    appearsIn: new Set(row?.appearsIn),
  }
}

/** Whether a role can do nothing to anybody but the author whose things it has: USAGE of schemas gives it nothing more. */
export const canDoNothing = (role: RoleState, author: RoleState): boolean =>
  !role.isSomebody &&
  [...role.owns].every((thing) => author.owns.has(thing)) &&
  [...role.appearsIn].every(
    (thing) => author.appearsIn.has(thing) || author.owns.has(thing) || thing.startsWith('pg_namespace '),
  )
