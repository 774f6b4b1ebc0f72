import type { CatalogObject } from '../catalog/catalog-object.ts'
import type { AccessOf, AccessOfOptions, AccessStep, ObjectAccess } from '../model/explanation.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { everybody } from '../postgres/acl-item.ts'
import { objectKinds } from '../postgres/object-kind.ts'
import { type Privilege, privilegesSince } from '../postgres/privilege.ts'
import { flatMap, sortedBy } from '../util/collections.ts'
import { escalationsOf } from './escalations.ts'
import { AccessWorld } from './explain.ts'
import { sourcesOf } from './sources.ts'
import { stepOf } from './steps.ts'
import { reaches } from './who-can.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'

/** The privileges that there are on an object in a version. */
export const privilegesOn = ({ kind }: Pick<CatalogObject, 'kind'>, version: number): readonly Privilege[] =>
  objectKinds[kind].privileges.filter((privilege) => (privilegesSince[privilege] ?? 0) <= version)

/** The same over a snapshot that is indexed already. */
export const accessIn = (
  world: AccessWorld,
  role: string,
  { byPublic = false, paths: most = 10 }: AccessOfOptions = {},
): AccessOf => {
  const { graph, catalog } = world
  const why = world.whyRoleUnknown(role)
  if (why !== undefined)
    throw new InvalidGrantError({ role, field: 'role', message: `cannot list what a role can do: ${why}` })
  const isAsked = (object: CatalogObject, privilege: Privilege): boolean => {
    const sources = sourcesOf(catalog, object, privilege)
    return ((byPublic || role === everybody) && sources.has(everybody)) || reaches(graph, role, sources)
  }
  const objects = flatMap(
    sortedBy(catalog.objects.values(), ({ key }) => key),
    (object): readonly ObjectAccess[] => {
      const privileges = flatMap(
        privilegesOn(object, catalog.server.version),
        (privilege): readonly AccessStep[] =>
          isAsked(object, privilege) ? [stepOf(graph, role, privilege, object, most)] : [],
      )
      const { kind, name, owner } = object
      return privileges.length === 0 ? [] : [{ object: { kind, name }, owner, privileges }]
    },
  )
  return {
    role,
    login: role === everybody ? null : (catalog.roles.get(role)?.login ?? false),
    superuser: catalog.isSuperuser(role),
    objects,
    escalations: role === everybody ? [] : escalationsOf(graph, role),
  }
}

/**
 * Lists everything that a role can do, by which ways, and how it may get more. Pure: it takes a snapshot that was read to
 * explain access, or one made by hand. What the snapshot was not read for is not listed.
 *
 * @throws InvalidGrantError if the role does not exist, or the snapshot was not read for it
 * @example
 * ```ts
 * import { accessOfRole, snapshot } from '@pgsr/planner'
 *
 * const world = snapshot().role('alice').schema('sales', { privileges: { alice: ['USAGE'] } })
 * console.log(accessOfRole(world, 'alice').objects.length)
 * ```
 */
export const accessOfRole = (snapshot: Snapshot, role: string, options?: AccessOfOptions): AccessOf =>
  accessIn(new AccessWorld(snapshot), role, options)
