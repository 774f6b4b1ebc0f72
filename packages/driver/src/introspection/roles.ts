import { type RawBuilder, sql } from 'kysely'
import { caretakerName, catalogOid, delegateName, intermediateName, zero } from './constant.ts'
import { isRealMember } from './membership.ts'
import { type Stage, stages } from './stage.ts'

/** By PostgreSQL's own cache: to join the view of all roles takes long to plan. */
const isIntermediate = (oid: string) =>
  sql<boolean>`pg_catalog.pg_get_userbyid(${sql.ref(oid)})::text ~ ${intermediateName}`

/** The grantees in the ACLs of what was found that have a name of ours, which takes longest to see: each is looked at once. */
const candidate = () =>
  stages
    .selectFrom((eb) =>
      eb
        .selectFrom('found as f')
        .crossJoinLateral(() => sql<{ grantee: number }>`pg_catalog.aclexplode(f.acl)`.as<'item'>(sql`item`))
        .select('item.grantee')
        .distinct()
        .offset(zero)
        .as('g'),
    )
    .where(isIntermediate('g.grantee'))
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

/** The index on names finds those that a pattern begins with. */
export const unused: Stage<'unused'> = (version, { unusedRoles }) =>
  !unusedRoles
    ? stages.selectNoFrom(sql<number>`null::oid`.as('oid')).where(sql<boolean>`false`)
    : stages
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

export const intermediate: Stage<'intermediate'> = () =>
  candidate()
    .union((eb) => eb.selectFrom('unused as u').select('u.oid'))
    .union((eb) =>
      eb
        .selectFrom('pg_catalog.pg_auth_members as m')
        .where('m.member', '=', sql<number>`any(array(select d.oid from desired as d))`)
        .where(isIntermediate('m.roleid'))
        .select('m.roleid as oid'),
    )

export const watched: Stage<'watched'> = () =>
  stages
    .selectFrom('desired as d')
    .select(['d.oid', sql<boolean>`true`.as('desired')])
    .unionAll((eb) =>
      eb
        .selectFrom('intermediate as i')
        .where('i.oid', 'not in', eb.selectFrom('desired as d').select('d.oid'))
        .select(['i.oid', sql<boolean>`false`.as('desired')]),
    )

const isNoSuperuser = sql<boolean>`not s.superuser`

/** The acting role, and the roles that it is a member of. */
export const own: Stage<'own'> = (version) =>
  stages
    .selectFrom('session as s')
    .select('s.acting as oid')
    .union((eb) =>
      eb
        .selectFrom('own as o')
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
  where a.roleid = ${sql.ref(role)} and a.admin_option and a.member in (select o.oid from own as o)
  offset 0
)`

/** Some of those that come to what is in schemas, or may let others come: rather whom the acting role administers. */
const ofSchemas = sql<{ oid: number }>`(
  select i.grantee as oid from object as o cross join session as s cross join lateral (
    select x.grantee from pg_catalog.aclexplode(o.acl) as x
    where x.grantee <> 0 and x.grantee <> o.owner
    order by x.is_grantable desc, ${isAdministered('x.grantee')} desc limit 8
  ) as i
  where o.kind = 'schema' and ${isNoSuperuser}
)`

/**
 * Owners, who granted what the desired roles are members of, or granted what it does not own. A superuser may act in
 * anybody's name, but not in that of another superuser.
 */
export const principal: Stage<'principal'> = () =>
  stages
    .selectFrom(['object as o', 'session as s'])
    .where(isNoSuperuser)
    .select('o.owner as oid')
    .union((eb) =>
      eb
        .selectFrom(['pg_catalog.pg_auth_members as m', 'session as s'])
        .where(isNoSuperuser)
        .where('m.member', '=', sql<number>`any(array(select d.oid from desired as d))`)
        .select('m.grantor as oid'),
    )
    .union((eb) => eb.selectFrom('session as s').where(isNoSuperuser).select('s.database_owner as oid'))
    .union(ofSchemas)
    .union((eb) => eb.selectFrom('passed_on_object as p').select('p.grantor as oid'))
    .union((eb) => eb.selectFrom('default_acl as a').select('a.role as oid'))

/**
 * From 16 on: whom a role that is no superuser may make itself a member of, so that it comes to act as others: who
 * administers those, and a few of their members, rather those that it administers; and so on.
 */
export const wayIn: Stage<'way_in'> = (version) =>
  version < 160000
    ? stages.selectNoFrom(sql<number>`null::oid`.as('oid')).where(sql<boolean>`false`)
    : stages
        .selectFrom(['principal as p', 'session as s'])
        .where(isNoSuperuser)
        .select('p.oid')
        .union((eb) => eb.selectFrom(['desired as d', 'session as s']).where(isNoSuperuser).select('d.oid'))
        .union((eb) => eb.selectFrom(['listed as l', 'session as s']).where(isNoSuperuser).select('l.oid'))
        .union((eb) =>
          eb
            .selectFrom('way_in as w')
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
 * The acting role and, from 16 on, its delegates: where they are many, what they administer is much. Only the creator of a
 * role has the ADMIN option of the bootstrap superuser’s grant; and whoever else is a member of one could become it.
 */
export const administrator: Stage<'administrator'> = (version) =>
  stages
    .selectFrom('session as s')
    .select('s.acting as oid')
    .$if(version >= 160000, (query) =>
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
 * From 16 on, who creates a role may administer it without being a member in any other way. That must not bring every
 * role that the acting role or a delegate ever created into view, nor every intermediate role that somebody else has.
 */
const onlyAdministers = (version: number) => sql<boolean>`
  not ${isRealMember(version)}
  and c.oid not in (select w.oid from watched as w)
  and m.roleid not in (
    select w.oid from watched as w union all select l.oid from listed as l union all select p.oid from principal as p
    union all select i.oid from way_in as i
  )
  and (
    c.oid in (select a.oid from administrator as a)
    or ${isIntermediate('m.roleid')}
  )
`

export const closure: Stage<'closure'> = (version) =>
  stages
    .selectFrom('watched as w')
    .select('w.oid')
    .union((eb) => eb.selectFrom('listed as l').select('l.oid'))
    .union((eb) => eb.selectFrom('principal as p').select('p.oid'))
    .union((eb) => eb.selectFrom('way_in as i').select('i.oid'))
    .union((eb) => eb.selectFrom('session as s').select('s.acting as oid'))
    .union((eb) =>
      eb
        .selectFrom('closure as c')
        .crossJoinLateral((of) =>
          of
            .selectFrom('pg_catalog.pg_auth_members as x')
            .whereRef('x.member', '=', 'c.oid')
            .selectAll()
            .offset(zero)
            .as('m'),
        )
        .$if(version >= 160000, (query) => query.where(sql<boolean>`not (${onlyAdministers(version)})`))
        .select('m.roleid as oid'),
    )

export const viewed: Stage<'viewed'> = () =>
  stages
    .selectFrom('closure as c')
    .select('c.oid')
    .union((eb) => eb.selectFrom('session as s').select('s.login as oid'))
    .union(sql<{ oid: number }>`(select 10::oid as oid)`)
