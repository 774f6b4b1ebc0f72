import type { CatalogObject } from '../catalog/catalog-object.ts'
import { tableOf } from '../catalog/column.ts'
import type { RowPolicy } from '../model/access-traits.ts'
import type { Condition } from '../model/explanation.ts'
import { everybody } from '../postgres/acl-item.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { AccessGraph } from './access-graph.ts'

/** The privileges that row security limits. */
const limited: ReadonlySet<Privilege> = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE'])

/** The privileges with which a view or a foreign table leads to what is behind it. */
const leadsOn = limited

/**
 * Whether row security applies to a role.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/misc/rls.c (check_enable_rls)
 */
const isSubject = (graph: AccessGraph, role: string, { owner, access }: CatalogObject): boolean => {
  const { superuser = false, bypassRls = false } = graph.catalog.roles.get(role) ?? {}
  if (access?.rowSecurity === undefined || superuser || bypassRls) return false
  return access.rowSecurity === 'forced' || !graph.hasPrivilegesOf(role, owner)
}

const applies = (graph: AccessGraph, role: string, privilege: Privilege, { command, roles }: RowPolicy) =>
  (command === 'ALL' || command === privilege) &&
  roles.some((one) => one === everybody || graph.hasPrivilegesOf(role, one))

/** The policies that decide which rows. Restrictive ones alone let no row through, as if there were none. */
const policiesFor = (
  graph: AccessGraph,
  role: string,
  privilege: Privilege,
  { access }: CatalogObject,
): readonly RowPolicy[] => {
  const all = (access?.policies ?? []).filter((policy) => applies(graph, role, privilege, policy))
  return all.some(({ permissive }) => permissive) ? all : []
}

/** What decides what a privilege is worth for a role that has it. */
export const conditionsOf = (
  graph: AccessGraph,
  role: string,
  privilege: Privilege,
  object: CatalogObject,
): readonly Condition[] => {
  const table = tableOf(graph.catalog, object)[0] ?? object
  const conditions: Condition[] = []
  if (limited.has(privilege) && isSubject(graph, role, table))
    conditions.push({
      kind: 'row security',
      policies: policiesFor(graph, role, privilege, table),
    })
  if (!leadsOn.has(privilege)) return conditions
  if (table.access?.securityInvoker === true) conditions.push({ kind: 'security invoker' })
  if (table.access?.relation === 'foreign table') conditions.push({ kind: 'foreign table' })
  return conditions
}
