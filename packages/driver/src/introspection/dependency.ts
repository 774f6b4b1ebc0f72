import { sql } from 'kysely'
import { catalogOid } from './constant.ts'
import { type Stage, stages } from './stage.ts'

/** `p` rows, up to 13, only say that a role is pinned. */
export const dependency: Stage<'dependency'> = () =>
  stages
    .selectFrom(['pg_catalog.pg_shdepend as d', 'session as s'])
    .where('d.refclassid', '=', catalogOid('pg_catalog.pg_authid'))
    .where('d.refobjid', '=', sql<number>`any(array(select w.oid from watched as w))`)
    .where('d.deptype', '<>', sql<string>`'p'`)
    .select([
      'd.refobjid as role',
      sql<boolean>`d.dbid in (0, s.database)`.as('here'),
      'd.classid',
      'd.objid',
      'd.objsubid',
      'd.deptype',
    ])
