import type { AccessStep, GrantableKind, ObjectName, PathSource, Privilege } from '@pgsr/planner'
import { loginFirst, opensBySetRole, sourcesOf } from '@pgsr/planner/internal'
import { type Filters, takesPrivilege, takesRole, takesWays } from './filters.ts'
import { type Way, waysIn } from './ways.ts'
import { everybody, privilegesOf, world } from './world.ts'

/** How many paths are looked at for a row of a list. The answer about one privilege has them all. */
const mostPaths = 5

type Sources = ReadonlyMap<string, readonly PathSource[]>

const superusers: readonly string[] = [...world.catalog.roles.keys()].filter((role) =>
  world.catalog.isSuperuser(role),
)

/** Who can become a superuser, and so get what nobody has. */
const becomeSuperusers: ReadonlySet<string> = new Set(
  [...world.catalog.roles.keys()].filter((role) => opensBySetRole(world.graph, role, new Map())),
)

const members = new Map<string, ReadonlySet<string>>()

/** The roles that have what a role has, or can get it by SET ROLE. Each role is looked at once: few hold something. */
const membersOf = (source: string): ReadonlySet<string> => {
  const known = members.get(source)
  if (known !== undefined) return known
  const { catalog, graph } = world
  const only = new Map([[source, true]])
  const found = new Set(
    [...catalog.roles.keys()].filter(
      (role) => graph.inheritsFrom.isReachable(role, source) || opensBySetRole(graph, role, only),
    ),
  )
  members.set(source, found)
  return found
}

/** Whether a way is possible at all, which is quick to say. */
const isPossible = (way: string, role: string, sources: Sources): boolean => {
  const isFrom = (kind: PathSource['kind']): boolean =>
    [...sources.values()].some((some) => some.some((one) => one.kind === kind))
  const quick: Readonly<Record<Way, () => boolean>> = {
    itself: () => sources.has(role),
    membership: () => !sources.has(role) || sources.size > 1,
    setRole: () => role !== everybody,
    ownership: () => isFrom('ownership'),
    public: () => sources.has(everybody),
    predefined: () => isFrom('predefined role'),
    superuser: () => world.catalog.isSuperuser(role),
  }
  return way === '' || quick[way as Way]()
}

/** How a role has a privilege on an object, if it has it, or can get it by SET ROLE, and the filters let it through. */
const stepFor = (
  role: string,
  privilege: Privilege,
  object: ObjectName<GrantableKind>,
  sources: Sources,
  filters: Filters,
): AccessStep | undefined => {
  if (!isPossible(filters.way, role, sources)) return undefined
  const step = world.step(role, privilege, object, mostPaths)
  if (step.verdict === 'not granted' && step.afterSetRole.length === 0) return undefined
  return takesWays(filters, waysIn(step)) ? step : undefined
}

/** What is asked about: one role, or all, and superusers only where somebody asks for them. */
export interface Whom {
  readonly role?: string
  readonly superusers?: boolean
  /** Whether a role is asked about. Ways are worked out only for those that are. */
  readonly takes?: (role: string) => boolean
}

/** How roles have privileges on an object, as far as the filters let it through: PUBLIC first, then who may log in. */
export function* stepsOn(
  object: ObjectName<GrantableKind>,
  filters: Filters,
  { role: only, superusers: withSuperusers = true, takes = () => true }: Whom = {},
): Iterable<{ readonly role: string; readonly step: AccessStep }> {
  const { catalog, graph } = world
  const found = world.find(object)
  if (found === undefined) return
  for (const privilege of privilegesOf(object)) {
    if (!takesPrivilege(filters, privilege)) continue
    const sources = sourcesOf(catalog, found, privilege)
    const asked = new Set<string>(only === undefined ? becomeSuperusers : [])
    if (only === undefined) {
      for (const source of sources.keys()) for (const role of membersOf(source)) asked.add(role)
      for (const role of superusers)
        if (withSuperusers) asked.add(role)
        else asked.delete(role)
    } else if (
      only === everybody ||
      catalog.isSuperuser(only) ||
      becomeSuperusers.has(only) ||
      [...sources.keys()].some((source) => membersOf(source).has(only))
    )
      asked.add(only)
    const inOrder = loginFirst(
      graph,
      [...asked].filter((role) => role !== everybody && takesRole(filters, role) && takes(role)),
    )
    const isForAll =
      sources.has(everybody) &&
      takes(everybody) &&
      (only === everybody || (only === undefined && !filters.login))
    for (const role of isForAll ? [everybody, ...inOrder] : inOrder) {
      const step = stepFor(role, privilege, object, sources, filters)
      if (step !== undefined) yield { role, step }
    }
  }
}
