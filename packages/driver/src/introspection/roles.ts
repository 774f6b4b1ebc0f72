import { type RawBuilder, sql } from 'kysely'
import {
  caretakerName,
  catalogOid,
  delegateName,
  intermediateName,
  looksIntermediate,
  zero,
} from './constant.ts'
import { isRealMember } from './membership.ts'
import { type Cte, ctes } from './cte.ts'
import type { Test } from './role-columns.ts'

const none = ctes.selectNoFrom(sql<number>`null::oid`.as('oid')).where(sql<boolean>`false`)

/** Reads the name from PostgreSQL’s cache: a join with the view of roles takes long to plan. */
const called = (oid: string): RawBuilder<unknown> => sql`pg_catalog.pg_get_userbyid(${sql.ref(oid)})::text`

const isIntermediate = (oid: string): RawBuilder<boolean> => sql`${called(oid)} ~ ${intermediateName}`

/** The grantees on requested objects that have the name of an intermediate role. To get a name takes a while, so each is checked once. */
const candidate = () =>
  ctes
    .selectFrom((eb) =>
      eb
        .selectFrom('requested_object as f')
        .crossJoinLateral(() => sql<{ grantee: number }>`pg_catalog.aclexplode(f.acl)`.as<'item'>(sql`item`))
        .select('item.grantee')
        .distinct()
        .offset(zero)
        .as('g'),
    )
    .where(looksIntermediate(called('g.grantee')))
    .select('g.grantee as oid')

const hasMember = (version: number) => sql<boolean>`exists (
  select from pg_catalog.pg_auth_members as m
  where m.roleid = r.oid and ${isRealMember(version)}
  offset 0
)`

const isMentioned = (where: RawBuilder<unknown>) => sql<boolean>`exists (
  select from pg_catalog.pg_shdepend as d
  where d.refclassid = ${catalogOid('pg_catalog.pg_authid')} and d.refobjid = r.oid and d.deptype <> 'p' ${where}
  offset 0
)`

/** The patterns begin with constant text, so that the index on role names is used. */
export const unusedRole: Cte<'unused_role'> = (version, { unusedRoles }) =>
  !unusedRoles
    ? none
    : ctes
        .selectFrom('pg_catalog.pg_roles as r')
        .where(
          sql<boolean>`(
        r.rolname ~ ${intermediateName} and (
          not ${isMentioned(sql``)}
          or not ${hasMember(version)} and ${isMentioned(sql`and d.dbid = (select s.database from session as s)`)}
        )
        or r.rolname ~ ${caretakerName} and not ${isMentioned(sql`and d.deptype = 'o'`)}
        or r.rolname ~ ${delegateName} and not ${isMentioned(sql``)} and not exists (
          select from pg_catalog.pg_auth_members as m where m.member = r.oid offset 0
        )
      )`,
        )
        .select('r.oid')

export const intermediateRole: Cte<'intermediate_role'> = () =>
  candidate()
    .union((eb) => eb.selectFrom('unused_role as u').select('u.oid'))
    .union((eb) =>
      eb
        .selectFrom('pg_catalog.pg_auth_members as m')
        .where('m.member', '=', sql<number>`any(array(select d.oid from desired as d))`)
        .where(looksIntermediate(called('m.roleid')))
        .select('m.roleid as oid'),
    )

export const trackedRole: Cte<'tracked_role'> = () =>
  ctes
    .selectFrom('desired as d')
    .select(['d.oid', sql<boolean>`true`.as('desired')])
    .unionAll((eb) =>
      eb
        .selectFrom('intermediate_role as i')
        .where('i.oid', 'not in', eb.selectFrom('desired as d').select('d.oid'))
        .select(['i.oid', sql<boolean>`false`.as('desired')]),
    )

const isNoSuperuser = sql<boolean>`not s.superuser`

export const actingAs: Cte<'acting_as'> = (version) =>
  ctes
    .selectFrom('session as s')
    .select('s.acting as oid')
    .union((eb) =>
      eb
        .selectFrom('acting_as as o')
        .crossJoinLateral((of) =>
          of
            .selectFrom('pg_catalog.pg_auth_members as m')
            .whereRef('m.member', '=', 'o.oid')
            .where(isRealMember(version))
            .select('m.roleid')
            .offset(zero)
            .as('x'),
        )
        .select('x.roleid as oid'),
    )

const isAdministered = (role: string) => sql<boolean>`exists (
  select from pg_catalog.pg_auth_members as a
  where a.roleid = ${sql.ref(role)} and a.admin_option and a.member in (select o.oid from acting_as as o)
  offset 0
)`

/** Up to eight grantees of each schema: those with a grant option first, then those that the acting role administers. */
const ofSchemas = sql<{ oid: number }>`(
  select i.grantee as oid
  from snapshot_schema as o join pg_catalog.pg_namespace as n on n.oid = o.oid
  cross join lateral (
    select x.grantee from pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) as x
    where x.grantee <> 0 and x.grantee <> n.nspowner
    order by x.is_grantable desc, ${isAdministered('x.grantee')} desc limit 8
  ) as i
)`

/**
 * Owners, grantors of the desired roles’ memberships, and grantors of privileges on objects of others. For an acting
 * superuser only grantors are read: it may act as anybody but another superuser.
 */
