import { type RawBuilder, sql } from 'kysely'
import { catalogOid, zero } from './constant.ts'
import { firstNormalObjectId, isInert } from './inert-table.ts'
import { type Cte, ctes } from './cte.ts'

/** The indexes of a table and of its TOAST table, which change their owner with it. */
const indexes = sql<number>`(
  select pg_catalog.count(*) from pg_catalog.pg_index as i where i.indrelid in (c.oid, c.reltoastrelid)
)`

/** Before 18, GRANT on a column locks only its row in the catalog, so that the columns must be known to be locked. */
const columnsToHold = (version: number): RawBuilder<readonly string[] | null> =>
  version >= 180000
    ? sql<null>`null::text[]`
    : sql<readonly string[]>`array(
        select a.attname::text from pg_catalog.pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attacl is null
        order by a.attnum
      )`

const hasForeignKey = sql<boolean>`exists (
  select from pg_catalog.pg_depend as d
  join pg_catalog.pg_constraint as k on k.oid = d.objid
  where d.refclassid = ${catalogOid('pg_catalog.pg_class')} and d.refobjid = c.oid
  and d.classid = ${catalogOid('pg_catalog.pg_constraint')} and k.contype = 'f'
  offset 0
)`

/**
 * Before 13, opening a partitioned table evaluates the constants in its key and compares the bounds of its partitions.
 * @see https://github.com/postgres/postgres/blob/REL_12_STABLE/src/backend/utils/cache/partcache.c (RelationBuildPartitionKey)
 */
const runsCodeWhenOpened = (version: number): RawBuilder<boolean> =>
  version < 100000 || version >= 130000
    ? sql<boolean>`false`
    : sql<boolean>`exists (
        select from pg_catalog.pg_partitioned_table as p
        where p.partrelid = c.oid and (
          p.partexprs is not null
          or exists (select from pg_catalog.unnest(p.partclass) as o(oid) where o.oid >= ${firstNormalObjectId})
        )
        offset 0
      )`

/** Read for all tables that may change their owner, and again when they have: until then the old owner can add to them. */
export const movedTable: Cte<'moved_table'> = (version) =>
  ctes
    .selectFrom('moving_table as r')
    .crossJoinLateral((eb) =>
      eb
        .selectFrom('pg_catalog.pg_class as x')
        .whereRef('x.oid', '=', 'r.oid')
        .select([
          'x.oid',
          'x.relkind',
          'x.relowner',
          'x.relpersistence',
          'x.reloftype',
          'x.relrowsecurity',
          'x.reltoastrelid',
        ])
        .$if(version < 120000, (query) => query.select('x.relhasoids'))
        .offset(zero)
        .as('c'),
    )
    .select([
      'r.oid',
      isInert(version).as('inert'),
      indexes.as('indexes'),
      columnsToHold(version).as('columns'),
      hasForeignKey.as('foreign_key'),
      runsCodeWhenOpened(version).as('runs_code'),
    ])
