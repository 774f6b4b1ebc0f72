import { type RawBuilder, sql } from 'kysely'
import { membershipsBy, rows } from './membership.ts'
import type { Needs } from './needs.ts'
import { partOfScope } from './scope-part.ts'

const predefined = sql`'{pg_read_all_data,pg_write_all_data,pg_maintain}'::name[]`

/** The grantees and grantors on the objects, and their owners. */
const named = (column: 'grantee' | 'grantor'): RawBuilder<unknown> =>
  sql`select i.${sql.ref(column)} as oid from access_object as o cross join lateral pg_catalog.aclexplode(o.acl) as i
    union select o.owner from access_object as o`

/** Who asks, who is asked about, and whoever granted something, since that decides how it is revoked. */
const askedRoles = sql`
  select r.oid from pg_catalog.pg_roles as r
  where r.rolname = any(${partOfScope('accessRoles')})
  union ${named('grantor')}`

/** Whoever holds something on the objects, superusers, and the predefined roles that give something on all of them. */
const holders = sql`
  select r.oid from pg_catalog.pg_roles as r where r.rolsuper or r.rolname = any(${predefined})
  union ${named('grantee')}`

/** All that some roles are members of, or that are members of them, level by level, so that indexes are searched. */
const closure = (start: RawBuilder<unknown>, from: 'member' | 'roleid', to: 'member' | 'roleid') =>
  sql`access_level as (
    select array(${start}) as oids
    union
    select array(
      select distinct m.${sql.ref(to)} from (
        select x.* from pg_catalog.pg_auth_members as x where x.${sql.ref(from)} = any(l.oids) offset 0
      ) as m order by 1
    ) from access_level as l
  )`

const mine = sql`select s.acting from session as s union select s.login from session as s union select 10::oid`

/** The roles to read, as common table expressions of which the last is `access_role`. */
export const accessRoles = ({ accessRoles: which }: Needs): readonly RawBuilder<unknown>[] => {
  if (which === 'all') return [sql`access_role as (select r.oid from pg_catalog.pg_roles as r)`]
  const walk =
    which === 'holders' ? closure(holders, 'roleid', 'member') : closure(askedRoles, 'member', 'roleid')
  return [
    walk,
    sql`access_role as (
      select distinct r.oid from access_level as l cross join lateral pg_catalog.unnest(l.oids) as r(oid)
      union ${mine}
    )`,
  ]
}

/**
 * The rows between these roles. The index is searched once, for the side from which the roles were found, and the other side
 * is hashed. Otherwise PostgreSQL takes the roles for few, and searches for all of them anew for each of them.
 */
const between = (version: number, { accessRoles: which }: Needs) => {
  const [searched, hashed] =
    which === 'holders' ? (['roleid', 'member'] as const) : (['member', 'roleid'] as const)
  return rows(version, membershipsBy(searched, sql`any(array(select r.oid from access_role as r))`)).where(
    sql<boolean>`(m.${sql.ref(hashed)} in (select r.oid from access_role as r)) is true`,
  )
}

/**
 * The memberships between these roles; and from 16 on, those that were granted by virtue of them, which have to be revoked
 * before them, with all that the same members have in the same role.
 */
export const accessMemberships = (version: number, needs: Needs): readonly RawBuilder<unknown>[] => {
  if (needs.accessRoles === 'all') return [sql`access_membership as (${rows(version)})`]
  if (version < 160000) return [sql`access_membership as (${between(version, needs)})`]
  return [
    sql`access_between as (${between(version, needs)})`,
    sql`access_dependent as (
      select b.* from access_between as b
      union
      select x.roleid, x.member, x.grantor, x.admin_option, x.inherit_option, x.set_option
      from access_dependent as p cross join lateral (
        select m.* from pg_catalog.pg_auth_members as m where m.roleid = p.roleid and m.grantor = p.member offset 0
      ) as x
      where p.admin_option
    )`,
    sql`access_membership as (
      select d.* from access_dependent as d
      union
      select x.roleid, x.member, x.grantor, x.admin_option, x.inherit_option, x.set_option
      from access_dependent as p cross join lateral (
        select m.* from pg_catalog.pg_auth_members as m where m.roleid = p.roleid and m.member = p.member offset 0
      ) as x
    )`,
  ]
}
