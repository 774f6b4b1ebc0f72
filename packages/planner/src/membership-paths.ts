/** Which roles a role is a member of, one of the other; each role is walked from once. */
export class MembershipPaths {
  readonly #rolesOf: (member: string) => readonly string[]
  readonly #cameFrom = new Map<string, ReadonlyMap<string, string | undefined>>()

  /** @param rolesOf the roles that a role is a direct member of */
  constructor(rolesOf: (member: string) => readonly string[]) {
    this.#rolesOf = rolesOf
  }

  /** A role, and all that it is a member of, the nearest first. */
  reachable(from: string): readonly string[] {
    return [...(this.#cameFrom.get(from) ?? this.#walk(from)).keys()]
  }

  isReachable(from: string, to: string): boolean {
    return (this.#cameFrom.get(from) ?? this.#walk(from)).has(to)
  }

  /** How many memberships are between a role and one that it is a member of. */
  distance(from: string, to: string): number {
    return (this.path(from, to)?.length ?? Number.POSITIVE_INFINITY) - 1
  }

  /** The roles from one to another that it is a member of, both included; `undefined` when it is no member. */
  path(from: string, to: string): readonly string[] | undefined {
    const cameFrom = this.#cameFrom.get(from) ?? this.#walk(from)
    if (!cameFrom.has(to)) return undefined
    const path: string[] = []
    for (let role: string | undefined = to; role !== undefined; role = cameFrom.get(role)) path.unshift(role)
    return path
  }

  #walk(from: string): ReadonlyMap<string, string | undefined> {
    const cameFrom = new Map<string, string | undefined>([[from, undefined]])
    // A Map visits what is added to it while it is walked: breadth first.
    for (const role of cameFrom.keys())
      for (const next of this.#rolesOf(role)) if (!cameFrom.has(next)) cameFrom.set(next, role)
    this.#cameFrom.set(from, cameFrom)
    return cameFrom
  }
}
