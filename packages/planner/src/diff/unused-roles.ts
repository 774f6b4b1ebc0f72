import type { Access } from '../access/access.ts'
import { describeRefusal } from '../access/refusal.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import { attributesOf, privilegeFact } from '../catalog/facts.ts'
import { describeFact, describeName, describeObject } from '../model/describe.ts'
import type { PrivilegeFact } from '../model/fact.ts'
import { isCaretakerName, isDelegateName, isIntermediateName } from '../model/managed-role.ts'
import { isVanished } from '../model/nameless.ts'
import type { Role } from '../model/snapshot.ts'
import type { AclEntry } from '../postgres/acl.ts'
import { isRealMember } from '../postgres/membership-option.ts'
import { objectKinds } from '../postgres/object-kind.ts'
import { sortedUnique } from '../util/collections.ts'

/** What an intermediate role has in this database and in the catalogs of the cluster. */
export interface Ties {
  /** It is named in ACLs: its members, if it has any, have what it holds. */
  holds: boolean
  /** It holds a privilege on an object of the cluster. */
  holdsShared: boolean
  /** It may own something, of whatever kind. */
  owns: boolean
  /** What an intermediate role should not have, in words that can follow “it”. */
  readonly beyond: string[]
  /** Why the acting role may not drop it, in words. */
  readonly notPermitted: string[]
  /** What it holds by grants of roles that do not own the object. */
  readonly byOthers: PrivilegeFact[]
}

const tieByItem = (ties: Ties, object: CatalogObject, item: AclEntry, access: Access): void => {
  const { shared = false } = objectKinds[object.kind]
  ties.holds = true
  ties.holdsShared ||= shared
  for (const [privilege, grantable] of item.privileges) {
    const why = access.objects.whyNotManaged(object, privilege)
    if (why !== undefined) ties.notPermitted.push(describeRefusal(why))
    const fact = privilegeFact(object, item, privilege)
    if (item.grantor !== object.owner && !isVanished(item.grantor)) ties.byOthers.push(fact)
    if (item.grantor !== object.owner || grantable) ties.beyond.push(`holds ${describeFact(fact)}`)
  }
}

const tieAsGrantor = (ties: Ties, object: CatalogObject, { grantee }: AclEntry): void => {
  ties.holds = true
  ties.beyond.push(`has granted privileges on ${describeObject(object)} to ${describeName(grantee)}`)
}

const tieAsOwner = (ties: Ties, what: string): void => {
  ties.owns = true
  ties.beyond.push(what)
}

/** Whether a role has CREATEROLE because it is a delegate. A superuser need not ask whose delegate it is. */
const isDelegate = ({ name }: Role, access: Access): boolean =>
  access.isSuperuser ? isDelegateName(name) : access.graph.isDelegate(name)

/** Its attributes and memberships that an intermediate role should not have. */
const beyondInItself = (catalog: Catalog, role: Role, access: Access): readonly string[] => [
  ...attributesOf({
    ...role,
    inherit: false,
    createRole: role.createRole && !isDelegate(role, access),
  }).map((attribute) => `has ${attribute}`),
  ...(role.inherit ? [] : ['has NOINHERIT']),
  ...sortedUnique(catalog.memberships.ofMember(role.name).map((row) => row.role)).map(
    (above) => `is a member of role ${describeName(above)}`,
  ),
]

/** Goes through the catalog once, whatever the number of roles. */
const tiesOf = (
  catalog: Catalog,
  candidates: ReadonlySet<string>,
  access: Access,
): ReadonlyMap<string, Ties> => {
  const all = new Map<string, Ties>()
  for (const name of candidates)
    all.set(name, {
      holds: false,
      holdsShared: false,
      owns: false,
      beyond: [...beyondInItself(catalog, catalog.roles.get(name)!, access)],
      notPermitted: access.roles.mayDrop(name)
        ? []
        : [`role ${describeName(catalog.server.actingRole)} may not drop it`],
      byOthers: [],
    })
  const tie = (role: string, by: (ties: Ties) => void): void => {
    const ties = all.get(role)
    if (ties !== undefined) by(ties)
  }
  for (const object of catalog.objects.values()) {
    const { owner, ownerFollows } = object
    if (ownerFollows === undefined) tie(owner, (ties) => tieAsOwner(ties, `owns ${describeObject(object)}`))
    for (const item of object.acl.values()) {
      const { grantee, grantor } = item
      if (grantee !== owner) tie(grantee, (ties) => tieByItem(ties, object, item, access))
      if (grantor !== owner) tie(grantor, (ties) => tieAsGrantor(ties, object, item))
    }
  }
  for (const { owner, acl } of catalog.defaults)
    for (const named of new Set([owner, ...[...acl.values()].map(({ grantee }) => grantee)]))
      tie(named, (ties) => tieAsOwner(ties, `is named in default privileges of role ${describeName(owner)}`))
  for (const { role, kind, description } of catalog.unmanaged)
    tie(role, (ties) => tieAsOwner(ties, `has ${kind} ${describeName(description)}`))
  return all
}

/**
 * Whether nothing needs a role. Other databases judge what it holds there. A role that holds something of the
 * cluster is kept, since another database may be about to grant it: before 16, DROP ROLE does not wait for a
 * GRANT of the role. A caretaker is needed for as long as it owns something.
 */
const isUnused = (catalog: Catalog, role: string, { holds, holdsShared, owns }: Ties): boolean =>
  isCaretakerName(role)
    ? !owns
    : !holdsShared && !(holds && catalog.memberships.inRole(role).some(isRealMember))

/**
 * The roles of pgsr’s own that nothing needs, with what ties them to this database.
 * @param access what the acting role may do
 */
export const unusedRoles = (catalog: Catalog, access: Access): ReadonlyMap<string, Ties> => {
  const candidates = new Set(
    sortedUnique(catalog.mayBeUnused).filter(
      (name) => isIntermediateName(name) && catalog.roles.get(name)?.elsewhere === 0,
    ),
  )
  const ties = tiesOf(catalog, candidates, access)
  return new Map([...ties].filter(([role, tied]) => isUnused(catalog, role, tied)))
}
