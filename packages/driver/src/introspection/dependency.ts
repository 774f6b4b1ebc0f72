import { type RawBuilder, sql } from 'kysely'
import { catalogOid } from './constant.ts'
import { type Cte, ctes } from './cte.ts'

/** The rows about a role, or any of an array of roles, as a subquery. Up to 13, rows of type `p` only say that a role is pinned. */
export const dependenciesOf = (role: RawBuilder<unknown>): RawBuilder<unknown> => sql`(
  select x.refobjid, x.dbid, x.classid, x.objid, x.objsubid, x.deptype from pg_catalog.pg_shdepend as x
  where x.refclassid = ${catalogOid('pg_catalog.pg_authid')} and x.refobjid = ${role} and x.deptype <> 'p'
  offset 0
)`

interface Row {
  dbid: number
  classid: number
  objid: number
  objsubid: number
  deptype: string
}

export const dependency: Cte<'dependency'> = () =>
  ctes
    .selectFrom(['tracked_role as w', 'session as s'])
    .crossJoinLateral(() => sql<Row>`${dependenciesOf(sql.ref('w.oid'))}`.as<'d'>(sql`d`))
    .select([
      'w.oid as role',
      sql<boolean>`d.dbid in (0, s.database)`.as('here'),
      'd.classid',
      'd.objid',
      'd.objsubid',
      'd.deptype',
    ])
