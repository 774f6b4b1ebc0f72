import { sql } from 'kysely'
import { catalogName } from './constant.ts'
import { isBeyondReach, managedCatalogs } from './object.ts'
import { type Cte, ctes } from './cte.ts'
import type { Needs } from './needs.ts'

/** Policies, user mappings, initial privileges, and owned objects of kinds that have no ACL. */
const otherDependency = (version: number) =>
  ctes
    .selectFrom('dependency as d')
    .where(
      sql<boolean>`d.here and (d.deptype not in ('a', 'o') or d.classid not in (${managedCatalogs(version)}))`,
    )
    .select([
      'd.role',
      sql<string>`case d.deptype when 'i' then 'initial privileges' else ${catalogName('d.classid')} end`.as(
        'kind',
      ),
      sql<string>`pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)`.as('description'),
    ])

/** Objects in a temporary schema end with their session. Until then the role cannot be dropped. */
const beyondReach = (version: number, needs: Needs) =>
  ctes
    .selectFrom('any_object as o')
    .innerJoin('dependency as d', (join) =>
      join.onRef('d.classid', '=', 'o.classid').onRef('d.objid', '=', 'o.oid'),
    )
    .where(sql<boolean>`d.here and ${isBeyondReach(version, needs)}`)
    .select([
      'd.role',
      sql<string>`coalesce(
        o.unreachable,
        case o.kind when 'subscription' then 'subscription of another database' else 'temporary ' || o.kind end
      )`.as('kind'),
      sql<string>`pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)`.as('description'),
    ])

/** `ALTER ROLE … SET`, with the names only: the values may be confidential. */
export const describedSetting = sql<string>`pg_catalog.array_to_string(array(
  select pg_catalog.split_part(setting, '=', 1) from pg_catalog.unnest(s.setconfig) as setting
), ', ') || coalesce((
  select ' in database ' || pg_catalog.quote_ident(d.datname) from pg_catalog.pg_database as d where d.oid = s.setdatabase
), '')`

const roleSetting = () =>
  ctes
    .selectFrom('pg_catalog.pg_db_role_setting as s')
    .where('s.setrole', '=', sql<number>`any(array(select w.oid from tracked_role as w))`)
    .select([
      's.setrole as role',
      sql<string>`'settings'::text`.as('kind'),
      describedSetting.as('description'),
    ])

export const unmanaged: Cte<'unmanaged'> = (version, needs) =>
  roleSetting()
    .unionAll(beyondReach(version, needs))
    .$if(needs.rare.has('unmanaged'), (query) => query.unionAll(otherDependency(version)))
