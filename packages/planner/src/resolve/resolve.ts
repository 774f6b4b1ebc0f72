import { Access } from '../access/access.ts'
import { RoleGraph } from '../access/role-graph.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { absentRolesOf } from '../model/absent-role.ts'
import {
  type DesiredRole,
  grantsOfKind,
  listedMemberships,
  preservedSchemas,
  rolesWithMembers,
} from '../model/desired-role.ts'
import { caretakerName } from '../model/managed-role.ts'
import { judgedBy } from '../model/managed.ts'
import type { Skipped } from '../model/plan.ts'
import { askersOf, heirsOf, type SyncRequest } from '../model/request.ts'
import { isNamed } from '../model/target.ts'
import { attachableOf, isAttaching } from './future-owner.ts'
import { AttributeResolver } from './resolve-attributes.ts'
import { DefaultPrivilegeResolver } from './resolve-default-privileges.ts'
import { GrantResolver } from './resolve-grants.ts'
import { resolveOwnership } from './resolve-ownership.ts'
import { PropertyResolver } from './resolve-properties.ts'
import { Skips } from './skips.ts'
import { type AskedGrant, type Goal, nothingFor, type TargetState } from './target-state.ts'
import { flatMap } from '../util/collections.ts'

/** For each desired role that owns something: the name of a caretaker that may own it instead. */
const caretakersFor = (catalog: Catalog, { desired, seed }: SyncRequest): ReadonlyMap<string, string> => {
  const newestOf = new Map<string, number>()
  const mayOwn = new Set(desired.map(({ role }) => role))
  for (const { owner, oid } of catalog.objects.values())
    if (mayOwn.has(owner)) newestOf.set(owner, Math.max(newestOf.get(owner) ?? 0, Number(oid)))
  const named = new Set<string>()
  const caretakers = new Map<string, string>()
  for (const { role } of desired) {
    const newest = newestOf.get(role)
    if (newest === undefined) continue
    const isTaken = (name: string): boolean => catalog.roles.has(name) || named.has(name)
    const name = caretakerName(catalog.server, role, newest, seed, isTaken)
    caretakers.set(role, name)
    named.add(name)
  }
  return caretakers
}

/** The schemas with tables on which grants ask for privileges that allow attaching code. */
const attachableIn = (desired: readonly DesiredRole[]): ReadonlySet<string> => {
  const schemas = new Set<string>()
  for (const { privileges, object } of grantsOfKind(desired, 'privilege'))
    if (privileges.some(isAttaching)) schemas.add(isNamed(object) ? object.name[0]! : object.schema)
  return schemas
}

/** The members of roles that may lose the ADMIN option, because these list their members. */
const administratorsLost = (catalog: Catalog, desired: readonly DesiredRole[]): readonly string[] => {
  const graph = new RoleGraph(catalog)
  return flatMap(desired, (one) => {
    if (one.members === undefined) return []
    const kept = new Set(
      flatMap(listedMemberships(one), ({ member, grant }) => (grant.admin ? [member] : [])),
    )
    return flatMap(catalog.memberships.inRole(one.role), ({ member, admin }) =>
      admin && !kept.has(member) && !graph.staysMember(member) ? [member] : [],
    )
  })
}

/** The target state before any grant is resolved: who is desired, and what the caller’s options say. */
const emptyTarget = (catalog: Catalog, request: SyncRequest): TargetState => {
  const { desired, options } = request
  const nothing = nothingFor(desired.map(({ role }) => role))
  const caretakers = caretakersFor(catalog, request)
  return {
    ...nothing,
    listing: new Set(rolesWithMembers(desired)),
    losers: new Set([...nothing.desired, ...administratorsLost(catalog, desired)]),
    idle: new Set(
      flatMap(desired, ({ role, grants, preserveExistingGrantsInSchemas = [] }) =>
        grants.length + preserveExistingGrantsInSchemas.length === 0 ? [role] : [],
      ),
    ),
    absent: new Set(absentRolesOf(desired)),
    heirs: heirsOf(request),
    caretakers,
    attachable: attachableOf(catalog, caretakers),
    attachableIn: attachableIn(askersOf(request)),
    preserved: preservedSchemas(desired),
    managed: judgedBy(options),
    external: new Set(flatMap(desired, ({ role, external }) => (external === true ? [role] : []))),
    keepDependents: options.keepDependents === true,
  }
}

