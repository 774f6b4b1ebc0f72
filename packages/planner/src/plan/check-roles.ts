import type { Catalog } from '../catalog/catalog.ts'
import { MembershipGraph } from '../catalog/membership-graph.ts'
import { describeGrant, describeName } from '../model/describe.ts'
import { type DesiredRole, grantsOfKind, listedMemberships, preservedSchemas } from '../model/desired-role.ts'
import { ForbiddenRoleError } from '../model/errors.ts'
import { type MembershipGrant, ofKind } from '../model/grant.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import { newOwnersIn, type SyncRequest } from '../model/request.ts'
import { isNamed } from '../model/target.ts'
import { isRealMember } from '../postgres/membership-option.ts'
import { schemaOf } from '../postgres/object-kind.ts'
import { isNone, Targets } from '../resolve/match-objects.ts'
import { isPreservedIn } from '../resolve/target-state.ts'
import { flatMap } from '../util/collections.ts'

/** For each of some roles, the nearest superuser that it is or is a member of. */
export const superusersAbove = (
  catalog: Catalog,
  roles: readonly string[],
): ((role: string) => string | undefined) => {
  const canBecome = (member: string): readonly string[] =>
    flatMap(catalog.memberships.ofMember(member), (row) => (isRealMember(row) ? [row.role] : []))
  const paths = new MembershipGraph(canBecome)
  const isSuperuser = (role: string): boolean => catalog.isSuperuser(role)
  const below = paths.leadingTo(roles, isSuperuser)
  return (role) => (below.has(role) ? [...paths.reachable(role)].find(isSuperuser) : undefined)
}

/** Refuses preserved or managed schemas that do not exist, unless a grant creates them. */
const checkSchemas = (catalog: Catalog, { desired, options }: SyncRequest): void => {
  const asked = new Set(
    flatMap(grantsOfKind(desired, 'ownership'), ({ object }) =>
      isNamed(object) && object.kind === 'schema' ? object.name : [],
    ),
  )
  const isMissing = (schema: string): boolean =>
    !asked.has(schema) && catalog.object({ kind: 'schema', name: [schema] }) === undefined
  const managed = options.manages?.schemas?.find(isMissing)
  if (managed !== undefined)
    throw new InvalidGrantError({
      field: 'manages',
      message: `cannot manage what roles have in schema ${describeName(managed)}: it does not exist`,
    })
  for (const { role, preserveExistingGrantsInSchemas = [] } of desired)
    for (const schema of preserveExistingGrantsInSchemas)
      if (isMissing(schema))
        throw new InvalidGrantError({
          role,
          field: 'preserveExistingGrantsInSchemas',
          message: `cannot preserve what role ${describeName(role)} has in schema ${describeName(schema)}: it does not exist`,
        })
}

/** Refuses grants of ownership of what another desired role keeps. */
const checkPreserved = (catalog: Catalog, desired: readonly DesiredRole[]): void => {
  const preserved = preservedSchemas(desired)
  if (preserved.size === 0) return
  const targets = new Targets(catalog, new Map())
  for (const { role, grants } of desired)
    for (const grant of ofKind(grants, 'ownership')) {
      const found = targets.objectsOf(grant.object)
      if (isNone(found)) continue
      for (const { object, existing } of found) {
        const owner = existing?.owner
        if (owner !== undefined && owner !== role && isPreservedIn({ preserved }, owner, schemaOf(object)))
          throw new InvalidGrantError({
            role,
            field: 'object',
            message: `cannot grant ${describeGrant(grant)} to role ${describeName(role)}: role ${describeName(owner)} keeps what it has in that schema`,
          })
      }
    }
}

/** The memberships that a role asks for: its own, and those of the members that it lists. */
const membershipsAsked = (
  desired: DesiredRole,
): readonly { readonly member: string; readonly grant: MembershipGrant }[] => [
  ...ofKind(desired.grants, 'membership').map((grant) => ({ member: desired.role, grant })),
  ...listedMemberships(desired),
]

export const checkRoles = (catalog: Catalog, request: SyncRequest): void => {
  const { desired, options } = request
  const superuserAbove = superusersAbove(catalog, [
    ...grantsOfKind(desired, 'membership').map(({ role }) => role),
    ...flatMap(desired, listedMemberships).map(({ grant }) => grant.role),
  ])
  const { actingRole, sessionRole, bootstrapRole } = catalog.server
  for (const one of desired) {
    const { role, grants, absent } = one
    const forbid = (why: string): never => {
      throw new ForbiddenRoleError(role, `cannot sync role ${describeName(role)}: ${why}`)
    }
    if (role === bootstrapRole)
      forbid('it is the bootstrap superuser, whose privileges the catalogs do not record')
    if (absent === true && (role === actingRole || role === sessionRole))
      forbid('it is the role that syncs, which cannot be dropped')
    if (!options.allowSelf && (role === actingRole || role === sessionRole))
      forbid('it is the role that syncs; set allowSelf to allow that')
    if (options.allowSuperuser) continue
    if (catalog.isSuperuser(role)) forbid('it is a superuser; set allowSuperuser to allow that')
    if (grants.some((grant) => grant.kind === 'attribute' && grant.attribute === 'SUPERUSER'))
      forbid('it would become a superuser; set allowSuperuser to allow that')
    for (const { member, grant } of membershipsAsked(one)) {
      const superuser = superuserAbove(grant.role)
      if (superuser === undefined) continue
      const why =
        superuser === grant.role
          ? 'it is a superuser'
          : `it is a member of superuser ${describeName(superuser)}`
      throw new ForbiddenRoleError(
        role,
        `cannot grant membership in role ${describeName(grant.role)} to role ${describeName(member)}: ${why}; set allowSuperuser to allow that`,
      )
    }
  }
  checkSchemas(catalog, request)
  checkPreserved(catalog, desired)
  for (const heir of newOwnersIn(request))
    if (!catalog.roles.has(heir))
      throw new InvalidGrantError({
        field: 'reassignOwnedTo',
        message: `cannot reassign ownership to role ${describeName(heir)}: it does not exist`,
      })
}
