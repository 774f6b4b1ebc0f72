import { type RawBuilder, sql } from 'kysely'
import { looksIntermediate } from './constant.ts'
import {
  allOf,
  anyOf,
  handOn,
  type HandedList,
  isHashedIn,
  isIn,
  listHandedOn,
  ofSession,
  oidsOf,
  sessionHandedOn,
} from './handed-on.ts'
import { membershipsOf } from './membership.ts'
import { name } from './name.ts'
import { type Needs, type Purpose, readsEach } from './needs.ts'
import {
  administeredByOthers,
  administers,
  attributes,
  type ForChanges,
  servesOthers,
  type Test,
} from './role-columns.ts'
import { closureOf } from './role-closure.ts'
import { actingAs, administrator, onlyAdministers } from './roles.ts'
import { partOfScope } from './scope-part.ts'
import { eachRole, rolesAlike } from './roles-alike.ts'
import { handingOn, listing, type Statement } from './statement.ts'

/** The grantees of schemas, a row for each privilege. */
const grantees = sql`
  select s.oid, s.grantee from (
    select n.oid, n.nspowner,
      (pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner)))).grantee
    from pg_catalog.pg_namespace as n where n.oid = ${anyOf('snapshot_schema')}
  ) as s
  where s.grantee <> 0 and s.grantee <> s.nspowner`

const principals = sql`
  select o.oid from owner_or_grantor as o
  union select m.grantor from pg_catalog.pg_auth_members as m where m.member = ${anyOf('desired')}
  union select ${ofSession('database_owner')}
  union select g.grantee from grantee as g`

/**
 * For a role that is no superuser: as whom it acts, which roles it administers by, and the owners and grantors that it may
 * have to act as. A superuser can act as anybody.
 */
const rights = handingOn(
  (version, needs) => sql`
    with recursive ${sql.join([
      sessionHandedOn(),
      listHandedOn('owner_or_grantor'),
      sql`acting_as as (${actingAs(version, needs)})`,
      sql`administrator as (${administrator(version, needs)})`,
      sql`grantee as (${grantees})`,
    ])}
    select ${sql.join([
      handOn('acting_as', sql`array(select o.oid from acting_as as o)`),
      handOn('administrator', sql`array(select a.oid from administrator as a)`),
      handOn('principal', sql`array(${principals})`),
    ])}`,
)

/** Whether some role has members and is not administered by the acting role. */
const isBeyondAdministration = sql`exists (
  select from (
    select pg_catalog.unnest(${oidsOf('principal')} || ${oidsOf('desired')} || ${oidsOf('requested_role')})
  ) as r(oid)
  where exists (select from pg_catalog.pg_auth_members as m where m.roleid = r.oid offset 0)
  and not exists (
    select from pg_catalog.pg_auth_members as a
    where a.roleid = r.oid and a.admin_option and a.member in ${allOf('acting_as')}
    offset 0
  )
)`

const hasManyGrantees = sql`exists (
  select from (${grantees}) as g group by g.oid having pg_catalog.count(*) > 8
)`

/**
 * Whether the acting role may have to make itself a member of another role, so that all that it can reach has to be read:
 * some role has members and is not administered by the acting role, or a schema has many grantees.
 */
const reach = listing('reach', (version) => ({
  columns: {
    isWider: version < 160000 ? hasManyGrantees : sql`${isBeyondAdministration} or ${hasManyGrantees}`,
  },
  from: sql``,
}))

/** The acting role, which alone administers roles for a superuser, or the roles by which it administers. */
const administrators =
  ({ readsRights }: Needs): Test =>
  (oid) =>
    readsRights ? isIn(oid, 'administrator', true) : sql`${oid} = ${ofSession('acting')}`

/** The roles that matter, and all that they are members of. */
const closure = handingOn((version, needs) => {
  const principal: HandedList = needs.readsRights ? 'principal' : 'owner_or_grantor'
  const wanted: readonly HandedList[] = ['tracked_role', 'requested_role', principal]
  const mayBeLong = needs.readsRights
  const isFollowed = sql`not (${onlyAdministers(version, {
    isTracked: (oid) => isIn(oid, 'tracked_role', mayBeLong),
    isWanted: (oid) =>
      sql`(${sql.join(
        wanted.map((list) => isIn(oid, list, mayBeLong)),
        sql` or `,
      )})`,
    isAdministrator: administrators(needs),
  })})`
  const start = sql`${sql.join(wanted.map(oidsOf), sql` || `)} || ${ofSession('acting')}`
  const { walk, found } = closureOf(version, false, start, version < 160000 ? undefined : isFollowed)
  return sql`
    with recursive ${walk}
    select ${handOn('role_closure', sql`array(${found})`)}`
})

/** The tracked roles that a desired role may become a member of: of the others, all desired roles are members. */
const joinable = handingOn((_version, { isOneDesired }) => {
  const ofAll = isOneDesired
    ? sql``
    : sql`group by m.roleid
      having pg_catalog.count(distinct m.member) = pg_catalog.cardinality(${partOfScope('desired')})`
  return sql`select ${handOn(
    'joinable_role',
    sql`array(
      select x.oid from pg_catalog.unnest(${oidsOf('tracked_role')}) as x(oid)
      except
      select m.roleid from pg_catalog.pg_auth_members as m where m.member = ${anyOf('desired')} ${ofAll}
    )`,
  )}`
})

