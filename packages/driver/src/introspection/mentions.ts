import type { Mentions } from '@pgsr/planner'
import { type RawBuilder, sql } from 'kysely'
import { catalogOid } from './constant.ts'
import { anyOf, handOn, oidsOf, ofSession } from './handed-on.ts'
import { columnsOfMembership, rows as memberships } from './membership.ts'
import { name } from './name.ts'
import type { PgCatalog } from './pg-catalog.ts'
import type { ReadRows } from './read-rows.ts'
import { handingOn, listing } from './statement.ts'

/** What depends on absent roles, as far as it is in one catalog of this database. */
const dependentIn = (catalog: keyof PgCatalog): RawBuilder<unknown> => sql`
  select distinct d.objid from pg_catalog.pg_shdepend as d
  where d.refclassid = ${catalogOid('pg_catalog.pg_authid')} and d.refobjid = ${anyOf('absent_role')}
  and d.dbid = ${ofSession('database')} and d.classid = ${catalogOid(catalog)}`

/** The policies that name absent roles, with all roles that they name. */
export const policies = listing('policies', (_version, needs) => ({
  columns: {
    policy: sql`p.polname::text`,
    schema: sql`n.nspname::text`,
    table: sql`c.relname::text`,
    owner: name('c.relowner', needs),
    roles: sql`array(
      select ${name('r.oid', needs)} from pg_catalog.unnest(p.polroles) with ordinality as r(oid, number) order by r.number
    )`,
  },
  from: sql`from (${dependentIn('pg_catalog.pg_policy')}) as d
    join pg_catalog.pg_policy as p on p.oid = d.objid
    join pg_catalog.pg_class as c on c.oid = p.polrelid
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    order by n.nspname, c.relname, p.polname`,
}))

/** The user mappings of absent roles. The view leaves out what most sessions may not read. */
export const userMappings = listing('userMappings', (_version, needs) => ({
  columns: { role: name('m.umuser', needs), server: sql`m.srvname::text`, owner: name('s.srvowner', needs) },
  from: sql`from (${dependentIn('pg_catalog.pg_user_mapping')}) as d
    join pg_catalog.pg_user_mappings as m on m.umid = d.objid
    join pg_catalog.pg_foreign_server as s on s.oid = m.srvid
    order by m.umuser, m.srvname`,
}))

/** The other databases in which absent roles have something. */
export const otherDatabases = listing('otherDatabases', (_version, needs) => ({
  columns: { role: name('d.role', needs), database: sql`b.datname::text` },
  from: sql`from (
      select distinct x.refobjid as role, x.dbid from pg_catalog.pg_shdepend as x
      where x.refclassid = ${catalogOid('pg_catalog.pg_authid')} and x.refobjid = ${anyOf('absent_role')}
      and x.dbid not in (0, ${ofSession('database')})
    ) as d join pg_catalog.pg_database as b on b.oid = d.dbid
    order by d.role, b.datname`,
}))

/** Adds who may change those policies and mappings to the owners as which the acting role may have to act. */
export const ownersOfMentions = handingOn(
  () =>
    sql`select ${handOn(
      'owner_or_grantor',
      sql`array(
      select pg_catalog.unnest(${oidsOf('owner_or_grantor')})
      union select c.relowner from (${dependentIn('pg_catalog.pg_policy')}) as d
      join pg_catalog.pg_policy as p on p.oid = d.objid join pg_catalog.pg_class as c on c.oid = p.polrelid
      union select s.srvowner from (${dependentIn('pg_catalog.pg_user_mapping')}) as d
      join pg_catalog.pg_user_mappings as m on m.umid = d.objid
      join pg_catalog.pg_foreign_server as s on s.oid = m.srvid
    )`,
    )}`,
)

/** Who is a member of absent roles. */
export const membersOfAbsent = listing('memberships', (version, needs) => ({
  columns: columnsOfMembership(needs),
  from: sql`from (${memberships(version).where(sql<boolean>`m.roleid = ${anyOf('absent_role')}`)}) as m
    order by m.roleid, m.member, m.grantor`,
}))

/** What the statements answered, as a part of a snapshot. */
export const mentionsIn = (rows: ReadRows): Mentions => ({
  policies: rows('policies')(({ schema, table, ...row }) => ({
    ...row,
    table: { kind: 'table', name: [schema, table] },
  })),
  userMappings: rows('userMappings')((row) => row),
  otherDatabases: rows('otherDatabases')((row) => row),
})
