import { type RawBuilder, sql } from 'kysely'
import { catalogOid, constant, kindsInSchemas } from './constant.ts'
import {
  type AclCatalog,
  aclCatalogs,
  dependencyNameOf,
  dependencyOf,
  existing,
  kindOf,
  type ObjectCatalog,
  ownerCatalogs,
} from './object-catalog.ts'
import { type ObjectRow, type Cte, ctes } from './cte.ts'
import type { Needs } from './needs.ts'
import { typeText } from './type-text.ts'

const none = sql`null::text`

const inCatalog = (row: AclCatalog, version: number): RawBuilder<ObjectRow> => {
  const { catalog, columns = () => [], nameColumn, name, more, schema, owner, acl, letter } = row
  const { follows = sql`null::text[]`, wrapper = none } = row
  const used = new Set([
    ...columns(version),
    nameColumn,
    ...(schema === undefined ? [] : [schema]),
    ...(owner === 'bootstrap' ? [] : [owner]),
    acl,
  ])
  const { isGrantable = sql`true` } = row
  const ownerOid = owner === 'bootstrap' ? sql`10::oid` : sql`o.${sql.ref(owner)}`
  const schemaName =
    schema === undefined
      ? sql``
      : sql`(select n.nspname from pg_catalog.pg_namespace as n where n.oid = o.${sql.ref(schema)})::text, `
  return sql`
    select t.classid, ${kindOf(row, version)}::text as kind, t.objid as oid, 0 as objsubid,
      array[${schemaName}${name ?? sql`o.${sql.ref(nameColumn)}`}]::text[]${more === undefined ? sql`` : sql` || ${more}`} as name,
      ${ownerOid} as owner,
      coalesce(
        o.${sql.ref(acl)}, case when ${isGrantable} then pg_catalog.acldefault(${constant(letter)}, ${ownerOid}) end
      ) as acl,
      ${follows} as follows, ${wrapper} as wrapper, false as owned_by_superusers,
      null::text as unreachable
    from object_address as t cross join lateral (
      select ${sql.join([...used].map((one) => sql.ref(`x.${one}`)))} from ${sql.table(catalog)} as x where x.oid = t.objid offset 0
    ) as o
    where t.classid = ${dependencyOf(row)}`
}

const publication = catalogOid('pg_catalog.pg_publication')

/** PostgreSQL requires a superuser to own a publication of all tables, or of all tables in schemas. */
const publishesEverything = (version: number): RawBuilder<boolean> =>
  version < 100000
    ? sql`false`
    : sql`t.classid = ${publication} and exists (
        select from pg_catalog.pg_publication as p where p.oid = t.objid and (p.puballtables ${
          version < 150000
            ? sql``
            : sql`or exists (
                select from pg_catalog.pg_publication_namespace as s where s.pnpubid = p.oid offset 0
              )`
        }) offset 0
      )`

const operator = catalogOid('pg_catalog.pg_operator')

/** The operand types, which distinguish operators of the same name. */
const operands = sql`(
  select array[
    case o.oprleft when 0 then 'NONE' else ${typeText(sql`o.oprleft`)} end,
    case o.oprright when 0 then 'NONE' else ${typeText(sql`o.oprright`)} end
  ] from pg_catalog.pg_operator as o where o.oid = t.objid
)`

const collation = catalogOid('pg_catalog.pg_collation')

/** Whether a collation is for another encoding, so that its name means another collation in this database. */
const isOfAnotherEncoding = sql<boolean>`(t.classid = ${collation} and exists (
  select from pg_catalog.pg_collation as o where o.oid = t.objid and o.collencoding not in (
    -1, (select d.encoding from session as s join pg_catalog.pg_database as d on d.oid = s.database)
  ) offset 0
))`

/** Whether an operator exists only because another one names it as commutator or negator. No statement alters it. */
const isShellOperator = sql<boolean>`(t.classid = ${operator} and exists (
  select from pg_catalog.pg_operator as o where o.oid = t.objid and o.oprcode = 0 offset 0
))`

