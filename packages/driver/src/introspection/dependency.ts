import { sql } from 'kysely'
import { catalogOid } from './constant.ts'
import { type Cte, ctes } from './cte.ts'

/** Up to 13, rows of type `p` only say that a role is pinned. */
export const dependency: Cte<'dependency'> = () =>
  ctes
    .selectFrom(['pg_catalog.pg_shdepend as d', 'session as s'])
    .where('d.refclassid', '=', catalogOid('pg_catalog.pg_authid'))
    .where('d.refobjid', '=', sql<number>`any(array(select w.oid from tracked_role as w))`)
    .where('d.deptype', '<>', sql<string>`'p'`)
    .select([
      'd.refobjid as role',
      sql<boolean>`d.dbid in (0, s.database)`.as('here'),
      'd.classid',
      'd.objid',
      'd.objsubid',
      'd.deptype',
    ])
