import type { ObjectKind } from '@pgsr/planner'
import { flatMap } from '@pgsr/planner/internal'
import { type RawBuilder, sql } from 'kysely'
import { constant, kindsInSchemas } from './constant.ts'
import type { Needs } from './needs.ts'
import { name } from './name.ts'
import { type AclCatalog, aclCatalogs, existing, kindOf } from './object-catalog.ts'
import { partOfScope } from './scope-part.ts'

/** The objects that are asked about. */
const asked = sql`access_asked as (
  select o.kind, o.name ->> 0 as first, o.name ->> 1 as second, o.name ->> 2 as third
  from pg_catalog.jsonb_to_recordset(${partOfScope('accessObjects')}) as o(kind text, name jsonb)
)`

/** The schemas that are asked about, alone or as part of another name. */
const askedSchemas = sql`access_schema as (
  select n.oid from pg_catalog.pg_namespace as n where n.nspname = any(array(
    select w.first::name from access_asked as w where w.kind in ('schema', ${kindsInSchemas})
  ))
)`

const part = (which: 'first' | 'second', type: 'name' | 'oid' | 'text', kinds: readonly ObjectKind[]) =>
  sql`any(array(select w.${sql.ref(which)}::${sql.raw(type)} from access_asked as w where w.kind in (${sql.join(kinds.map(constant))})))`

/**
 * Not what PostgreSQL itself brings along, which is read only if something was granted to a role. What others have put into its
 * schemas has other oids.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/include/access/transam.h (FirstNormalObjectId)
 */
const isOfOthers = (schema: RawBuilder<unknown>, acl: RawBuilder<unknown>, owner: RawBuilder<unknown>) =>
  sql`(${schema} not in (
    select n.oid from pg_catalog.pg_namespace as n
    where n.nspname in ('pg_catalog', 'information_schema', 'pg_toast') or n.nspname ~ '^pg_(toast_)?temp'
  ) or o.oid >= 16384 and ${schema} in (
    select n.oid from pg_catalog.pg_namespace as n where n.nspname in ('pg_catalog', 'information_schema')
  ) or ${acl} is not null and ${schema} not in (
    select n.oid from pg_catalog.pg_namespace as n where n.nspname ~ '^pg_(toast_)?temp'
  ) and exists (
    select from pg_catalog.aclexplode(${acl}) as i where i.grantee <> 0 and i.grantee <> ${owner}
  ))`

const traits = (values: Readonly<Record<string, RawBuilder<unknown>>>): RawBuilder<unknown> =>
  sql`pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(${sql.join(
    flatMap(Object.entries(values), ([key, value]) => [constant(key), value]),
  )}))`

