import type { DesiredRole, MembershipOptions, Plan, Settings, Skipped } from '@pgsr/node-postgres'
import type { Sandbox } from '../../harness/sandbox/sandbox.ts'
import { restricted, settings } from './random-roles.ts'
import type { Names } from './random-world.ts'

/** A row of `pg_auth_members`. Before 16 a membership has INHERIT as its member has it, and SET. */
interface Row extends Required<MembershipOptions> {
  readonly role: string
  readonly member: string
  readonly grantor: string
}

/** What the catalogs say of the roles themselves: read with no code of pgsr’s. */
export interface RoleReality {
  readonly memberships: readonly Row[]
  /** By role and property: `limit`, `comment`, `inherit`, or a setting with its database. */
  readonly properties: ReadonlyMap<string, string>
  /** The roles with CREATEROLE. */
  readonly creators: ReadonlySet<string>
}

const keyOf = (role: string, property: string, database = ''): string => [role, property, database].join(' ')

export const readRoles = async ({ admin, server }: Sandbox, { roles }: Names): Promise<RoleReality> => {
  const listed = roles.map((role) => `'${role}'`).join()
  const rows = await admin(`
    select r.rolname::text, m.rolname::text, g.rolname::text, a.admin_option,
      ${server.version >= 160_000 ? 'a.inherit_option, a.set_option' : 'm.rolinherit, true'}
    from pg_auth_members as a join pg_roles as r on r.oid = a.roleid join pg_roles as m on m.oid = a.member
    left join pg_roles as g on g.oid = a.grantor where m.rolname in (${listed})`)
  const properties = await admin(`
    with r as (select * from pg_roles where rolname in (${listed}))
    select rolname::text, 'limit', '', rolconnlimit::text from r
    union all select rolname, 'inherit', '', rolinherit::text from r
    union all select rolname, 'comment', '', shobj_description(oid, 'pg_authid') from r
    union all select rolname, lower(substring(x from '^[^=]*')), coalesce(d.datname, ''), substring(x from '=(.*)$')
    from r join pg_db_role_setting as s on s.setrole = r.oid cross join lateral unnest(s.setconfig) as x
    left join pg_database as d on d.oid = s.setdatabase`)
  const creators = await admin(`select rolname::text from pg_roles where rolcreaterole`)
  return {
    memberships: (rows as readonly (readonly [string, string, string, boolean, boolean, boolean])[]).map(
      ([role, member, grantor, isAdmin, inherit, set]) => ({
        role,
        member,
        grantor,
        admin: isAdmin,
        inherit,
        set,
      }),
    ),
    properties: new Map(
      (properties as readonly (readonly [string, string, string, string | null])[]).flatMap(
        ([role, property, database, value]) =>
          value === null ? [] : [[keyOf(role, property, database), value]],
      ),
    ),
    creators: new Set(creators.map(([role]) => role as string)),
  }
}

/** What the catalogs should have of the settings that are asked for. */
const storedOf = (role: string, asked: Settings, database = ''): readonly (readonly [string, string])[] =>
  Object.entries(asked).map(([setting, value]) => [
    keyOf(role, setting, database),
    settings[setting]!.find((one) => JSON.stringify(one.asked) === JSON.stringify(value))!.stored,
  ])

const isSetting = (key: string): boolean => !['limit', 'comment', 'inherit'].includes(key.split(' ')[1] ?? '')

/** What a role should have of what is no grant: what is asked for, and the rest as before. */
const expectedProperties = (
  before: RoleReality,
  { role, connectionLimit, comment, inherit, settings: inAll, settingsIn }: DesiredRole,
  { skipped, residue }: Plan,
): ReadonlyMap<string, string> => {
  const expected = new Map([...before.properties].filter(([key]) => key.startsWith(`${role} `)))
  if (connectionLimit !== undefined) expected.set(keyOf(role, 'limit'), String(connectionLimit))
  if (inherit !== undefined) expected.set(keyOf(role, 'inherit'), String(inherit))
  if (comment === null) expected.delete(keyOf(role, 'comment'))
  else if (comment !== undefined) expected.set(keyOf(role, 'comment'), comment)
  if (inAll === undefined && settingsIn === undefined) return expected
  const asked = new Map([
    ...storedOf(role, inAll ?? {}),
    ...Object.entries(settingsIn ?? {}).flatMap(([database, all]) => storedOf(role, all, database)),
  ])
  const left = new Set([
    ...skipped.flatMap((one) =>
      one.role === role && one.property?.setting !== undefined
        ? [keyOf(role, one.property.setting, one.property.database)]
        : [],
    ),
    ...residue.flatMap(({ fact }) =>
      fact.kind === 'property' && fact.role === role && fact.setting !== undefined
        ? [keyOf(role, fact.setting, fact.database)]
        : [],
    ),
  ])
  for (const key of expected.keys()) if (isSetting(key) && !left.has(key)) expected.delete(key)
  for (const [key, value] of asked) if (!left.has(key)) expected.set(key, value)
  return expected
}

