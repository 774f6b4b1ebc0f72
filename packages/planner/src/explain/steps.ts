import type { CatalogObject } from '../catalog/catalog.ts'
import { describeName, describeObject } from '../model/describe.ts'
import type { AccessPath, AccessStep, PathSource } from '../model/explanation.ts'
import { isNameless, whyNotNamed } from '../model/nameless.ts'
import { deniedOnSystemCatalogs } from '../model/access-traits.ts'
import { everybody } from '../postgres/acl-item.ts'
import type { ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { AccessGraph } from './access-graph.ts'
import { chainsAfterSetRole, type Chains, inheritedChains } from './chains.ts'
import { conditionsOf } from './conditions.ts'
import { endingsOf } from './endings.ts'
import { grantStatement } from './revocation.ts'
import { type Sources, sourcesOf } from './sources.ts'

/** Adds what ends each path to chains that lead to where a privilege comes from. */
const pathsOf = (graph: AccessGraph, { found }: Chains, sources: Sources): readonly AccessPath[] =>
  found.flatMap(({ memberships, end, setsRole }) => {
    const isSuperuser = setsRole !== undefined && graph.catalog.isSuperuser(setsRole)
    const from: readonly PathSource[] = isSuperuser
      ? [{ kind: 'superuser', role: setsRole }]
      : (sources.get(end) ?? [])
    return from.map((source): AccessPath => ({
      memberships,
      ...(setsRole !== undefined && { setsRole }),
      source,
      endings: endingsOf(graph, { memberships, source }),
    }))
  })

const direct = (graph: AccessGraph, source: PathSource): AccessPath => ({
  memberships: [],
  source,
  endings: endingsOf(graph, { memberships: [], source }),
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

/** How a role has a privilege on an object, or what gives it. */
export const stepOf = (
  graph: AccessGraph,
  role: string,
  privilege: Privilege,
  object: CatalogObject,
  most: number,
): AccessStep => {
  const all = sourcesOf(graph.catalog, object, privilege)
  const forAll = all.get(everybody) ?? []
  const sources = new Map([...all].filter(([holder]) => holder !== everybody))
  const isSuperuser = graph.catalog.isSuperuser(role)
  const isHeld = isSuperuser || forAll.length > 0 || graph.inheritsFrom.isAnyReachable(role, sources)
  const inherited = inheritedChains(graph, role, sources, most)
  const afterSetRole = chainsAfterSetRole(graph, role, sources, most)
  const paths = [
    ...(isSuperuser ? [direct(graph, { kind: 'superuser', role })] : []),
    ...pathsOf(graph, inherited, sources),
    ...forAll.map((source) => direct(graph, source)),
  ]
  const conditions = isHeld ? conditionsOf(graph, role, privilege, object) : []
  const why = isHeld ? undefined : whyNotGiven(role, privilege, object)
  return {
    object: { kind: object.kind, name: object.name },
    privilege,
    verdict: isHeld ? (conditions.length > 0 ? 'conditional' : 'granted') : 'not granted',
    paths,
    afterSetRole: pathsOf(graph, afterSetRole, sources),
    ...((inherited.areMore || afterSetRole.areMore) && { morePaths: true as const }),
    conditions,
    ...(!isHeld &&
      why === undefined && {
        give: { sql: grantStatement(object, privilege, role), as: null },
      }),
    ...(why !== undefined && { why }),
  }
}
