import { Authority } from './authority.ts'
import { describeFact, describeName, describeObject } from './describe.ts'
import type { PrivilegeFact } from './fact.ts'
import { attributesOf, privilegeFact } from './facts-of.ts'
import { getOrMake } from './get-or-make.ts'
import { isIntermediateName } from './intermediate-role.ts'
import { objectKinds } from './object-kind.ts'
import { sortedUnique } from './order.ts'
import { quoteIdent } from './quote.ts'
import { isRealMember } from './real-member.ts'
import { asGrantor, type Residue } from './residue.ts'
import type { Wanted } from './wanted.ts'
import type { World, WorldAclItem, WorldObject } from './world.ts'

/** What an intermediate role has in this database and in the catalogs of the cluster. */
interface Ties {
  /** It holds something: its members, if it has any, have that. */
  holds: boolean
  /** It holds something that is not in a database. */
  holdsShared: boolean
  /** It may own something, of whatever kind. */
  owns: boolean
  /** What an intermediate role does not have, as it would follow “it”. */
  readonly beyond: string[]
  /** What the acting role may not do about it, as it would follow “it is not dropped:”. */
  readonly notPermitted: string[]
  /** What it holds by the grant of a role that does not own the object. */
  readonly byOthers: PrivilegeFact[]
}

/** Goes once through all that is in view, whatever the number of roles. */
const tiesOf = (
  world: World,
  candidates: ReadonlySet<string>,
  authority: Authority,
): ReadonlyMap<string, Ties> => {
  const all = new Map<string, Ties>()
  const of = (role: string): Ties =>
    getOrMake(all, role, () => ({
      holds: false,
      holdsShared: false,
      owns: false,
      beyond: [],
      notPermitted: [],
      byOthers: [],
    }))
  for (const object of world.objects.values()) {
    const { owner, follows } = object
    if (candidates.has(owner) && follows === undefined) {
      of(owner).owns = true
      of(owner).beyond.push(`owns ${describeObject(object)}`)
    }
    for (const item of object.acl.values()) {
      if (candidates.has(item.grantee) && item.grantee !== owner) {
        tieToItem(of(item.grantee), object, item)
        const why = authority.whyNotManaged(object)
        if (why !== undefined) of(item.grantee).notPermitted.push(why)
      }
      if (candidates.has(item.grantor) && item.grantor !== owner)
        of(item.grantor).beyond.push(
          `has granted privileges on ${describeObject(object)} to ${describeName(item.grantee)}`,
        )
    }
  }
  for (const { role, acl } of world.defaultPrivileges)
    for (const named of new Set([role, ...acl.flatMap(({ grantee, grantor }) => [grantee, grantor])]))
      if (candidates.has(named)) {
        of(named).owns = true
        of(named).beyond.push(`is named in default privileges of role ${describeName(role)}`)
      }
  for (const one of world.unmanaged)
    if (candidates.has(one.role)) {
      of(one.role).owns = true
      of(one.role).beyond.push(`has ${one.kind} ${describeName(one.description)}`)
    }
  for (const name of candidates) {
    const { inherit, ...role } = world.roles.get(name)!
    if (!authority.mayDrop(name))
      of(name).notPermitted.push(`role ${describeName(world.server.actingRole)} may not drop it`)
    const attributes = attributesOf({ ...role, inherit: false })
    of(name).beyond.push(
      ...attributes.map((attribute) => `has ${attribute}`),
      ...(inherit ? [] : ['has NOINHERIT']),
      ...sortedUnique(world.membershipsOf(name).map((row) => row.role)).map(
        (above) => `is a member of role ${describeName(above)}`,
      ),
    )
  }
  return all
}

const tieToItem = (ties: Ties, object: WorldObject, item: WorldAclItem): void => {
  const { shared = false, managesPrivileges = false } = objectKinds[object.kind]
  ties.holds = true
  ties.holdsShared ||= shared
  for (const [privilege, grantable] of item.privileges) {
    const fact = privilegeFact(object, item, privilege)
    if (item.grantor !== object.owner) ties.byOthers.push(fact)
    if (item.grantor !== object.owner || grantable || !managesPrivileges)
      ties.beyond.push(`holds ${describeFact(fact)}`)
  }
}

/**
 * Whether nothing needs a role. What it holds in other databases is theirs to say. What belongs to the cluster may be
 * about to be given by one of them: before 16, DROP ROLE does not wait for a GRANT of the role.
 */
const isUnused = (world: World, role: string, { holds, holdsShared }: Ties): boolean =>
  !holdsShared && !(holds && world.membersOf(role).some(isRealMember))

/** Everything that keeps an unused role from being dropped; nothing of it is taken away. */
const residueOfRole = (
  role: string,
  { beyond, notPermitted, byOthers, holds, owns }: Ties,
): readonly Residue[] => {
  const why = [...beyond.map((what) => `it ${what}`), ...notPermitted]
  if (why.length === 0) return []
  const name = quoteIdent(role)
  const rid = [`REASSIGN OWNED BY ${name} TO CURRENT_USER`, `DROP OWNED BY ${name}`]
  return [
    {
      role,
      fact: { kind: 'role', role },
      reason: beyond.length > 0 ? 'more than an intermediate role' : 'not permitted',
      message: `role ${describeName(role)} is not dropped: ${why.join(', ')}`,
      statement: [...byOthers.map(asGrantor), ...(holds || owns ? rid : []), `DROP ROLE ${name}`].join('; '),
      by: owns ? 'a superuser, with whose rights what the role owns may act' : 'a superuser',
    },
  ]
}

/** The intermediate roles that are to have nothing any more, and those that nothing needs and that stay. */
export const unusedRoles = (
  world: World,
): { readonly wanted: Wanted; readonly residue: readonly Residue[] } => {
  const authority = new Authority(world)
  const candidates = new Set(
    sortedUnique(world.mayBeUnused).filter(
      (name) => isIntermediateName(name) && world.roles.get(name)?.elsewhere === 0,
    ),
  )
  const ties = tiesOf(world, candidates, authority)
  const unused = [...candidates].filter((role) => isUnused(world, role, ties.get(role)!))
  const residue = unused.flatMap((role) => residueOfRole(role, ties.get(role)!))
  const staying = new Set(residue.map(({ role }) => role))
  const roles = unused.filter((role) => !staying.has(role))
  return { wanted: nothingFor(roles, world.server.actingRole, authority), residue }
}

const nothingFor = (roles: readonly string[], actingRole: string, authority: Authority): Wanted => ({
  roles,
  desired: new Set(roles),
  logins: new Map(),
  memberships: new Map(),
  owners: new Map(),
  privileges: new Map(),
  skipped: [],
  reassignOwnedTo: actingRole,
  reassignsExplicitly: false,
  preserved: new Map(),
  authority,
})