type Asked = ReadonlyMap<string, MembershipOptions>

/** The memberships that a role should have: those that it asks for, and those in roles that list it. */
export const membershipsAsked = (desired: readonly DesiredRole[], member: string): Asked =>
  new Map([
    ...desired.flatMap(({ role, grants }) =>
      role === member
        ? grants.flatMap((grant) => (grant.kind === 'membership' ? [[grant.role, grant] as const] : []))
        : [],
    ),
    ...desired.flatMap(({ role, members = [] }) =>
      members.flatMap((one) => {
        const listed = typeof one === 'string' ? { role: one } : one
        return listed.role === member ? [[role, listed] as const] : []
      }),
    ),
  ])

const isSkippedIn = (skipped: readonly Skipped[], member: string, role: string): boolean =>
  skipped.some((one) => one.role === member && one.grant?.kind === 'membership' && one.grant.role === role)

const any = (rows: readonly Row[], option: 'admin' | 'inherit' | 'set'): boolean =>
  rows.some((row) => row[option])

/** What is wrong with a membership, if anything. */
const wrongMembership = ({
  rows,
  old,
  asked,
  isAdmin16,
}: {
  readonly rows: readonly Row[]
  readonly old: readonly Row[]
  readonly asked: MembershipOptions | undefined
  readonly isAdmin16: boolean
}): string | undefined => {
  if (asked === undefined) return rows.length === 0 ? undefined : 'is a member'
  if (rows.length === 0) return 'is no member'
  if (any(rows, 'admin') !== (asked.admin ?? false)) return 'has or lacks ADMIN'
  if (!isAdmin16) return undefined
  for (const option of ['inherit', 'set'] as const) {
    const other = option === 'set' ? 'inherit' : 'set'
    const value = asked[option]
    if (value !== undefined && any(rows, option) !== value) return `has or lacks ${option}`
    // What is not asked for stays, unless the membership would give nothing then.
    const stays = any(old, 'inherit') || any(old, 'set')
    if (value === undefined && stays && asked[other] !== false && any(rows, option) !== any(old, option))
      return `has or lacks ${option}, unlike before`
  }
  return undefined
}

/** What is not as a sync should have made it. */
export const wrongRoles = ({
  desired,
  plan,
  before,
  after,
  version,
  names,
}: {
  readonly desired: readonly DesiredRole[]
  readonly plan: Plan
  readonly before: RoleReality
  readonly after: RoleReality
  readonly version: number
  readonly names: Names
}): readonly string[] => {
  const wrong: string[] = []
  for (const one of desired) {
    const expected = expectedProperties(before, one, plan)
    const actual = new Map([...after.properties].filter(([key]) => key.startsWith(`${one.role} `)))
    for (const key of new Set([...expected.keys(), ...actual.keys()]))
      if (expected.get(key) !== actual.get(key))
        wrong.push(`${key} is ${actual.get(key) ?? 'not there'}, not ${expected.get(key) ?? 'missing'}`)
  }
  const listing = new Set(desired.flatMap(({ role, members }) => (members === undefined ? [] : [role])))
  const isDesired = new Set(desired.map(({ role }) => role))
  const isLeft = ({ role, member, grantor, admin }: Row): boolean =>
    plan.residue.some(
      ({ fact }) =>
        fact.kind === 'membership' &&
        fact.role === role &&
        fact.member === member &&
        (version < 160_000 || fact.grantor === grantor),
    ) ||
    // What comes with CREATEROLE, and what a creator grants itself.
    (version >= 160_000 &&
      after.creators.has(member) &&
      (grantor === member || (admin && !names.roles.includes(grantor))))
  for (const member of names.roles)
    for (const role of names.roles) {
      if (!isDesired.has(member) && !listing.has(role)) continue
      const between = ({ memberships }: RoleReality): readonly Row[] =>
        memberships.filter((row) => row.role === role && row.member === member)
      const asked = membershipsAsked(desired, member).get(role)
      if (asked !== undefined && isSkippedIn(plan.skipped, member, role)) continue
      const rows = between(after).filter((row) => !isLeft(row))
      if (rows.length === 0 && between(after).length > 0) continue
      const problem = wrongMembership({ rows, old: between(before), asked, isAdmin16: version >= 160_000 })
      if (problem !== undefined) wrong.push(`${member} in ${role} ${problem}`)
    }
  return [
    ...wrong,
    ...plan.skipped.flatMap(({ property, reason, message }) =>
      property !== undefined && reason === 'not permitted' && !restricted.has(property.setting ?? '')
        ? [`skipped: ${message}`]
        : [],
    ),
  ]
}