export const principal: Cte<'principal'> = (_version, { readsRights }) =>
  ctes
    .selectFrom('owner_or_grantor as o')
    .select('o.oid')
    .$if(readsRights, (query) =>
      query
        .union((eb) =>
          eb
            .selectFrom(['pg_catalog.pg_auth_members as m', 'session as s'])
            .where(isNoSuperuser)
            .where('m.member', '=', sql<number>`any(array(select d.oid from desired as d))`)
            .select('m.grantor as oid'),
        )
        .union((eb) => eb.selectFrom('session as s').where(isNoSuperuser).select('s.database_owner as oid'))
        .union(ofSchemas),
    )

/**
 * From 16 on, for an acting role that is no superuser: the principals, the desired and the requested
 * roles, then up to eight members of each of them that the acting role does not administer, and so on. Members with the
 * ADMIN option come first.
 */
export const reachableRole: Cte<'reachable_role'> = (version, { readsRights }) =>
  version < 160000 || !readsRights
    ? none
    : ctes
        .selectFrom(['principal as p', 'session as s'])
        .where(isNoSuperuser)
        .select('p.oid')
        .union((eb) => eb.selectFrom(['desired as d', 'session as s']).where(isNoSuperuser).select('d.oid'))
        .union((eb) =>
          eb.selectFrom(['requested_role as l', 'session as s']).where(isNoSuperuser).select('l.oid'),
        )
        .union((eb) =>
          eb
            .selectFrom('reachable_role as w')
            .innerJoinLateral(
              (of) =>
                of
                  .selectFrom('pg_catalog.pg_auth_members as m')
                  .whereRef('m.roleid', '=', 'w.oid')
                  .where(sql<boolean>`not ${isAdministered('w.oid')}`)
                  .orderBy('m.admin_option', 'desc')
                  .orderBy(isAdministered('m.member'), 'desc')
                  .orderBy('m.inherit_option', 'desc')
                  .limit(sql<number>`8`)
                  .select('m.member')
                  .as('x'),
              (join) => join.onTrue(),
            )
            .select('x.member as oid'),
        )

/**
 * The acting role and, from 16 on, its delegates. A role is a delegate only if the acting role created it, which the grant of
 * the ADMIN option by the bootstrap superuser shows, and if nobody else is a member of it, who could act as it.
 */
export const administrator: Cte<'administrator'> = (version, { readsRights }) =>
  ctes
    .selectFrom('session as s')
    .select('s.acting as oid')
    .$if(version >= 160000 && readsRights, (query) =>
      query.unionAll((eb) =>
        eb
          .selectFrom(['pg_catalog.pg_auth_members as m', 'session as s'])
          .whereRef('m.member', '=', 's.acting')
          .where(isNoSuperuser)
          .where(sql<boolean>`m.grantor = 10 and m.admin_option and not ${isRealMember(version)}`)
          .where(sql<boolean>`pg_catalog.pg_get_userbyid(m.roleid)::text ~ ${delegateName}`)
          .where(
            sql<boolean>`not exists (
              select from pg_catalog.pg_auth_members as o
              where o.roleid = m.roleid and (o.member <> s.acting or o.grantor not in (10, s.acting))
              offset 0
            )`,
          )
          .select('m.roleid as oid'),
      ),
    )

/**
 * From 16 on, the creator of a role has a membership with only the ADMIN option. Such memberships must not add every role
 * that the acting role or a delegate ever created to the snapshot, nor every intermediate role of other roles.
 */
export const onlyAdministers = (
  version: number,
  {
    isTracked,
    isWanted,
    isAdministrator,
  }: Readonly<Record<'isTracked' | 'isWanted' | 'isAdministrator', Test>>,
): RawBuilder<boolean> => sql<boolean>`
  not ${isRealMember(version)}
  and not ${isTracked(sql`m.member`)}
  and not ${isWanted(sql`m.roleid`)}
  and (${isAdministrator(sql`m.member`)} or ${isIntermediate('m.roleid')})
`

/** The same, where lists of roles are common table expressions. */
const inSteps = {
  isTracked: (oid) => sql`${oid} in (select w.oid from tracked_role as w)`,
  isWanted: (oid) => sql`${oid} in (
    select w.oid from tracked_role as w union all select l.oid from requested_role as l
    union all select p.oid from principal as p union all select i.oid from reachable_role as i
  )`,
  isAdministrator: (oid) => sql`${oid} in (select a.oid from administrator as a)`,
} as const satisfies Parameters<typeof onlyAdministers>[1]

export const roleClosure: Cte<'role_closure'> = (version) =>
  ctes
    .selectFrom('tracked_role as w')
    .select('w.oid')
    .union((eb) => eb.selectFrom('requested_role as l').select('l.oid'))
    .union((eb) => eb.selectFrom('principal as p').select('p.oid'))
    .union((eb) => eb.selectFrom('reachable_role as i').select('i.oid'))
    .union((eb) => eb.selectFrom('session as s').select('s.acting as oid'))
    .union((eb) =>
      eb
        .selectFrom('role_closure as c')
        .crossJoinLateral((of) =>
          of
            .selectFrom('pg_catalog.pg_auth_members as x')
            .whereRef('x.member', '=', 'c.oid')
            .selectAll()
            .offset(zero)
            .as('m'),
        )
        .$if(version >= 160000, (query) =>
          query.where(sql<boolean>`not (${onlyAdministers(version, inSteps)})`),
        )
        .select('m.roleid as oid'),
    )

export const snapshotRole: Cte<'snapshot_role'> = () =>
  ctes
    .selectFrom('role_closure as c')
    .select('c.oid')
    .union((eb) => eb.selectFrom('session as s').select('s.login as oid'))
    .union(sql<{ oid: number }>`(select 10::oid as oid)`)
