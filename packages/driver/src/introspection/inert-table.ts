import { type RawBuilder, sql } from 'kysely'
import type { PgCatalog } from '../catalog.ts'
import { catalogOid } from './constant.ts'

type Condition = RawBuilder<boolean>

/** Objects with a lower oid were made by initdb: their code is PostgreSQL’s own. */
export const firstNormalObjectId: RawBuilder<unknown> = sql`16384`

/** The oid of the schema pg_catalog. */
const pgCatalog = sql`11`

/** A base type, range or multirange of PostgreSQL’s own: to store, compare and analyze it runs no other code. */
const isBuiltIn = (type: RawBuilder<unknown>): Condition => sql`exists (
  select from pg_catalog.pg_type as t
  left join pg_catalog.pg_type as e on e.oid = t.typelem
  where t.oid = ${type} and t.oid < ${firstNormalObjectId} and t.typnamespace = ${pgCatalog}
  and t.typtype in ('b', 'r', 'm') and coalesce(e.typtype, 'b') in ('b', 'r', 'm')
  offset 0
)`

/** Functions of PostgreSQL’s own that run no other code, whatever they are given: what ordinary defaults are made of. */
const harmlessFunctions = sql`'nextval', 'now', 'gen_random_uuid', 'int4', 'int2', 'varchar', 'bpchar', 'numeric'`

/** A default that is made of constants and such functions. What else may stand in an expression is not known. */
const isHarmlessDefault: Condition = sql`(
  x.adbin::text !~ '[{](?!FUNCEXPR |CONST |RELABELTYPE |SQLVALUEFUNCTION )'
  and not exists (
    select from pg_catalog.regexp_matches(x.adbin::text, ':funcid ([0-9]+)', 'g') as called(id)
    where not exists (
      select from pg_catalog.pg_proc as p
      where p.oid = called.id[1]::oid and p.oid < ${firstNormalObjectId} and p.pronamespace = ${pgCatalog}
      and p.proname in (${harmlessFunctions})
      offset 0
    )
  )
)`

interface Dependent {
  readonly catalog: keyof PgCatalog
  /** Which rows `x` of the catalog are harmless; all of them, unless it says otherwise. */
  readonly where?: (version: number) => Condition
  readonly since?: number
}

/** What is owned by who owns the table reads it with the same rights, and goes where the table does. */
const isOthers = (owner: string): Condition =>
  sql`(${sql.ref(owner)} <> c.relowner or ${sql.ref(owner)} = (select s.acting from session as s))`

/**
 * What may depend on a table and is known to do nothing with the rights of its owner. Views and functions of others that
 * read it have the rights of others. A foreign key is not on the list, not even one that is not enforced: that can be
 * changed by who does not own the table.
 */
const dependents: readonly Dependent[] = [
  { catalog: 'pg_catalog.pg_class', where: () => sql`x.relkind in ('i', 'S', 't')` },
  { catalog: 'pg_catalog.pg_type' },
  { catalog: 'pg_catalog.pg_proc', where: () => isOthers('x.proowner') },
  { catalog: 'pg_catalog.pg_constraint', where: () => sql`x.contype in ('p', 'u', 'n')` },
  {
    catalog: 'pg_catalog.pg_rewrite',
    where: () => sql`x.ev_class <> c.oid and exists (
      select from pg_catalog.pg_class as v where v.oid = x.ev_class and ${isOthers('v.relowner')} offset 0
    )`,
  },
  { catalog: 'pg_catalog.pg_attrdef', where: () => isHarmlessDefault },
  {
    catalog: 'pg_catalog.pg_statistic_ext',
    where: (version) => (version < 140000 ? sql`true` : sql`x.stxexprs is null`),
    since: 100000,
  },
  {
    catalog: 'pg_catalog.pg_publication_rel',
    where: (version) => (version < 150000 ? sql`true` : sql`x.prqual is null`),
    since: 100000,
  },
]

const isHarmless = ({ catalog, where }: Dependent, version: number): Condition =>
  where === undefined
    ? sql`true`
    : sql`exists (select from ${sql.table(catalog)} as x where x.oid = d.objid and ${where(version)} offset 0)`

const isHarmlessDependent = (version: number): RawBuilder<unknown> => {
  const known = dependents.filter(({ since = 0 }) => version >= since)
  const cases = known.map((one) => sql`when ${catalogOid(one.catalog)} then ${isHarmless(one, version)}`)
  return sql`case d.classid ${sql.join(cases, sql` `)} else false end`
}

/** On plain columns, by an access method and operators of PostgreSQL’s own. */
const isHarmlessIndex: Condition = sql`(
  i.indexprs is null and i.indpred is null
  and not exists (select from pg_catalog.unnest(i.indclass) as o(oid) where o.oid >= ${firstNormalObjectId})
)`

const isHarmlessColumn = (version: number): Condition =>
  sql`(${isBuiltIn(sql`a.atttypid`)} ${version < 120000 ? sql`` : sql`and a.attgenerated = ''`})`

/**
 * That nothing of a table’s could ever run code with the rights of its owner. It asks for what is known to be harmless:
 * whatever else there is, now or in a version to come, is not. What others may attach to the table, their privileges on it
 * say.
 */
export const isInert = (version: number): Condition => sql`(
  c.relkind = 'r' ${version < 120000 ? sql`and not c.relhasoids` : sql``} and c.relpersistence in ('p', 'u') and c.reloftype = 0 and not c.relrowsecurity
  and not exists (
    select from pg_catalog.pg_depend as d
    where d.refclassid = ${catalogOid('pg_catalog.pg_class')} and d.refobjid = c.oid
    and not ${isHarmlessDependent(version)}
    offset 0
  )
  and not exists (
    select from pg_catalog.pg_depend as d
    where d.classid = ${catalogOid('pg_catalog.pg_class')} and d.objid = c.oid
    and d.refclassid not in (${catalogOid('pg_catalog.pg_namespace')}, ${catalogOid('pg_catalog.pg_collation')})
    offset 0
  )
  and not exists (
    select from pg_catalog.pg_attribute as a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and not ${isHarmlessColumn(version)}
    offset 0
  )
  and not exists (
    select from pg_catalog.pg_index as i where i.indrelid = c.oid and not ${isHarmlessIndex} offset 0
  )
)`