const eventTrigger = catalogOid('pg_catalog.pg_event_trigger')

/** `pg_identify_object_as_address` supports event triggers only from 9.6.22, 10.17, 11.12, 12.7 and 13.3 on. */
const eventTriggers = sql<ObjectRow>`
  select t.classid, 'event trigger'::text, t.objid, 0, array[o.evtname]::text[], o.evtowner, null::aclitem[],
    null::text[], null::text, false, null::text
  from object_address as t
  cross join lateral (
    select x.evtname, x.evtowner from pg_catalog.pg_event_trigger as x where x.oid = t.objid offset 0
  ) as o
  where t.classid = ${eventTrigger}`

/**
 * Objects with an owner but no ACL. PostgreSQL itself names the object and its kind. The owner is read from the
 * dependencies; objects of the bootstrap superuser have none.
 */
const withoutAcl = (version: number): RawBuilder<ObjectRow> => sql`
  select t.classid, i.type, t.objid, 0,
    case
      when t.classid = ${operator} then i.object_names || ${operands}
      when i.type in ('operator class', 'operator family')
      then array[i.object_names[2], i.object_names[3], i.object_names[1]]
      else i.object_names
    end,
    coalesce((
      select d.refobjid from pg_catalog.pg_shdepend as d
      where d.dbid in (0, (select s.database from session as s)) and d.classid = t.classid and d.objid = t.objid
      and d.objsubid = 0 and d.refclassid = ${catalogOid('pg_catalog.pg_authid')} and d.deptype = 'o'
    ), 10::oid),
    null::aclitem[], null::text[], null::text, ${publishesEverything(version)},
    case when ${isOfAnotherEncoding} then 'collation of another encoding' when ${isShellOperator} then 'shell operator' end
  from object_address as t
  cross join lateral pg_catalog.pg_identify_object_as_address(t.classid, t.objid, 0) as i(type, object_names, object_args)
  where t.classid in (${sql.join(existing(ownerCatalogs, version).map(dependencyOf))})
  and t.classid <> ${eventTrigger}`

/**
 * The owner of a system catalog can be changed only with `allow_system_table_mods`, so that pgsr cannot change it back.
 * @see https://www.postgresql.org/docs/current/runtime-config-developer.html#GUC-ALLOW-SYSTEM-TABLE-MODS
 */
const isSystemCatalog = (version: number): RawBuilder<boolean> =>
  sql`(r.nspname = 'pg_catalog' and r.relowner <> 10 ${version < 120000 ? sql`` : sql`and r.oid < 16384`})`

const relations = (version: number) => sql<ObjectRow>`
  select ${catalogOid('pg_catalog.pg_class')}, case r.relkind when 'S' then 'sequence' else 'table' end, r.oid, 0,
    array[r.nspname, r.relname]::text[], r.relowner,
    coalesce(r.relacl, pg_catalog.acldefault(case r.relkind when 'S' then 's' else 'r' end::"char", r.relowner)),
    r.follows, null::text, false, case when ${isSystemCatalog(version)} then 'system catalog' end
  from relation as r`

const columns = sql<ObjectRow>`
  select ${catalogOid('pg_catalog.pg_class')}, 'column'::text, c.oid, c.attnum::int,
    array[c.nspname, c.relname, c.attname]::text[], c.relowner,
    coalesce(c.attacl, pg_catalog.acldefault('c', c.relowner)), array[c.nspname, c.relname]::text[], null::text, false, null::text
  from column_of_relation as c`

/**
 * PostgreSQL has a row for a parameter only after something was granted on it, and `pg_settings` does not show all parameters
 * to every session.
 */
const parameterWithoutAcl = sql<ObjectRow>`
  select ${catalogOid('pg_catalog.pg_parameter_acl')}, 'parameter'::text, 0::oid, 0, array[w.first], 10::oid,
    pg_catalog.acldefault('p', 10::oid), null::text[], null::text, false, null::text
  from requested_name as w
  where w.kind = 'parameter'
  and not exists (select from pg_catalog.pg_parameter_acl as a where a.parname = w.first)
  and (
    w.first ~ '[.]'
    or pg_catalog.pg_settings_get_flags(w.first) is not null
  )`

