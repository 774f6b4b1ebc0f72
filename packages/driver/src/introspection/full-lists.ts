import { type RawBuilder, sql } from 'kysely'
import { catalogName, catalogOid, intermediateName } from './constant.ts'
import { columnsOfMembership } from './membership.ts'
import { aclItems, name } from './name.ts'
import type { Needs } from './needs.ts'
import { administeredByOthers, administers, attributes, servesOthers, type Test } from './role-columns.ts'
import { type ColumnsOf, columnsOf, type ListName } from './rows.ts'
import { partOfScope } from './scope-part.ts'

/** The lists that the full statements answer. */
export type FullList = Exclude<
  ListName,
  | 'server'
  | 'properties'
  | 'policies'
  | 'userMappings'
  | 'otherDatabases'
  | 'settings'
  | 'usualObjects'
  | 'rolesAlike'
  | 'membershipsAlike'
  | 'reach'
  | 'parts'
  | 'accessServer'
  | 'accessObjects'
>

interface Source<Name extends ListName> {
  readonly columns: ColumnsOf<Name>
  readonly from: RawBuilder<unknown>
  readonly order: RawBuilder<unknown>
}

const isDesired: Test = (oid) => sql`${oid} in (select d.oid from desired as d)`

const isAdministrator: Test = (oid) => sql`${oid} in (select a.oid from administrator as a)`

/** Whether some desired role is not a member of a role, which is tracked and not desired. */
const isJoinable = sql`w.oid is not null
and (
  select pg_catalog.count(*) from desired as d where exists (
    select from pg_catalog.pg_auth_members as m where m.roleid = r.oid and m.member = d.oid offset 0
  )
) < pg_catalog.array_length(${partOfScope('desired')}, 1)`

/** What is known of a table that may change its owner. */
const moved = ({ rare }: Needs, column: string): RawBuilder<unknown> =>
  rare.has('ownership') ? sql`a.${sql.ref(column)}` : sql`null`

const sources = (version: number, needs: Needs): { readonly [Name in FullList]: Source<Name> } => ({
  roles: {
    columns: {
      ...attributes,
      servesOthers: servesOthers(
        version,
        sql`(w.oid is not null or r.rolname ~ ${intermediateName})`,
        isDesired,
      ),
      administeredByOthers: administeredByOthers(isJoinable, isAdministrator),
      administers: administers(version, isAdministrator(sql`r.oid`)),
    },
    // PostgreSQL estimates that there are millions of roles in the closure, and a join would be planned for as many.
    from: sql`pg_catalog.pg_roles as r left join tracked_role as w on w.oid = r.oid and not w.desired
    where r.oid = any(array(select v.oid from snapshot_role as v))`,
    order: sql`r.oid`,
  },
  memberships: {
    columns: columnsOfMembership(needs),
    from: sql`membership as m`,
    order: sql`m.member, m.roleid, m.grantor`,
  },
  objects: {
    columns: {
      kind: sql`o.kind`,
      name: sql`o.name`,
      oid: sql`o.oid::text`,
      owner: name('o.owner', needs),
      acl: sql`coalesce(${aclItems(sql`o.acl`, needs)}, '{}')`,
      follows: sql`o.follows`,
      inert: moved(needs, 'inert'),
      wrapper: sql`o.wrapper`,
      ownedBySuperusers: sql`o.owned_by_superusers`,
      indexes: moved(needs, 'indexes'),
      columns: needs.rare.has('ownership') ? sql`case when a.inert then a.columns end` : sql`null::text[]`,
      foreignKey: moved(needs, 'foreign_key'),
      runsCodeWhenOpened: moved(needs, 'runs_code'),
    },
    from: needs.rare.has('ownership')
      ? sql`object as o
    left join moved_table as a on o.classid = ${catalogOid('pg_catalog.pg_class')} and a.oid = o.oid and o.objsubid = 0`
      : sql`object as o`,
    order: sql`o.kind, o.oid, o.objsubid`,
  },
  defaultPrivileges: {
    columns: {
      owner: name('a.role', needs),
      schema: sql`n.nspname::text`,
      on: sql`a.object_type::text`,
      acl: aclItems(sql`a.acl`, needs),
    },
    from: sql`default_acl as a left join pg_catalog.pg_namespace as n on n.oid = a.schema`,
    order: sql`a.oid`,
  },
  unmanaged: {
    columns: { role: name('u.role', needs), kind: sql`u.kind`, description: sql`u.description` },
    from: sql`unmanaged as u`,
    order: sql`u.role, u.kind, u.description`,
  },
  mayBeUnused: {
    columns: { role: name('u.oid', needs) },
    from: sql`unused_role as u`,
    order: sql`u.oid`,
  },
  dependencies: {
    columns: {
      role: sql`f.role::text`,
      catalog: catalogName('f.classid'),
      how: sql`f.deptype::text`,
      onColumn: sql`f.on_column`,
      count: sql`f.count`,
      oids: sql`null`,
    },
    from: sql`(
      select case when not d.here then d.role end as role, d.classid, d.deptype, d.objsubid <> 0 as on_column,
        pg_catalog.count(*) as count
      from dependency as d group by 1, 2, 3, 4
    ) as f`,
    order: sql`f.role, f.classid, f.deptype, f.on_column`,
  },
})

/** The rows of a list as JSON. */
export const rowsAsJson = <Name extends ListName>(
  list: Name,
  { columns, from, order }: Source<Name>,
): RawBuilder<unknown> => {
  const values = sql.join(columnsOf(list).map((column) => columns[column]))
  return sql`coalesce((
    select pg_catalog.json_agg(pg_catalog.json_build_array(${values}) order by ${order}) from ${from}
  ), '[]')`
}

/** Some lists as one JSON text. The names of the columns are not repeated in each row. */
export const listsAsJson = (
  lists: readonly FullList[],
  version: number,
  needs: Needs,
): RawBuilder<unknown> => {
  const all = sources(version, needs)
  return sql`pg_catalog.json_build_array(${sql.join(lists.map((list) => rowsAsJson(list, all[list])))})::text`
}
