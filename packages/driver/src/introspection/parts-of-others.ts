import { sql } from 'kysely'
import { catalogName, catalogOid } from './constant.ts'
import { partOfScope } from './scope-part.ts'
import { listing, type Statement } from './statement.ts'

const proc = catalogOid('pg_catalog.pg_proc')

/**
 * Reads what is part of something else in the schemas whose objects are to be owned: the members of extensions, and the
 * functions that CREATE TYPE … AS RANGE makes, which belong to the bootstrap superuser.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/typecmds.c (makeRangeConstructors)
 */
export const partsOfOthers: Statement = listing('parts', () => ({
  columns: { catalog: catalogName('d.classid'), oid: sql`d.objid` },
  from: sql`from (
      select distinct p ->> 'schema' as schema from pg_catalog.jsonb_array_elements(${partOfScope('patterns')}) as p
      where (p ->> 'owned') is not null
    ) as p
    join pg_catalog.pg_namespace as n on n.nspname = p.schema::name
    cross join lateral (
      select x.classid, x.objid from pg_catalog.pg_depend as x
      where x.refclassid = ${catalogOid('pg_catalog.pg_namespace')} and x.refobjid = n.oid offset 0
    ) as d
    where exists (
      select from pg_catalog.pg_depend as e where e.classid = d.classid and e.objid = d.objid and (
        e.deptype = 'e'
        or e.deptype = 'i' and d.classid = ${proc} and e.refclassid = ${catalogOid('pg_catalog.pg_type')}
      )
      offset 0
    )
    order by d.classid, d.objid`,
}))
