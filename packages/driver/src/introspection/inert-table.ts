import { type RawBuilder, sql } from 'kysely'
import type { PgCatalog } from './pg-catalog.ts'
import { catalogOid } from './constant.ts'

type Condition = RawBuilder<boolean>

/** Objects with a lower oid were created by initdb, so that their code is PostgreSQL’s own. */
export const firstNormalObjectId: RawBuilder<unknown> = sql`16384`

/** The oid of the schema pg_catalog. */
const pgCatalog = sql`11`

/** Whether a type is a built-in base type, range or multirange, which runs no other code to store, compare or analyze. */
const isBuiltIn = (type: RawBuilder<unknown>): Condition => sql`exists (
  select from pg_catalog.pg_type as t
  left join pg_catalog.pg_type as e on e.oid = t.typelem
  where t.oid = ${type} and t.oid < ${firstNormalObjectId} and t.typnamespace = ${pgCatalog}
  and t.typtype in ('b', 'r', 'm') and coalesce(e.typtype, 'b') in ('b', 'r', 'm')
  offset 0
)`

/** Built-in functions of ordinary defaults that run no other code, whatever their arguments. */
const harmlessFunctions = sql`'nextval', 'now', 'gen_random_uuid', 'int4', 'int2', 'varchar', 'bpchar', 'numeric'`

/** Whether a default consists of constants and such functions. Any other expression might run other code. */
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
  /** Which rows `x` of the catalog are harmless. Default: all of them. */
  readonly where?: (version: number) => Condition
  readonly since?: number
}

/** Whether an object belongs to the acting role, or to another role than the owner of the table. */
const isOthers = (owner: string): Condition =>
  sql`(${sql.ref(owner)} <> c.relowner or ${sql.ref(owner)} = (select s.acting from session as s))`

/**
 * The objects that may depend on a table and are known to run no code with the privileges of its owner. Views and functions
 * of others run with the privileges of others. A foreign key is not on the list, even if it is not enforced, since somebody
 * who does not own the table can change that.
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

/** Whether an index is on plain columns, with built-in operator classes. */
const isHarmlessIndex: Condition = sql`(
  i.indexprs is null and i.indpred is null
  and not exists (select from pg_catalog.unnest(i.indclass) as o(oid) where o.oid >= ${firstNormalObjectId})
)`

const isHarmlessColumn = (version: number): Condition =>
  sql`(${isBuiltIn(sql`a.atttypid`)} ${version < 120000 ? sql`` : sql`and a.attgenerated = ''`})`

/**
 * Whether nothing in a table can run code with the privileges of its owner. Only what is known to be harmless counts as
 * harmless: anything else, now or in a later version of PostgreSQL, does not. What others may attach to the table follows
 * from their privileges on it.
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
