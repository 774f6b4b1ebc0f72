import type { MembershipLink } from '../model/explanation.ts'
import type { AccessGraph, Hop } from './access-graph.ts'

/** Memberships from a role to one whose privileges count. */
export interface Chain {
  readonly memberships: readonly MembershipLink[]
  /** The role at its end. */
  readonly end: string
  /** The role that has to be become first. */
  readonly setsRole?: string
}

/** The chains that were found, and whether there are more. */
export interface Chains {
  readonly found: readonly Chain[]
  readonly areMore: boolean
}

/** A chain that has not reached its end, as a list from there. */
interface Partial {
  readonly at: string
  readonly hop?: Hop
  readonly before?: Partial
  /** Whether the last membership still has to be followed by SET ROLE. */
  readonly sets: boolean
  /** After SET ROLE by a membership that does not inherit, which makes it necessary. */
  readonly setsRole?: string
}

const isOn = (partial: Partial | undefined, role: string): boolean => {
  for (let one = partial; one !== undefined; one = one.before) if (one.at === role) return true
  return false
}

const membershipsOf = (partial: Partial): readonly MembershipLink[] => {
  const links: MembershipLink[] = []
  let sets = partial.sets
  for (let one: Partial | undefined = partial; one?.hop !== undefined; one = one.before) {
    sets ||= one.setsRole === one.at
    links.push({ ...one.hop.link, by: sets ? 'set role' : 'inherit' })
  }
  return links.toReversed()
}

const chainOf = (partial: Partial, setsRole: string | undefined): Chain => ({
  memberships: membershipsOf(partial),
  end: partial.at,
  ...(setsRole !== undefined && { setsRole }),
})

/** How many unfinished chains are followed for each chain that is asked for. */
const unfinished = 20

/** Follows memberships breadth first, so that the shortest chains come first. */
const walk = (
  graph: AccessGraph,
  first: Partial,
  leading: ReadonlySet<string>,
  most: number,
  endsAt: (partial: Partial) => Chain | undefined,
  next: (partial: Partial, hop: Hop) => readonly Partial[],
): Chains => {
  const found: Chain[] = []
  let level: readonly Partial[] = [first]
  let isCut = false
  while (level.length > 0) {
    const following: Partial[] = []
    for (const partial of level) {
      const chain = endsAt(partial)
      if (chain !== undefined) {
        if (found.length === most) return { found, areMore: true }
        found.push(chain)
      }
      for (const hop of graph.hopsOf(partial.at)) {
        if (!leading.has(hop.link.role) || isOn(partial, hop.link.role)) continue
        const more = next(partial, hop)
        if (following.length < most * unfinished) following.push(...more)
        else isCut ||= more.length > 0
      }
    }
    level = following
  }
  return { found, areMore: isCut }
}

/** The roles at which chains end, and which roles lead to them. */
export interface Destination {
  readonly ends: ReadonlyMap<string, unknown>
  /** Those that have the privileges of one of these, without doing anything. */
  readonly inheriting: ReadonlySet<string>
  /** Those from which memberships of any sort lead to one, or to a superuser. */
  readonly leading: ReadonlySet<string>
}

/** What leads to some roles, from others and all that these are members of. */
export const destinationOf = (
  graph: AccessGraph,
  from: readonly string[],
  ends: ReadonlyMap<string, unknown>,
): Destination => ({
  ends,
  inheriting: graph.inheritsFrom.leadingTo(from, (one) => ends.has(one)),
  leading: graph.leadsTo.leadingTo(from, (one) => ends.has(one) || graph.catalog.isSuperuser(one)),
})

/** The chains by which a role has the privileges of some roles, without doing anything. */
export const inheritedChains = (
  graph: AccessGraph,
  role: string,
  { ends, inheriting }: Destination,
  most: number,
): Chains =>
  walk(
    graph,
    { at: role, sets: false },
    inheriting,
    most,
    (partial) => (ends.has(partial.at) ? chainOf(partial, undefined) : undefined),
    (before, hop) => (hop.inherits ? [{ at: hop.link.role, hop, before, sets: false }] : []),
  )

/**
 * The chains by which a role has them after SET ROLE, and not before: the last membership before SET ROLE is one that does not
 * inherit. SET ROLE to a superuser opens everything in any case.
 */
export const chainsAfterSetRole = (
  graph: AccessGraph,
  role: string,
  { ends, leading }: Destination,
  most: number,
): Chains =>
  walk(
    graph,
    { at: role, sets: true },
    leading,
    most,
    (partial) => {
      if (partial.before === undefined) return undefined
      if (partial.sets)
        return graph.catalog.isSuperuser(partial.at) ? chainOf(partial, partial.at) : undefined
      return ends.has(partial.at) && !graph.catalog.isSuperuser(partial.setsRole!)
        ? chainOf(partial, partial.setsRole)
        : undefined
    },
    (before, hop) => {
      const at = hop.link.role
      if (!before.sets)
        return hop.inherits ? [{ at, hop, before, sets: false, setsRole: before.setsRole! }] : []
      if (!hop.sets) return []
      const set: Partial = { at, hop, before, sets: true }
      return hop.inherits ? [set] : [set, { at, hop, before, sets: false, setsRole: at }]
    },
  )

/** The roles among some that have the privileges of others, or can have them by SET ROLE. */
export const rolesReaching = (
  graph: AccessGraph,
  roles: readonly string[],
  ends: ReadonlyMap<string, unknown>,
): ReadonlySet<string> => {
  const inheriting = graph.inheritsFrom.leadingTo([...graph.setsRoleTo.above(roles)], (one) => ends.has(one))
  return graph.setsRoleTo.leadingTo(roles, (one) => inheriting.has(one) || graph.catalog.isSuperuser(one))
}

/** Whether a role has the privileges of any of some roles, once it has become the right one. */
export const opensBySetRole = (
  graph: AccessGraph,
  role: string,
  ends: ReadonlyMap<string, unknown>,
): boolean => {
  for (const other of graph.setsRoleTo.reachable(role))
    if (
      other !== role &&
      (graph.catalog.isSuperuser(other) || graph.inheritsFrom.isAnyReachable(other, ends))
    )
      return true
  return false
}
