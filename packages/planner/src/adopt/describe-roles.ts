import { Catalog } from '../catalog/catalog.ts'
import { IntermediateRoles } from '../catalog/intermediate-roles.ts'
import { describeName, describeUnmanaged } from '../model/describe.ts'
import type { DesiredRole } from '../model/desired-role.ts'
import type { Grant } from '../model/grant.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import { managedBy, type ManagesOption } from '../model/managed.ts'
import { isNameless, whyNotNamed } from '../model/nameless.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { superusersAbove } from '../plan/check-roles.ts'
import { flatMap, sortedBy } from '../util/collections.ts'
import { levelsIn } from './access-levels.ts'
import { Contents } from './contents.ts'
import type { DescribedRoles, Unsaid } from './described.ts'
import { holdingsOf } from './held.ts'
import { withOnlyObjects } from './only-object.ts'
import { inReadingOrder } from './order.ts'
import { ownedBy, ownershipGrants } from './ownership-grants.ts'
import { privilegeGrants } from './privilege-grants.ts'
import { propertyFields } from './property-fields.ts'
import { attributeGrants, defaultPrivilegeGrants, membershipGrants, unsaidLogin } from './role-grants.ts'
import { unsaidByPlan } from './verify.ts'

/** Why a role is not described, although it is not named by pgsr or PostgreSQL. */
const whyLeftOut = (
  catalog: Catalog,
  role: string,
  superuser: string | undefined,
  areNamed: boolean,
): string | undefined => {
  const { actingRole, sessionRole, bootstrapRole } = catalog.server
  if (isNameless(role)) return whyNotNamed(role)
  if (role === bootstrapRole)
    return 'it is the bootstrap superuser, whose privileges the catalogs do not record'
  if (role.startsWith('pg_')) return 'it is a predefined role'
  if (isIntermediateName(role)) return 'it has the name of a role of pgsr’s own'
  if (areNamed) return undefined
  if (role === actingRole || role === sessionRole)
    return 'it is the role that connects; name it to describe it all the same'
  if (superuser === undefined) return undefined
  const what = superuser === role ? 'a superuser' : `a member of superuser ${describeName(superuser)}`
  return `it is ${what}; name it to describe it all the same`
}

const nothing: ReturnType<typeof membershipGrants> = { grants: [], unsaid: [] }

/** Refuses schemas that do not exist: of a misspelt one, nothing would be described. */
const checkSchemas = (catalog: Catalog, { schemas = [] }: ManagesOption = {}): void => {
  for (const schema of schemas)
    if (catalog.object({ kind: 'schema', name: [schema] }) === undefined)
      throw new InvalidGrantError({
        field: 'manages',
        message: `cannot describe what roles have in schema ${describeName(schema)}: it does not exist`,
      })
}

/**
 * Describes roles as they are. Pure.
 * @param snapshot read within `scopeOfDescription`
 * @param areNamed whether the caller named the roles; otherwise some are left out
 * @param manages what of them is described, checked; everything by default
 */
export const describeSnapshot = (
  snapshot: Snapshot,
  roles: readonly string[],
  areNamed: boolean,
  manages?: ManagesOption,
): DescribedRoles => {
  const catalog = new Catalog(snapshot)
  const managed = managedBy(manages)
  checkSchemas(catalog, manages)
  const unsaid: Unsaid[] = []
  const described = new Set<string>()
  const superuserAbove = superusersAbove(catalog, roles)
  for (const role of [...roles].sort()) {
    // A role that cannot be named was not read.
    if (!catalog.roles.has(role) && !isNameless(role)) {
      if (!areNamed) continue
      throw new InvalidGrantError({
        role,
        field: 'roles',
        message: `cannot describe role ${describeName(role)}: it does not exist`,
      })
    }
    const why = whyLeftOut(catalog, role, superuserAbove(role), areNamed)
    if (why === undefined) described.add(role)
    else
      unsaid.push({
        role,
        reason: 'left out',
        message: `role ${describeName(role)} is not described: ${why}`,
      })
  }
  const contents = new Contents(catalog)
  const holdings = holdingsOf(catalog, new IntermediateRoles(catalog), described, managed)
  const owned = ownedBy(catalog, described, managed)
  const defaults = defaultPrivilegeGrants(catalog, described, managed)
  unsaid.push(...holdings.unsaid)
  const desired = [...described].map((name): DesiredRole => {
    const role = catalog.roles.get(name)!
    const memberships = managed.cluster ? membershipGrants(catalog, role) : nothing
    const login = managed.cluster ? unsaidLogin(role) : undefined
    const properties = managed.cluster
      ? propertyFields(catalog, role, login !== undefined)
      : { fields: {}, unsaid: [] }
    unsaid.push(...(login === undefined ? [] : [login]), ...memberships.unsaid, ...properties.unsaid)
    const privileges: readonly Grant[] = [
      ...privilegeGrants(name, holdings.byRole.get(name) ?? [], contents),
      ...(defaults.get(name) ?? []),
    ]
    const { levels, rest } = levelsIn(privileges, contents)
    const grants = [
      ...(managed.cluster && login === undefined ? attributeGrants(role) : []),
      ...sortedBy(memberships.grants, (grant) => grant.role),
      ...flatMap(ownershipGrants(name, owned.get(name) ?? [], contents, described), inReadingOrder),
      ...flatMap(levels, (level) => level.grants),
      ...inReadingOrder(withOnlyObjects(rest, contents)),
    ]
    return { role: name, grants, ...(login !== undefined && { external: true }), ...properties.fields }
  })
  for (const one of snapshot.unmanaged)
    if (described.has(one.role) && one.kind !== 'settings')
      unsaid.push({ role: one.role, reason: 'unmanaged', message: describeUnmanaged(one) })
  const all = [...unsaid, ...unsaidByPlan(snapshot, desired, unsaid, manages)]
  return { desired, unsaid: sortedBy(all, ({ role }) => role) }
}
