import type { Catalog } from '../catalog/catalog.ts'
import type { Membership } from '../model/membership.ts'
import type { Policy, UserMapping } from '../model/mentions.ts'
import { isNameless } from '../model/nameless.ts'
import type { Unmanaged } from '../model/snapshot.ts'
import type { Goal } from '../resolve/target-state.ts'
import { append, flatMap } from '../util/collections.ts'

/** Something that keeps a role from being dropped. */
export type Tie =
  | { readonly kind: 'other database'; readonly database: string }
  | { readonly kind: 'policy'; readonly policy: Policy }
  | { readonly kind: 'user mapping'; readonly mapping: UserMapping }
  /** The role stays the grantor of a membership, which PostgreSQL tracks from 16 on. */
  | { readonly kind: 'granted membership'; readonly row: Membership }
  | { readonly kind: 'unmanaged'; readonly unmanaged: Unmanaged }
  /** What the role owns, holds, or has granted. */
  | { readonly kind: 'ownership, privileges' }
  | { readonly kind: 'not permitted' }

/** The roles of a policy without those that should not exist. */
export const rolesLeft = ({ absent }: Goal, { roles }: Policy): readonly string[] =>
  roles.filter((role) => !absent.has(role))

/** Whether a statement can name it, and the roles that a policy keeps: names may not be valid in the encoding of the database. */
export const isNameable = (mention: Policy | UserMapping): boolean =>
  !('server' in mention ? [mention.server] : [mention.policy, ...mention.table.name, ...mention.roles]).some(
    isNameless,
  )

/** The role that changes something in the name of its owner; `undefined` if the acting role may not. */
const asFor = ({ access }: Goal, owner: string): string | undefined =>
  access.overPrivileges.actingAs.proxyFor(owner)

/** A policy that names roles that should not exist, and as whom it can be changed. */
export interface PolicyChange {
  readonly policy: Policy
  readonly owner: string
  readonly left: readonly string[]
  readonly as: string | undefined
}

export const policyChanges = (catalog: Catalog, goal: Goal): readonly PolicyChange[] =>
  flatMap(catalog.mentions.policies, (policy) => {
    const left = rolesLeft(goal, policy)
    if (left.length === policy.roles.length) return []
    const owner = catalog.object(policy.table)?.owner ?? policy.owner
    const as = isNameable(policy) ? asFor(goal, owner) : undefined
    return [{ policy, owner, left, as }]
  })

/** A user mapping of a role that should not exist, and as whom it can be dropped. */
export interface MappingChange {
  readonly mapping: UserMapping
  readonly owner: string
  readonly as: string | undefined
}

export const mappingChanges = (catalog: Catalog, goal: Goal): readonly MappingChange[] =>
  flatMap(catalog.mentions.userMappings, (mapping) => {
    if (!goal.absent.has(mapping.role)) return []
    const owner = catalog.object({ kind: 'foreign server', name: [mapping.server] })?.owner ?? mapping.owner
    return [{ mapping, owner, as: isNameable(mapping) ? asFor(goal, owner) : undefined }]
  })

/** What is unmanaged elsewhere, but goes with a role, or is managed where the role should not exist. */
const notInTheWay: ReadonlySet<string> = new Set(['settings', 'pg_policy', 'pg_user_mapping'])

/** What keeps the roles from being dropped that should not exist. Goes through the catalog once. */
export const tiesOf = (catalog: Catalog, goal: Goal): ReadonlyMap<string, readonly Tie[]> => {
  const all = new Map<string, Tie[]>()
  const { absent, access } = goal
  const holders = new Set<string>()
  const tie = (role: string, to: Tie): void => {
    if (absent.has(role) && catalog.roles.has(role)) append(all, role, to)
  }
  for (const { owner, acl } of catalog.objects.values()) {
    holders.add(owner)
    for (const { grantee, grantor } of acl.values()) holders.add(grantee).add(grantor)
  }
  for (const { owner, acl } of catalog.defaults) {
    holders.add(owner)
    for (const { grantee } of acl.values()) holders.add(grantee)
  }
  for (const role of absent) {
    if (holders.has(role)) tie(role, { kind: 'ownership, privileges' })
    if (!access.now.roles.mayDrop(role)) tie(role, { kind: 'not permitted' })
  }
  for (const { role, database } of catalog.mentions.otherDatabases)
    tie(role, { kind: 'other database', database })
  for (const policy of catalog.mentions.policies)
    for (const role of policy.roles) tie(role, { kind: 'policy', policy })
  for (const mapping of catalog.mentions.userMappings) tie(mapping.role, { kind: 'user mapping', mapping })
  for (const unmanaged of catalog.unmanaged)
    if (!notInTheWay.has(unmanaged.kind)) tie(unmanaged.role, { kind: 'unmanaged', unmanaged })
  for (const row of membershipsGrantedBy(catalog, absent))
    tie(row.grantor, { kind: 'granted membership', row })
  return all
}

/** From 16 on: the memberships of others in others that some roles have granted. */
export const membershipsGrantedBy = (
  catalog: Catalog,
  grantors: ReadonlySet<string>,
): readonly Membership[] =>
  catalog.membershipsHaveGrantors && grantors.size > 0
    ? [...catalog.memberships.all()].filter(
        ({ role, member, grantor }) => grantors.has(grantor) && role !== grantor && member !== grantor,
      )
    : []
