import { type RawBuilder, sql } from 'kysely'
import { catalogOid } from './constant.ts'
import { type Cte, ctes } from './cte.ts'
import { anyOf, oidsOf } from './handed-on.ts'
import { type Needs, readsEach } from './needs.ts'

/**
 * The rows about roles, as a subquery. Up to 13, rows of type `p` only say that a role is pinned.
 * @param lists what the condition needs besides the catalog, each followed by a comma
 */
const rowsAbout = (
  where: RawBuilder<unknown>,
  lists: RawBuilder<unknown> = sql``,
): RawBuilder<unknown> => sql`(
  select x.refobjid, x.dbid, x.classid, x.objid, x.objsubid, x.deptype from ${lists} pg_catalog.pg_shdepend as x
  where x.refclassid = ${catalogOid('pg_catalog.pg_authid')} and ${where} and x.deptype <> 'p'
  offset 0
)`

/** The rows about a role `w`. */
const aboutOne = sql`x.refobjid = w.oid`

/**
 * The rows about the tracked roles. From 17 on, the index is searched for all of them at once. Before, PostgreSQL, which takes
 * every list for short, may compare each row with each role instead; for many, a join is then faster. A list of few may have a
 * role twice, which a join would find twice.
 */
export const dependenciesOfTracked = (version: number, needs: Needs): RawBuilder<unknown> =>
  version >= 170000 || readsEach(needs)
    ? rowsAbout(sql`x.refobjid = ${anyOf('tracked_role')}`)
    : rowsAbout(aboutOne, sql`pg_catalog.unnest(${oidsOf('tracked_role')}) as w(oid),`)

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
    .crossJoinLateral(() => sql<Row>`${rowsAbout(aboutOne)}`.as<'d'>(sql`d`))
    .select([
      'w.oid as role',
      sql<boolean>`d.dbid in (0, s.database)`.as('here'),
      'd.classid',
      'd.objid',
      'd.objsubid',
      'd.deptype',
    ])
