import type { CatalogObject } from '../catalog/catalog-object.ts'
import { columnsFor } from '../catalog/column.ts'
import type {
  AccessQuestion,
  AccessStep,
  ColumnHolders,
  ExplainOptions,
  PathSource,
  RoleAccess,
  WhoCan,
} from '../model/explanation.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { everybody } from '../postgres/acl-item.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { flatMap, getOrMake, sortedBy } from '../util/collections.ts'
import type { AccessGraph } from './access-graph.ts'
import { opensBySetRole, rolesReaching } from './chains.ts'
import { AccessWorld, checkedQuestion } from './explain.ts'
import { type Sources, sourcesOf } from './sources.ts'
import { notRead, stepOf, stepsOf } from './steps.ts'

/** The question without the role. */
export type WhoCanQuestion = Omit<AccessQuestion, 'role'>

/** Roles by name, those who may log in first. */
export const loginFirst = (
  { catalog }: Pick<AccessGraph, 'catalog'>,
  roles: Iterable<string>,
): readonly string[] => sortedBy(roles, (role) => `${catalog.roles.get(role)?.login === true ? 0 : 1}${role}`)

/** Whether a role has what some sources give, or can get it by SET ROLE, in another way than by PUBLIC. */
export const reaches = (graph: AccessGraph, role: string, sources: Sources): boolean =>
  graph.catalog.isSuperuser(role) ||
  graph.inheritsFrom.isAnyReachable(role, sources) ||
  opensBySetRole(graph, role, sources)

/** The roles that have a privilege, or can get it by SET ROLE, in another way than by PUBLIC. */
export const holdersOf = (
  graph: AccessGraph,
  object: CatalogObject,
  privilege: Privilege,
): readonly string[] => {
  const roles = [...graph.catalog.roles.keys()]
  const reaching = rolesReaching(graph, roles, sourcesOf(graph.catalog, object, privilege))
  return roles.filter((role) => reaching.has(role))
}

export const roleAccessOf = (
  graph: AccessGraph,
  role: string,
  { verdict, paths, afterSetRole, morePaths, conditions }: AccessStep,
): RoleAccess => ({
  role,
  login: graph.catalog.roles.get(role)?.login ?? false,
  verdict,
  paths: paths.filter(({ source }) => !isForAll(source)),
  afterSetRole,
  ...(morePaths && { morePaths }),
  conditions,
})

const isForAll = ({ kind }: AccessStep['paths'][number]['source']): boolean =>
  kind === 'PUBLIC' || kind === 'setting'

/** The same over a snapshot that is indexed already. */
export const whoCanIn = (
  world: AccessWorld,
  question: WhoCanQuestion,
  { paths: most = 10 }: ExplainOptions = {},
): WhoCan => {
  const { graph, catalog } = world
  const { privilege, object: name } = checkedQuestion(catalog.server.version, question)
  const object = world.object(name)
  const access = catalog.scope?.access
  const isRead = catalog.scope === undefined || access?.roles === 'all' || access?.roles === 'holders'
  if (object === undefined || !isRead) {
    const why = object === undefined ? notRead(name) : 'the snapshot was not read for all roles'
    return { privilege, object: name, verdict: 'unknown', why, everybody: [], roles: [], groups: [] }
  }
  const found = holdersIn(graph, object, privilege, most)
  const known = new Set(found.roles.map(({ role }) => role))
  const columns =
    found.everybody.length > 0
      ? []
      : flatMap(columnsFor(catalog, object, privilege), (column): readonly ColumnHolders[] => {
          const its = holdersIn(graph, column, privilege, most, known)
          return its.everybody.length + its.roles.length > 0 ? [{ column: column.name[2]!, ...its }] : []
        })
  return {
    privilege,
    object: { kind: object.kind, name: object.name },
    verdict: found.everybody.length + found.roles.length > 0 ? 'granted' : 'not granted',
    ...found,
    ...(columns.length > 0 && { columns }),
  }
}

/** Who has a privilege on an object, but for some roles. */
const holdersIn = (
  graph: AccessGraph,
  object: CatalogObject,
  privilege: Privilege,
  most: number,
  but: ReadonlySet<string> = new Set(),
): Pick<WhoCan, 'everybody' | 'roles' | 'groups'> => {
  const holders = holdersOf(graph, object, privilege).filter((role) => !but.has(role))
  const stepFor = stepsOf(graph, holders, privilege, object, most)
  const roles = loginFirst(graph, holders).map((role) => roleAccessOf(graph, role, stepFor(role)))
  const groups = new Map<string, { source: PathSource; roles: Set<string> }>()
  const keys = new Map<PathSource, string>()
  for (const { role, paths, afterSetRole } of roles)
    for (const { source } of [...paths, ...afterSetRole]) {
      const key = getOrMake(keys, source, () => JSON.stringify(source))
      const group = getOrMake(groups, key, () => ({ source, roles: new Set<string>() }))
      group.roles.add(role)
    }
  return {
    everybody: stepOf(graph, everybody, privilege, object, most).paths,
    roles,
    groups: [...groups.values()].map((group) => ({ ...group, roles: [...group.roles] })),
  }
}

/**
 * Lists who has a privilege on an object, and by which ways. Pure: it takes a snapshot that was read for all roles, or for the
 * holders of something on the object, or one made by hand.
 *
 * @throws InvalidGrantError if the privilege or the object does not exist
 * @example
 * ```ts
 * import { snapshot, Target, whoCanAccess } from '@pgsr/planner'
 *
 * const world = snapshot()
 *   .role('alice', { login: true })
 *   .schema('sales')
 *   .table('sales', 'orders', { privileges: { alice: ['SELECT'] } })
 * const { roles } = whoCanAccess(world, { privilege: 'SELECT', object: Target.table('sales', 'orders') })
 * console.log(roles.map(({ role }) => role))
 * ```
 */
export const whoCanAccess = (
  snapshot: Snapshot,
  question: WhoCanQuestion,
  options?: ExplainOptions,
): WhoCan => whoCanIn(new AccessWorld(snapshot), question, options)