/**
 * Tells which roles do not exist and are not to be created: external ones, or with `createRoles: false` all. Skips those
 * among the desired roles.
 */
const absentRoles = (
  catalog: Catalog,
  { desired, options }: SyncRequest,
  skips: Skips,
): ((role: string) => boolean) => {
  const external = new Set(flatMap(desired, (one) => (one.external === true ? [one.role] : [])))
  const staysAbsent = (role: string): boolean =>
    !catalog.roles.has(role) && (options.createRoles === false || external.has(role))
  for (const { role } of desired)
    if (staysAbsent(role))
      skips.add(
        { role, grant: null },
        'absent',
        external.has(role)
          ? 'it does not exist, and is external'
          : 'it does not exist, and createRoles is false',
      )
  return staysAbsent
}

/** The goal, and the grants that are skipped. */
export interface Resolved {
  readonly goal: Goal
  readonly skipped: readonly Skipped[]
}

/**
 * Works out the target state from a request and a catalog: first attributes and ownership, then privileges,
 * memberships and default privileges.
 */
export const resolve = (catalog: Catalog, whole: SyncRequest): Resolved => {
  const skips = new Skips(catalog)
  const staysAbsent = absentRoles(catalog, whole, skips)
  const request = { ...whole, desired: whole.desired.filter(({ role }) => !staysAbsent(role)) }
  const empty = emptyTarget(catalog, request)
  const now = new Access(catalog, { losers: empty.losers })
  const exists = (role: string): boolean => {
    if (catalog.roles.has(role) || now.roles.mayCreateRoles) return true
    const why = `it does not exist, and ${skips.acting} may not create roles`
    skips.notPermitted({ role, grant: null }, why)
    return false
  }
  const existing = request.desired.filter(({ role }) => !empty.absent.has(role) && exists(role))
  const asked = flatMap(askersOf({ ...request, desired: existing }), ({ role, grants }) =>
    grants.map((grant): AskedGrant => ({ role, grant })),
  )
  const attributes = new AttributeResolver(catalog, now, skips, empty)
  for (const reason of asked) {
    const { grant } = reason
    if (grant.kind !== 'attribute') continue
    if (grant.attribute === 'LOGIN') attributes.login(grant, reason)
    else attributes.attribute(grant, reason)
  }
  const others = new PropertyResolver(catalog, now, skips, empty)
  for (const desired of existing) others.role(desired)
  const target = {
    ...empty,
    logins: attributes.logins,
    attributes: attributes.attributes,
    properties: others.properties,
    inherits: others.inherits,
  }
  const { owners, access, settled } = resolveOwnership(catalog, target, now, asked, skips)
  const joined = grantsOfKind(request.desired, 'membership').map(({ role }) => role)
  const goal = { ...target, owners, access }
  const context = {
    goal,
    settled,
    seed: request.seed,
    joined: new Set(joined),
    staysAbsent,
    skips,
  }
  const grants = new GrantResolver(catalog, context)
  const future = new DefaultPrivilegeResolver(catalog, context)
  for (const reason of asked) {
    const { grant } = reason
    switch (grant.kind) {
      case 'privilege':
        grants.privilege(grant, reason)
        break
      case 'membership':
        grants.membership(grant, reason)
        break
      case 'default privilege':
        future.defaultPrivilege(grant, reason)
        break
      case 'attribute':
      case 'ownership':
        break
    }
  }
  for (const { member, grant } of flatMap(existing, listedMemberships))
    grants.member(grant, { role: member, grant })
  const { memberships, privileges, optionsNotGiven, publicObjects } = grants
  const { defaults, publicFutures } = future
  const resolved = { memberships, privileges, optionsNotGiven, publicObjects, defaults, publicFutures }
  return { goal: { ...goal, ...resolved }, skipped: skips.all }
}
