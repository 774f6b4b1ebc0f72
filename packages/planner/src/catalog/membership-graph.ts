import { append, getOrMake } from '../util/collections.ts'

/** The reachable roles, the nearest first, each with the role it was reached from. */
type Walk = ReadonlyMap<string, string | undefined>

/** Which roles a role is a member of, directly or indirectly. The walk from each role is done once. */
export class MembershipGraph {
  readonly #rolesOf: (member: string) => readonly string[]
  readonly #walks = new Map<string, Walk>()
  readonly #counts = new Map<string, number>()
  readonly #distances = new Map<string, ReadonlyMap<string, number>>()

  /** @param rolesOf the roles that a role is a direct member of */
  constructor(rolesOf: (member: string) => readonly string[]) {
    this.#rolesOf = rolesOf
  }

  /** A role and all roles that it is a member of, the nearest first. */
  reachable(from: string): Iterable<string> {
    return this.#from(from).keys()
  }

  isReachable(from: string, to: string): boolean {
    return from === to || this.#from(from).has(to)
  }

  /** Those of some roles that a role is, or is a member of. */
  *reachableAmong(from: string, among: ReadonlyMap<string, unknown>): Iterable<string> {
    const walk = this.#from(from)
    const [few, many] = walk.size < among.size ? [walk, among] : [among, walk]
    for (const role of few.keys()) if (many.has(role)) yield role
  }

  isAnyReachable(from: string, among: ReadonlyMap<string, unknown>): boolean {
    for (const _ of this.reachableAmong(from, among)) return true
    return false
  }

  /**
   * The roles that are reachable from a role and not known yet. With a known role, all roles that it is a
   * member of must be known; the caller must add what it gets to the known ones.
   */
  *unknownFrom(from: string, known: Pick<ReadonlySet<string>, 'has'>): Iterable<string> {
    const found = new Set(known.has(from) ? [] : [from])
    for (const role of found) {
      for (const next of this.#rolesOf(role)) if (!known.has(next)) found.add(next)
      yield role
    }
  }

  /** How many memberships lead from a role to one that it is a member of. */
  distance(from: string, to: string): number {
    return this.distancesFrom(from).get(to) ?? Number.POSITIVE_INFINITY
  }

  /**
   * How many memberships lead from a role to each role that it is a member of.
   * @param joined roles that it is also made a direct member of
   */
  distancesFrom(from: string, joined?: Iterable<string>): ReadonlyMap<string, number> {
    return joined === undefined
      ? getOrMake(this.#distances, from, () => this.#distancesFrom(from, []))
      : this.#distancesFrom(from, joined)
  }

  #distancesFrom(from: string, joined: Iterable<string>): ReadonlyMap<string, number> {
    const distances = new Map([[from, 0]])
    const add = (roles: Iterable<string>, distance: number): void => {
      for (const role of roles) if (!distances.has(role)) distances.set(role, distance)
    }
    add(joined, 1)
    // A Map visits what is added to it during the iteration: the nearest first.
    for (const [role, distance] of distances) add(this.#rolesOf(role), distance + 1)
    return distances
  }

  /** The roles from one to another that it is a member of, both included; `undefined` if it is not a member. */
  path(from: string, to: string): readonly string[] | undefined {
    const walk = this.#from(from)
    if (!walk.has(to)) return undefined
    const path: string[] = []
    for (let role: string | undefined = to; role !== undefined; role = walk.get(role)) path.push(role)
    return path.toReversed()
  }

  #from(from: string): Walk {
    return getOrMake(this.#walks, from, () => this.#walk([from]))
  }

  #walk(from: readonly string[]): Walk {
    const walk = new Map<string, string | undefined>()
    for (const role of from) walk.set(role, undefined)
    // A Map visits what is added to it during the iteration: breadth first.
    for (const role of walk.keys())
      for (const next of this.#rolesOf(role)) if (!walk.has(next)) walk.set(next, role)
    return walk
  }

  /** Some roles, and all roles that they are members of. */
  above(roles: readonly string[]): ReadonlySet<string> {
    return new Set(this.#walk(roles).keys())
  }

  /**
   * Among some roles and the roles that they are members of: those that have a quality, or are members of one
   * that has it.
   */
  leadingTo(roles: readonly string[], hasQuality: (role: string) => boolean): ReadonlySet<string> {
    const members = new Map<string, string[]>()
    const leading = new Set<string>()
    for (const member of this.#walk(roles).keys()) {
      if (hasQuality(member)) leading.add(member)
      for (const role of this.#rolesOf(member)) append(members, role, member)
    }
    for (const role of leading) for (const member of members.get(role) ?? []) leading.add(member)
    return leading
  }

  /**
   * How many roles a role is a member of, itself included. If it is a member of only one, that one is counted
   * instead, plus one.
   */
  count(from: string): number {
    const chain: string[] = []
    const entered = new Set<string>()
    let role = from
    while (!this.#counts.has(role)) {
      entered.add(role)
      const [next, other] = new Set(this.#rolesOf(role))
      if (next === undefined || other !== undefined || entered.has(next))
        this.#counts.set(role, this.#walk([role]).size)
      else {
        chain.push(role)
        role = next
      }
    }
    let count = this.#counts.get(role)!
    for (const below of chain.toReversed()) this.#counts.set(below, ++count)
    return count
  }
}
