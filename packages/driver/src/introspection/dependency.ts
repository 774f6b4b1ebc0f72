import { type RawBuilder, sql } from 'kysely'
import { catalogOid } from './constant.ts'
import { type Cte, ctes } from './cte.ts'
import { anyOf, oidsOf } from './handed-on.ts'

/** The rows about roles, as a subquery. Up to 13, rows of type `p` only say that a role is pinned. */
const rowsAbout = (from: RawBuilder<unknown>, where: RawBuilder<unknown>): RawBuilder<unknown> => sql`(
  select x.refobjid, x.dbid, x.classid, x.objid, x.objsubid, x.deptype from ${from}
  where x.refclassid = ${catalogOid('pg_catalog.pg_authid')} and ${where} and x.deptype <> 'p'
  offset 0
)`

/**
 * The rows about the tracked roles. From 17 on, the index is searched for all of them at once. Before, PostgreSQL, which takes
 * every list for short, may compare each row with each role instead; a join is then faster.
 */
export const dependenciesOfTracked = (version: number): RawBuilder<unknown> =>
  version >= 170000
    ? rowsAbout(sql`pg_catalog.pg_shdepend as x`, sql`x.refobjid = ${anyOf('tracked_role')}`)
    : rowsAbout(
        sql`pg_catalog.unnest(${oidsOf('tracked_role')}) as w(oid), pg_catalog.pg_shdepend as x`,
        sql`x.refobjid = w.oid`,
      )

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
    .crossJoinLateral(() =>
      sql<Row>`${rowsAbout(sql`pg_catalog.pg_shdepend as x`, sql`x.refobjid = w.oid`)}`.as<'d'>(sql`d`),
    )
    .select([
      'w.oid as role',
      sql<boolean>`d.dbid in (0, s.database)`.as('here'),
      'd.classid',
      'd.objid',
      'd.objsubid',
      'd.deptype',
    ])