/** The catalogs of everything that a snapshot contains as an object, a membership or default privileges. */
export const managedCatalogs = (version: number): RawBuilder<unknown> =>
  sql.join([
    ...existing([...aclCatalogs, ...ownerCatalogs], version).map(dependencyOf),
    ...(['pg_class', 'pg_default_acl', 'pg_auth_members'] as const).map((name) =>
      catalogOid(`pg_catalog.${name}`),
    ),
  ])

/**
 * The row types with an ACL of tables that may change their owner. Before 9.6.12, 10.7 and 11.2 dependencies miss grants on
 * types by default privileges, so that there the row types of all direct relations are read.
 */
const hasRowTypes = (version: number, { catalogs, rare }: Needs): boolean =>
  rare.has('ownership') || (version < 120000 && catalogs.has('pg_class'))

const rowType = (version: number) =>
  ctes
    .selectFrom(
      (version < 120000 ? sql<{ oid: number }>`direct_relation` : sql<{ oid: number }>`moving_table`).as('m'),
    )
    .innerJoin('pg_catalog.pg_class as c', 'c.oid', 'm.oid')
    .innerJoin('pg_catalog.pg_type as t', 't.oid', 'c.reltype')
    .where('t.typacl', 'is not', null)
    .select([catalogOid('pg_catalog.pg_type').as('classid'), 't.oid as objid'])

/** A role that is no superuser needs privileges on the database to create and own objects, and on the wrapper of a foreign server. */
const around = ({ catalogs }: Needs): readonly RawBuilder<unknown>[] => [
  sql`select ${catalogOid('pg_catalog.pg_database')}, s.database from session as s where not s.superuser`,
  ...(!catalogs.has('pg_foreign_server')
    ? []
    : [
        sql`select ${catalogOid('pg_catalog.pg_foreign_data_wrapper')}, f.srvfdw
          from session as s cross join dependency as d join pg_catalog.pg_foreign_server as f on f.oid = d.objid
          where not s.superuser and d.here and d.classid = ${catalogOid('pg_catalog.pg_foreign_server')}`,
      ]),
]

export const objectAddress: Cte<'object_address'> = (version, needs) => {
  const asked = ctes
    .selectFrom('requested_object as f')
    .where(sql<boolean>`f.objsubid = 0`)
    .select(['f.classid', 'f.objid'])
    .union((eb) =>
      eb
        .selectFrom('dependency as d')
        .where(sql<boolean>`d.here and d.deptype in ('a', 'o')`)
        .select(['d.classid', 'd.objid']),
    )
    .$if(hasRowTypes(version, needs), (query) => query.union(rowType(version)))
  return sql`${sql.join([asked, ...(needs.readsRights ? around(needs) : [])], sql` union `)}`
}

const nothing = sql<ObjectRow>`
  select null::oid as classid, null::text as kind, null::oid as oid, 0 as objsubid, null::text[] as name, null::oid as owner,
    null::aclitem[] as acl, null::text[] as follows, null::text as wrapper, false as owned_by_superusers,
    null::text as unreachable
  where false`

export const anyObject: Cte<'any_object'> = (version, needs) => {
  const { catalogs, named, rare } = needs
  const isRead = (row: ObjectCatalog): boolean =>
    catalogs.has(dependencyNameOf(row)) ||
    (row.catalog === 'pg_catalog.pg_type' && hasRowTypes(version, needs))
  const withOwnerOnly = existing(ownerCatalogs, version).filter(isRead)
  return sql`${sql.join(
    [
      nothing,
      ...existing(aclCatalogs, version)
        .filter(isRead)
        .map((row) => inCatalog(row, version)),
      ...(withOwnerOnly.length > 0 ? [withoutAcl(version)] : []),
      ...(catalogs.has('pg_event_trigger') ? [eventTriggers] : []),
      ...(catalogs.has('pg_class') ? [relations(version)] : []),
      ...(rare.has('columns') || rare.has('ownership') || rare.has('grantors') ? [columns] : []),
      ...(named.has('parameter') && version >= 150000 ? [parameterWithoutAcl] : []),
    ],
    sql` union all `,
  )}`
}

