import type { CatalogObject } from '../catalog/catalog-object.ts'
import { describeName, describeObject } from '../model/describe.ts'
import type { AccessPath, AccessStep, PathSource } from '../model/explanation.ts'
import { isNameless, whyNotNamed } from '../model/nameless.ts'
import { deniedOnSystemCatalogs } from '../model/access-traits.ts'
import { everybody } from '../postgres/acl-item.ts'
import type { ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { flatMap, getOrMake } from '../util/collections.ts'
import type { AccessGraph } from './access-graph.ts'
import { chainsAfterSetRole, type Chains, destinationOf, inheritedChains } from './chains.ts'
import { conditionsOf } from './conditions.ts'
import { endingsOf, sourceEnding } from './endings.ts'
import { grantStatement, type Revocation } from './revocation.ts'
import { type Sources, sourcesOf } from './sources.ts'

/** What ends a path at its source. */
type AtSource = (source: PathSource) => Revocation

/** Adds what ends each path to chains that lead to where a privilege comes from. */
const pathsOf = (
  graph: AccessGraph,
  { found }: Chains,
  sources: Sources,
  atSource: AtSource,
): readonly AccessPath[] =>
  flatMap(found, ({ memberships, end, setsRole }) => {
    const isSuperuser = setsRole !== undefined && graph.catalog.isSuperuser(setsRole)
    const from: readonly PathSource[] = isSuperuser
      ? [{ kind: 'superuser', role: setsRole }]
      : (sources.get(end) ?? [])
    return from.map((source): AccessPath => ({
      memberships,
      ...(setsRole !== undefined && { setsRole }),
      source,
      endings: endingsOf(graph, { memberships }, atSource(source)),
    }))
  })

const direct = (graph: AccessGraph, source: PathSource, atSource: AtSource): AccessPath => ({
  memberships: [],
  source,
  endings: endingsOf(graph, { memberships: [] }, atSource(source)),
})

/** Why nobody can grant a privilege, so that only a superuser has it. */
const whyNotGiven = (role: string, privilege: Privilege, object: CatalogObject): string | undefined => {
  if (object.access?.systemCatalog === true && deniedOnSystemCatalogs.has(privilege))
    return 'only superusers may change what is in a system catalog'
  if (object.access?.untrusted === true) return 'only superusers may use an untrusted language'
  const nameless = [role, object.owner].find(isNameless)
  return nameless === undefined ? undefined : whyNotNamed(nameless)
}

/** What a snapshot that was not read for an object leaves unknown. */
export const unknownStep = (object: ObjectName, privilege: Privilege, why: string): AccessStep => ({
  object,
  privilege,
  verdict: 'unknown',
  paths: [],
  afterSetRole: [],
  conditions: [],
  why,
})

export const notRead = (object: ObjectName): string =>
  `the snapshot was not read for ${describeObject(object)}`

export const roleNotRead = (role: string): string =>
  `the snapshot was not read for role ${describeName(role)}`

/**
 * Finds how each of some roles has a privilege on an object, or what gives it. What leads to the privilege is found once for
 * all of them.
 */
export const stepsOf = (
  graph: AccessGraph,
  roles: readonly string[],
  privilege: Privilege,
  object: CatalogObject,
  most: number,
): ((role: string) => AccessStep) => {
  const all = sourcesOf(graph.catalog, object, privilege)
  const forAll = all.get(everybody) ?? []
  const sources = new Map([...all].filter(([holder]) => holder !== everybody))
  const destination = destinationOf(graph, roles, sources)
  const known = new Map<PathSource, Revocation>()
  const atSource: AtSource = (source) => getOrMake(known, source, () => sourceEnding(graph, source))
  return (role) => {
    const isSuperuser = graph.catalog.isSuperuser(role)
    const isHeld = isSuperuser || forAll.length > 0 || destination.inheriting.has(role)
    const inherited = inheritedChains(graph, role, destination, most)
    const afterSetRole = chainsAfterSetRole(graph, role, destination, most)
    const paths = [
      ...(isSuperuser ? [direct(graph, { kind: 'superuser', role }, atSource)] : []),
      ...pathsOf(graph, inherited, sources, atSource),
      ...forAll.map((source) => direct(graph, source, atSource)),
    ]
    const conditions = isHeld ? conditionsOf(graph, role, privilege, object) : []
    const why = isHeld ? undefined : whyNotGiven(role, privilege, object)
    return {
      object: { kind: object.kind, name: object.name },
      privilege,
      verdict: isHeld ? (conditions.length > 0 ? 'conditional' : 'granted') : 'not granted',
      paths,
      afterSetRole: pathsOf(graph, afterSetRole, sources, atSource),
      ...((inherited.areMore || afterSetRole.areMore) && { morePaths: true as const }),
      conditions,
      ...(!isHeld &&
        why === undefined && {
          give: { sql: grantStatement(object, privilege, role), as: null },
        }),
      ...(why !== undefined && { why }),
    }
  }
}

/** The same for one role. */
export const stepOf = (
  graph: AccessGraph,
  role: string,
  privilege: Privilege,
  object: CatalogObject,
  most: number,
): AccessStep => stepsOf(graph, [role], privilege, object, most)(role)
