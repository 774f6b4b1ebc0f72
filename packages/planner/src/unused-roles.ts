import type { AclEntry } from './acl.ts'
import { Authority } from './authority.ts'
import { isCaretakerName } from './caretaker.ts'
import { isDelegateName } from './delegate.ts'
import { describeFact, describeName, describeObject } from './describe.ts'
import type { PrivilegeFact } from './fact.ts'
import { attributesOf, privilegeFact } from './facts-of.ts'
import { isIntermediateName } from './intermediate-role.ts'
import { objectKinds } from './object-kind.ts'
import { sortedUnique } from './order.ts'
import { quoteIdent } from './quote.ts'
import { isRealMember } from './real-member.ts'
import { endAsGrantor, type Residue } from './residue.ts'
import type { Role } from './snapshot.ts'
import { isVanished } from './vanished-role.ts'
import type { Wanted } from './wanted.ts'
import type { World, WorldObject } from './world.ts'

/** What an intermediate role has in this database and in the catalogs of the cluster. */
interface Ties {
  /** It stands in ACLs: its members, if it has any, have what it holds. */
  holds: boolean
  /** It holds something that is not in a database. */
  holdsShared: boolean
  /** It may own something, of whatever kind. */
  owns: boolean
  /** What an intermediate role does not have, as it would follow “it”. */
  readonly beyond: string[]
  /** What the acting role may not do to drop it. */
  readonly notPermitted: string[]
  /** What it holds by the grant of a role that does not own the object. */
  readonly byOthers: PrivilegeFact[]
}

const tieByItem = (ties: Ties, object: WorldObject, item: AclEntry, authority: Authority): void => {
  const { shared = false } = objectKinds[object.kind]
  ties.holds = true
  ties.holdsShared ||= shared
  for (const [privilege, grantable] of item.privileges) {
    const why = authority.whyNotManaged(object, privilege)
    if (why !== undefined) ties.notPermitted.push(why)
    const fact = privilegeFact(object, item, privilege)
    if (item.grantor !== object.owner && !isVanished(item.grantor)) ties.byOthers.push(fact)
    if (item.grantor !== object.owner || grantable) ties.beyond.push(`holds ${describeFact(fact)}`)
  }
}

const tieAsGrantor = (ties: Ties, object: WorldObject, { grantee }: AclEntry): void => {
  ties.holds = true
  ties.beyond.push(`has granted privileges on ${describeObject(object)} to ${describeName(grantee)}`)
}

const tieAsOwner = (ties: Ties, what: string): void => {
  ties.owns = true
  ties.beyond.push(what)
}

/** Whether it is to have CREATEROLE: for whom it administers roles, a superuser need not ask. */
const isDelegate = ({ name }: Role, authority: Authority): boolean =>
  authority.isSuperuser ? isDelegateName(name) : authority.isDelegate(name)

/** What it has in itself, and by its own memberships. */
const beyondInItself = (world: World, role: Role, authority: Authority): readonly string[] => [
  ...attributesOf({
    ...role,
    inherit: false,
    createRole: role.createRole && !isDelegate(role, authority),
  }).map((attribute) => `has ${attribute}`),
  ...(role.inherit ? [] : ['has NOINHERIT']),
  ...sortedUnique(world.membershipsOf(role.name).map((row) => row.role)).map(
    (above) => `is a member of role ${describeName(above)}`,
  ),
]

/** Goes once through all that is in view, whatever the number of roles. */
const tiesOf = (
  world: World,
  candidates: ReadonlySet<string>,
  authority: Authority,
): ReadonlyMap<string, Ties> => {
  const all = new Map<string, Ties>()
  for (const name of candidates)
    all.set(name, {
      holds: false,
      holdsShared: false,
      owns: false,
      beyond: [...beyondInItself(world, world.roles.get(name)!, authority)],
      notPermitted: authority.mayDrop(name)
        ? []
        : [`role ${describeName(world.server.actingRole)} may not drop it`],
      byOthers: [],
    })
  const tie = (role: string, by: (ties: Ties) => void): void => {
    const ties = all.get(role)
    if (ties !== undefined) by(ties)
  }
  for (const object of world.objects.values()) {
    const { owner, follows } = object
    if (follows === undefined) tie(owner, (ties) => tieAsOwner(ties, `owns ${describeObject(object)}`))
    for (const item of object.acl.values()) {
      const { grantee, grantor } = item
      if (grantee !== owner) tie(grantee, (ties) => tieByItem(ties, object, item, authority))
      if (grantor !== owner) tie(grantor, (ties) => tieAsGrantor(ties, object, item))
    }
  }
  for (const { owner, acl } of world.defaults)
    for (const named of new Set([owner, ...[...acl.values()].map(({ grantee }) => grantee)]))
      tie(named, (ties) => tieAsOwner(ties, `is named in default privileges of role ${describeName(owner)}`))
  for (const { role, kind, description } of world.unmanaged)
    tie(role, (ties) => tieAsOwner(ties, `has ${kind} ${describeName(description)}`))
  return all
}

/**
 * Whether nothing needs a role. What it holds in other databases is theirs to say. What belongs to the cluster may be
 * about to be given by one of them: before 16, DROP ROLE does not wait for a GRANT of the role. A caretaker is needed for
 * as long as it owns something.
 */
const isUnused = (world: World, role: string, { holds, holdsShared, owns }: Ties): boolean =>
  isCaretakerName(role) ? !owns : !holdsShared && !(holds && world.membersOf(role).some(isRealMember))

/** Everything that keeps an unused role from being dropped; nothing of it is taken away. */
const residueOfRole = (
  role: string,
  { beyond, notPermitted, byOthers, holds, owns }: Ties,
): readonly Residue[] => {
  const why = [...new Set([...beyond.map((what) => `it ${what}`), ...notPermitted])]
  if (why.length === 0) return []
  const name = quoteIdent(role)
  const rid = [`REASSIGN OWNED BY ${name} TO CURRENT_USER`, `DROP OWNED BY ${name}`]
  return [
    {
      role,
      fact: { kind: 'role', role },
      reason: beyond.length > 0 ? 'more than an intermediate role' : 'not permitted',
      message: `role ${describeName(role)} is not dropped: ${why.join(', ')}`,
      statement: [
        ...byOthers.map((fact) => endAsGrantor(fact).statement),
        ...(holds || owns ? rid : []),
        `DROP ROLE ${name}`,
      ].join('; '),
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
  return { wanted: nothingFor(roles, authority), residue }
}

const nothingFor = (roles: readonly string[], authority: Authority): Wanted => ({
  roles,
  desired: new Set(roles),
  logins: new Map(),
  attributes: new Map(),
  memberships: new Map(),
  owners: new Map(),
  privileges: new Map(),
  defaults: new Map(),
  idle: new Set(),
  skipped: [],
  reassignOwnedTo: undefined,
  caretakers: new Map(),
  attachableIn: new Set(),
  preserved: new Map(),
  managesCluster: true,
  keepDependents: false,
  authority,
  authorityOverContents: authority,
  authorityOverPrivileges: authority,
})