/**
 * Dependencies on subscriptions are visible in every database of the cluster, and each database may have a subscription of
 * the same name. Before 14 most sessions may not read the oid that distinguishes them.
 */
const isElsewhere = sql<boolean>`(
  o.classid = ${catalogOid('pg_catalog.pg_subscription')} and o.oid is distinct from (
    select a.objid from session as s
    join pg_catalog.pg_subscription as u on u.subdbid = s.database and u.subname = o.name[1]
    cross join lateral pg_catalog.pg_get_object_address('subscription', array[u.subname::text], '{}') as a
  )
)`

/** Whether no statement of this session can change an object: it is temporary, of another database, or unreachable. */
export const isBeyondReach = (version: number, { catalogs }: Needs): RawBuilder<boolean> =>
  sql`(o.unreachable is not null or o.kind in (${kindsInSchemas}) and o.name[1] ~ '^pg_(toast_)?temp' ${version >= 100000 && catalogs.has('pg_subscription') ? sql`or ${isElsewhere}` : sql``})`

export const regrantedObject: Cte<'regranted_object'> = (_version, { rare }) =>
  !rare.has('grantors')
    ? sql`select null::oid as classid, null::oid as oid, null::text as schema, null::oid as grantor where false`
    : sql`
    select o.classid, o.oid, case when o.kind in (${kindsInSchemas}) then o.name[1] end as schema, i.grantor
    from any_object as o
    cross join lateral pg_catalog.aclexplode(o.acl) as i
    where i.grantor <> o.owner and exists (
      select from dependency as d, desired as r
      where d.role = r.oid and d.here and d.classid = o.classid and d.objid = o.oid
    )`

export const enclosingSchema: Cte<'enclosing_schema'> = () =>
  sql`
    select ${catalogOid('pg_catalog.pg_namespace')} as classid, 'schema'::text as kind, n.oid, 0 as objsubid,
      array[n.nspname]::text[] as name, n.nspowner as owner,
      coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner)) as acl, null::text[] as follows,
      null::text as wrapper, false as owned_by_superusers, null::text as unreachable
    from pg_catalog.pg_namespace as n
    where n.nspname = any(array(
      select o.name[1]::name from any_object as o, session as s
      where o.kind in (${kindsInSchemas}) and not s.superuser
      union
      select p.schema::name from regranted_object as p where p.schema is not null
      union
      select m.nspname from moving_table as m
    ))
    and n.oid not in (
      select t.objid from object_address as t where t.classid = ${catalogOid('pg_catalog.pg_namespace')}
    )`

/** Whether the schemas of objects are read too. */
const needsSchemas = ({ readsRights, rare }: Needs): boolean =>
  readsRights || rare.has('grantors') || rare.has('ownership')

export const object: Cte<'object'> = (version, needs) =>
  sql`select o.* from any_object as o where not ${isBeyondReach(version, needs)}
    ${needsSchemas(needs) ? sql`union all select n.* from enclosing_schema as n` : sql``}`

/** Whose rights are needed for the objects: as whom the acting role, or a grantor’s grants are revoked. */
export const ownerOrGrantor: Cte<'owner_or_grantor'> = (_version, { readsRights }) =>
  sql`select p.grantor as oid from regranted_object as p union select a.role from default_acl as a
    ${readsRights ? sql`union select o.owner from object as o, session as s where not s.superuser` : sql``}`

/** The schemas of objects, which others than their owners may be able to grant USAGE on. */
export const snapshotSchema: Cte<'snapshot_schema'> = (_version, { readsRights }) =>
  sql`select o.oid from object as o, session as s
    where o.kind = 'schema' and not s.superuser ${readsRights ? sql`` : sql`and false`}`
