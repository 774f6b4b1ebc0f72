import { applyOperation } from '../catalog/apply-operation.ts'
import { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import type { AccessChange, AccessDifference } from '../model/explanation.ts'
import { objectTouched, type Operation } from '../model/operation.ts'
import { operationsOf, type Plan } from '../model/plan.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { everybody } from '../postgres/acl-item.ts'
import { distinctObjects, objectKinds, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { privilegesOn } from './access-of.ts'
import { opensBySetRole } from './chains.ts'
import { AccessWorld } from './explain.ts'
import { sourcesOf } from './sources.ts'
import { flatMap } from '../util/collections.ts'

/** A catalog after a plan, and what the plan changes that the catalog does not have. */
export interface AccessAfter {
  readonly catalog: Catalog
  readonly unknown: readonly ObjectName[]
}

const isThere = (catalog: Catalog, object: ObjectName): boolean =>
  catalog.object(object) !== undefined ||
  (object.kind === 'column' && catalog.object({ kind: 'table', name: object.name.slice(0, 2) }) !== undefined)

/** What an operation changes the ACL of is not by default any more. */
const withoutDefault = (catalog: Catalog, operation: Operation): void => {
  const name = objectTouched(operation)
  const object = name && catalog.object(name)
  if (object?.access?.byDefault !== true) return
  const { byDefault: _, ...access } = object.access
  Object.assign(catalog.editable(object), { access })
}

/** Does to what decides about access what plans will do, one after another. Objects without privileges do not matter. */
export const accessAfter = (before: Catalog, ...plans: readonly Plan[]): AccessAfter => {
  const catalog = before.fork()
  const unknown: ObjectName[] = []
  for (const operation of flatMap(plans, operationsOf)) {
    const touched = operation.kind === 'createSchema' ? undefined : objectTouched(operation)
    if (touched !== undefined && !isThere(catalog, touched)) {
      if (objectKinds[touched.kind].privileges.length > 0) unknown.push(touched)
      continue
    }
    applyOperation(catalog, operation)
    withoutDefault(catalog, operation)
  }
  return { catalog, unknown: distinctObjects(unknown) }
}

/** `has`: without doing anything. `opens`: after SET ROLE. */
type How = 'has' | 'opens' | 'not'

const howOf = (
  { catalog, graph }: AccessWorld,
  name: string,
  object: CatalogObject | undefined,
  privilege: Privilege,
): How => {
  if (object === undefined) return 'not'
  // What everybody has, a new role does not gain.
  const role = catalog.roles.has(name) ? name : everybody
  const sources = sourcesOf(catalog, object, privilege)
  if (catalog.isSuperuser(role) || sources.has(everybody) || graph.inheritsFrom.isAnyReachable(role, sources))
    return 'has'
  return opensBySetRole(graph, role, sources) ? 'opens' : 'not'
}

/** What of a role itself decides about its access, as a text to compare. */
const standingOf = ({ roles, memberships, server }: Catalog, role: string): string => {
  const { superuser = false, inherit = false } = roles.get(role) ?? {}
  const rows = memberships.ofMember(role).map(({ role: of, inherit: inherits, set }) => [of, inherits, set])
  return JSON.stringify([roles.has(role), superuser, inherit, server.databaseOwner === role, rows])
}

/** The roles for which something may be different on every object: those that changed, and their members. */
const movedRoles = (
  before: AccessWorld,
  after: AccessWorld,
  roles: readonly string[],
): ReadonlySet<string> => {
  const changed = new Map(
    roles
      .filter((role) => standingOf(before.catalog, role) !== standingOf(after.catalog, role))
      .map((role) => [role, true]),
  )
  const isMoved = (role: string): boolean =>
    [before, after].some(({ graph }) => graph.leadsTo.isAnyReachable(role, changed))
  return new Set(changed.size === 0 ? [] : roles.filter(isMoved))
}

const changeOf = (before: How, after: How): readonly Pick<AccessChange, 'change' | 'bySetRole'>[] => {
  if (before === after) return []
  if (after === 'has') return [{ change: 'gains' }]
  if (before === 'has')
    return [
      { change: 'loses' },
      ...(after === 'opens' ? [{ change: 'gains' as const, bySetRole: true as const }] : []),
    ]
  return [{ change: after === 'opens' ? 'gains' : 'loses', bySetRole: true }]
}

/** How access differs between two catalogs. */
export const differenceBetween = (before: AccessWorld, after: AccessWorld): readonly AccessChange[] => {
  const roles = [
    ...new Set([...before.catalog.roles.keys(), ...after.catalog.roles.keys(), everybody]),
  ].sort()
  const moved = movedRoles(before, after, roles)
  const { version } = after.catalog.server
  const keys = new Set([...before.catalog.objects.keys(), ...after.catalog.objects.keys()])
  const changes: AccessChange[] = []
  for (const key of [...keys].sort()) {
    const { kind, name } = (after.catalog.objects.get(key) ?? before.catalog.objects.get(key))!
    const [one, other] = [before.find({ kind, name }), after.find({ kind, name })]
    // A fork shares what was not changed.
    const isSame = isUnchanged(one, other)
    const ofObject = isSame ? moved : roles
    for (const privilege of privilegesOn({ kind }, version))
      for (const role of ofObject)
        for (const change of changeOf(
          howOf(before, role, one, privilege),
          howOf(after, role, other, privilege),
        ))
          changes.push({ role, ...change, privilege, object: { kind, name } })
  }
  return changes
}

/** Whether nothing about an object was changed. What a table gives on its columns is compared with the table. */
const isUnchanged = (one: CatalogObject | undefined, other: CatalogObject | undefined): boolean =>
  one !== undefined &&
  other !== undefined &&
  one.kind !== 'column' &&
  one.owner === other.owner &&
  one.acl === other.acl

/**
 * Works out what every role, named in a plan or not, will be able to do after the plan that it cannot do now, and the other
 * way round. Pure.
 * @param snapshot read for all roles and objects, to explain access
 *
 * @example
 * ```ts
 * import { accessDifferenceOf, Grant, plan, snapshot } from '@pgsr/planner'
 *
 * const world = snapshot().role('alice').schema('sales')
 * const { changes } = accessDifferenceOf(world, plan(world, { role: 'alice', grants: [Grant.schemaUsage('sales')] }))
 * console.log(changes)
 * ```
 */
export const accessDifferenceOf = (snapshot: Snapshot, plan: Plan): AccessDifference => {
  const before = new Catalog(snapshot)
  const { catalog, unknown } = accessAfter(before, plan)
  return {
    changes: differenceBetween(new AccessWorld(before), new AccessWorld(catalog)),
    unknown,
  }
}

/** The objects that plans change the access to, and for which a snapshot was not read. */
export const unknownAfter = (snapshot: Snapshot, ...plans: readonly Plan[]): readonly ObjectName[] =>
  accessAfter(new Catalog(snapshot), ...plans).unknown
