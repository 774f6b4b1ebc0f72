import { append } from './get-or-make.ts'

/** The roles that can be come to, the nearest first, each with the role that it was come to from. */
type Walk = ReadonlyMap<string, string | undefined>

/** Which roles a role is a member of, one of the other; each role is walked from once. */
export class MembershipPaths {
  readonly #rolesOf: (member: string) => readonly string[]
  readonly #walks = new Map<string, Walk>()
  readonly #counts = new Map<string, number>()

  /** @param rolesOf the roles that a role is a direct member of */
  constructor(rolesOf: (member: string) => readonly string[]) {
    this.#rolesOf = rolesOf
  }

  /** A role, and all that it is a member of, the nearest first. */
  reachable(from: string): Iterable<string> {
    return this.#from(from).keys()
  }

  isReachable(from: string, to: string): boolean {
    return from === to || this.#from(from).has(to)
  }

  /** Whether one of some roles is what another is, or is a member of. */
  isAnyReachable(from: string, among: ReadonlyMap<string, unknown>): boolean {
    const walk = this.#from(from)
    const [few, many] = walk.size < among.size ? [walk, among] : [among, walk]
    for (const role of few.keys()) if (many.has(role)) return true
    return false
  }

  /** The roles from one to another that it is a member of, both included; `undefined` when it is no member. */
  path(from: string, to: string): readonly string[] | undefined {
    const walk = this.#from(from)
    if (!walk.has(to)) return undefined
    const path: string[] = []
    for (let role: string | undefined = to; role !== undefined; role = walk.get(role)) path.push(role)
    return path.toReversed()
  }

  #from(from: string): Walk {
    const known = this.#walks.get(from)
    if (known !== undefined) return known
    const walk = this.#walk([from])
    this.#walks.set(from, walk)
    return walk
  }

  #walk(from: readonly string[]): Walk {
    const walk = new Map<string, string | undefined>()
    for (const role of from) walk.set(role, undefined)
    // A Map visits what is added to it while it is walked: breadth first.
    for (const role of walk.keys())
      for (const next of this.#rolesOf(role)) if (!walk.has(next)) walk.set(next, role)
    return walk
  }

  /** Some roles, and all that they are members of. */
  above(roles: readonly string[]): ReadonlySet<string> {
    return new Set(this.#walk(roles).keys())
  }

  /** Of some roles, and what they are members of: those that have a quality, or are members of one that has it. */
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

  /** How many roles a role is a member of, itself included. Where it is a member of one only, that one is asked. */
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