const forChanges = (version: number, needs: Needs): ForChanges => {
  const isAdministrator = administrators(needs)
  const isDesired: Test = (oid) => isIn(oid, 'desired', !needs.isOneDesired)
  return {
    servesOthers: servesOthers(version, looksIntermediate(sql`r.rolname`), isDesired),
    administeredByOthers: administeredByOthers(
      sql`r.oid in ${allOf('joinable_role')} and r.oid not in ${allOf('desired')}`,
      isAdministrator,
    ),
    administers: administers(version, isAdministrator(sql`r.oid`)),
  }
}

const notRead: ForChanges = {
  servesOthers: sql`false`,
  administeredByOthers: sql`false`,
  administers: sql`null::int8`,
}

/** The roles of the closure, and those that act. */
export const roles = listing('rolesAlike', (version, needs) => {
  // In an array, an oid reads the same as its text.
  const columns = {
    ...attributes,
    oid: sql`r.oid`,
    ...(needs.purpose === 'change' ? forChanges(version, needs) : notRead),
  }
  const from = sql`from pg_catalog.pg_roles as r
    where r.oid = any((
      select ${oidsOf('role_closure')} || array[${ofSession('acting')}, ${ofSession('login')}, 10::oid]
    )::oid[])`
  return readsEach(needs) ? eachRole(columns, from) : rolesAlike(columns, from)
})

/** In which way a member is one. Before 16 memberships have no options. */
const optionsOf = (version: number): readonly RawBuilder<unknown>[] => [
  sql`m.grantor, m.admin_option`,
  ...(version < 160000 ? [] : [sql`m.inherit_option, m.set_option`]),
]

/**
 * Which memberships of the roles in the closure matter. Those of a role that administers others are many. A plan touches only
 * those in roles of the closure.
 */
const membershipsFor: Readonly<Record<Purpose, (needs: Needs) => RawBuilder<unknown>>> = {
  change: () => sql`where ${isHashedIn(sql`m.roleid`, 'role_closure')}`,
  compare: () => sql``,
  prove: (needs) => sql`where ${isIn(sql`m.member`, 'tracked_role', !readsEach(needs))}
    or ${isIn(sql`m.roleid`, 'role_closure', !readsEach(needs))}`,
}

/** The names of the roles with some oids. */
const namesOf = (oids: RawBuilder<unknown>, needs: Needs): RawBuilder<unknown> =>
  sql`(select pg_catalog.array_agg(${name('r.oid', needs)} order by r.number)
    from pg_catalog.unnest(${oids}) with ordinality as r(oid, number))`

/** How memberships are put into rows. */
type Grouping = (
  read: RawBuilder<unknown>,
  options: RawBuilder<unknown>,
  needs: Needs,
) => Readonly<Record<'roles' | 'members' | 'from', RawBuilder<unknown>>>

/** A row for each. */
const each: Grouping = (read, _options, needs) => ({
  roles: sql`array[${name('m.roleid', needs)}]`,
  members: sql`array[${name('m.member', needs)}]`,
  from: sql`from ${read} order by m.member, m.roleid, m.grantor`,
})

/** A row for each member. */
const byMember: Grouping = (read, options, needs) => ({
  roles: sql`pg_catalog.array_agg(${name('m.roleid', needs)} order by m.roleid)`,
  members: sql`array[${name('m.member', needs)}]`,
  from: sql`from ${read} group by m.member, ${options} order by m.member, ${options}`,
})

/** A row for all members of the same roles. It takes longer to plan. */
const byRoles: Grouping = (read, options, needs) => ({
  roles: namesOf(sql`m.roles`, needs),
  members: namesOf(sql`m.members`, needs),
  from: sql`from (
    select m.roles, pg_catalog.array_agg(m.member order by m.member) as members, ${options}
    from (
      select m.member, pg_catalog.array_agg(m.roleid order by m.roleid) as roles, ${options}
      from ${read} group by m.member, ${options}
    ) as m group by m.roles, ${options}
  ) as m order by m.members, ${options}`,
})

export const memberships = listing('membershipsAlike', (version, needs) => {
  const read = sql`${membershipsOf(anyOf('role_closure'))} as m ${membershipsFor[needs.purpose](needs)}`
  const grouping = readsEach(needs) ? each : needs.isOneDesired ? byMember : byRoles
  const { from, ...names } = grouping(read, sql.join(optionsOf(version)), needs)
  return {
    columns: {
      ...names,
      grantor: name('m.grantor', needs),
      admin: sql`m.admin_option`,
      // Before 16 memberships have no options: every member inherits and may SET ROLE.
      inherit: version < 160000 ? sql`true` : sql`m.inherit_option`,
      set: version < 160000 ? sql`true` : sql`m.set_option`,
    },
    from,
  }
})

/**
 * The statements that read the roles of which the catalogs usually show everything that matters: those above, what they are
 * members of, and, for a role that is no superuser, owners and grantors.
 */
export const usualRoles = ({ readsRights }: Needs): readonly Statement[] => [
  ...(readsRights ? [rights, reach] : []),
  closure,
  joinable,
  roles,
  memberships,
]