const onlyIf = (condition: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`case when ${condition} then true end`

/** What is special about an object of a catalog. */
const traitsOf = ({ catalog, acl }: AclCatalog): RawBuilder<unknown> =>
  traits({
    byDefault: onlyIf(sql`o.${sql.ref(acl)} is null`),
    ...(catalog === 'pg_catalog.pg_proc' && { securityDefiner: onlyIf(sql`o.prosecdef`) }),
    ...(catalog === 'pg_catalog.pg_language' && { untrusted: onlyIf(sql`not o.lanpltrusted`) }),
  })

/** Which rows of a catalog are read. */
const readFrom = (row: AclCatalog, { accessObjects }: Needs): RawBuilder<unknown> => {
  const { kinds, nameColumn, schema, acl, catalog } = row
  const schemaOid = sql`o.${sql.ref(schema ?? '')}`
  const owner = row.owner === 'bootstrap' ? sql`10::oid` : sql`o.${sql.ref(row.owner)}`
  const column = sql`o.${sql.ref(nameColumn)}`
  if (accessObjects === 'all') {
    if (catalog === 'pg_catalog.pg_namespace') return sql`o.nspname !~ '^pg_(toast_)?temp'`
    if (catalog === 'pg_catalog.pg_type')
      return sql`${isOfOthers(schemaOid, sql`o.typacl`, owner)} and (o.typacl is not null or o.typrelid = 0 or exists (
        select from pg_catalog.pg_class as c where c.oid = o.typrelid and c.relkind = 'c' offset 0
      ))`
    return schema === undefined ? sql`true` : isOfOthers(schemaOid, sql`o.${sql.ref(acl)}`, owner)
  }
  if (catalog === 'pg_catalog.pg_namespace') return sql`o.oid in (select n.oid from access_schema as n)`
  if (catalog === 'pg_catalog.pg_database')
    return sql`(${column} = ${part('first', 'name', kinds)} or o.datname = pg_catalog.current_database())`
  if (schema === undefined) {
    const type = nameColumn === 'oid' ? 'oid' : nameColumn === 'parname' ? 'text' : 'name'
    return sql`${column} = ${part('first', type, kinds)}`
  }
  return sql`${column} = ${part('second', 'name', kinds)} and ${schemaOid} in (select n.oid from access_schema as n)`
}

const inCatalog = (row: AclCatalog, version: number, needs: Needs): RawBuilder<unknown> => {
  const { catalog, nameColumn, name: called, more, schema, acl, letter, is, kinds } = row
  const owner = row.owner === 'bootstrap' ? sql`10::oid` : sql`o.${sql.ref(row.owner)}`
  const schemaName =
    schema === undefined
      ? sql``
      : sql`(select n.nspname from pg_catalog.pg_namespace as n where n.oid = o.${sql.ref(schema)})::text, `
  const base = nameColumn === 'oid' ? sql`o.oid::text` : sql`o.${sql.ref(nameColumn)}::text`
  return sql`
    select ${kindOf(row, version)}::text as kind,
      array[${schemaName}${nameColumn === 'oid' || called === undefined ? base : called}]::text[]${more === undefined ? sql`` : sql` || ${more}`} as name,
      o.oid, ${owner} as owner, coalesce(o.${sql.ref(acl)}, pg_catalog.acldefault(${constant(letter)}, ${owner})) as acl,
      null::text[] as follows, ${traitsOf(row)} as traits
    from ${sql.table(catalog)} as o
    where ${readFrom(row, needs)} ${kinds.length === 1 && is !== undefined ? sql`and ${is(kinds[0]!, version)}` : sql``}`
}

/** Catalogs made by initdb, whose rows only superusers may change. */
const isSystemCatalog = (version: number): RawBuilder<unknown> => sql`o.relkind <> 'v' and (
  n.nspname ~ '^pg_toast' or n.nspname = 'pg_catalog' and o.oid < ${sql.raw(version < 120000 ? '16384' : '12000')}
)`

const policies = (version: number, needs: Needs): RawBuilder<unknown> => sql`case when o.relrowsecurity then (
  select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
    'policy', p.polname::text,
    'command', case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' when 'd' then 'DELETE' else 'ALL' end,
    'permissive', ${version < 100000 ? sql`true` : sql`p.polpermissive`},
    'roles', array(
      select case g.oid when 0 then 'public'::text else ${name('g.oid', needs)} end from pg_catalog.unnest(p.polroles) as g(oid)
    )
  ) order by p.polname)
  from pg_catalog.pg_policy as p where p.polrelid = o.oid
) end`

const securityInvoker = sql`exists (
  select from pg_catalog.unnest(o.reloptions) as x(option)
  where pg_catalog.lower(x.option) ~ '^security_invoker=(t|tr|tru|true|y|ye|yes|on|1)$'
)`

const relationTraits = (version: number, needs: Needs): RawBuilder<unknown> =>
  traits({
    byDefault: onlyIf(sql`o.relacl is null`),
    relation: sql`case o.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table'
      when 'p' then 'partitioned table' end`,
    rowSecurity: sql`case when o.relforcerowsecurity and o.relrowsecurity then 'forced' when o.relrowsecurity then 'enabled' end`,
    policies: policies(version, needs),
    ...(version >= 150000 && { securityInvoker: onlyIf(sql`o.relkind = 'v' and ${securityInvoker}`) }),
    systemCatalog: onlyIf(isSystemCatalog(version)),
  })

/** Tables, and whatever else GRANT … ON TABLE accepts, and sequences. */
const relations = ({ accessObjects }: Needs): RawBuilder<unknown> => sql`access_relation as (
  select o.oid, o.relname, n.nspname, o.relkind, o.relowner, o.relacl, o.reloptions, o.relrowsecurity, o.relforcerowsecurity
  from pg_catalog.pg_class as o join pg_catalog.pg_namespace as n on n.oid = o.relnamespace
  where o.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 't') and ${
    accessObjects === 'all'
      ? isOfOthers(sql`o.relnamespace`, sql`o.relacl`, sql`o.relowner`)
      : sql`o.relname = ${part('second', 'name', ['table', 'column', 'sequence'])}
          and o.relnamespace in (select n.oid from access_schema as n)`
  }
)`

const relationObjects = (version: number, needs: Needs): RawBuilder<unknown> => sql`
  select case o.relkind when 'S' then 'sequence'::text else 'table'::text end, array[n.nspname, o.relname]::text[], o.oid, o.relowner,
    coalesce(o.relacl, pg_catalog.acldefault(case o.relkind when 'S' then 's' else 'r' end::"char", o.relowner)),
    null::text[], ${relationTraits(version, needs)}
  from access_relation as o cross join lateral (select o.nspname) as n`

/** Columns with an ACL, and those that are asked about. */
const columns = ({ accessObjects }: Needs): RawBuilder<unknown> => sql`
  select 'column'::text, array[o.nspname, o.relname, a.attname]::text[], o.oid, o.relowner,
    coalesce(a.attacl, pg_catalog.acldefault('c', o.relowner)), array[o.nspname, o.relname]::text[],
    ${traits({ byDefault: onlyIf(sql`a.attacl is null`) })}
  from access_relation as o cross join lateral (
    select x.attname, x.attacl from pg_catalog.pg_attribute as x
    where x.attrelid = o.oid and not x.attisdropped and (x.attacl is not null ${
      accessObjects === 'all'
        ? sql``
        : sql`or exists (
            select from access_asked as w
            where w.kind = 'column' and w.first = o.nspname::text and w.second = o.relname::text and w.third = x.attname::text
          )`
    }) offset 0
  ) as a
  where o.relkind <> 'S'`

/** A parameter on which nothing has been granted is in no catalog. */
const parametersWithoutAcl = sql`
  select 'parameter'::text, array[w.first], 0::oid, 10::oid, pg_catalog.acldefault('p', 10::oid), null::text[],
    ${traits({ byDefault: sql`true` })}
  from access_asked as w
  where w.kind = 'parameter' and not exists (select from pg_catalog.pg_parameter_acl as a where a.parname = w.first)
  and (w.first ~ '[.]' or pg_catalog.pg_settings_get_flags(w.first) is not null)`

/** The objects to read, as common table expressions of which the last is `access_object`. */
export const accessObjects = (version: number, needs: Needs): readonly RawBuilder<unknown>[] => [
  ...(needs.accessObjects === 'all' ? [] : [asked, askedSchemas]),
  relations(needs),
  sql`access_object as (${sql.join(
    [
      ...existing(aclCatalogs, version).map((row) => inCatalog(row, version, needs)),
      relationObjects(version, needs),
      columns(needs),
      ...(needs.accessObjects === 'all' || version < 150000 ? [] : [parametersWithoutAcl]),
    ],
    sql` union all `,
  )})`,
]
