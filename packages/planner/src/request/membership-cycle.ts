/**
 * A cycle of memberships that starts and ends with the same role, or `undefined`. Visits each role once, and
 * without recursion: a chain of memberships may be too long for the stack.
 */
export const membershipCycle = (
  roles: Iterable<string>,
  memberOf: (role: string) => readonly string[],
): readonly string[] | undefined => {
  const done = new Set<string>()
  for (const start of roles) {
    if (done.has(start)) continue
    const path: { role: string; rest: string[] }[] = []
    const onPath = new Set<string>()
    const enter = (role: string): void => {
      path.push({ role, rest: [...memberOf(role)] })
      onPath.add(role)
    }
    enter(start)
    while (path.length > 0) {
      const { role, rest } = path.at(-1)!
      const next = rest.pop()
      if (next === undefined) {
        path.pop()
        onPath.delete(role)
        done.add(role)
      } else if (onPath.has(next)) {
        const names = path.map((step) => step.role)
        return [...names.slice(names.indexOf(next)), next]
      } else if (!done.has(next)) enter(next)
    }
  }
  return undefined
}

/**
 * Numbers roles so that two roles have the same number if each is a member of the other, directly or
 * indirectly. This is Tarjan’s algorithm for strongly connected components, without recursion.
 */
export const circlesOf = (
  roles: Iterable<string>,
  memberOf: (role: string) => readonly string[],
): ReadonlyMap<string, number> => {
  const circles = new Map<string, number>()
  /** The order in which roles were entered, and the first entered role that each leads back to. */
  const [order, first] = [new Map<string, number>(), new Map<string, number>()]
  const open: string[] = []
  for (const start of roles) {
    const path: { readonly role: string; readonly rest: string[] }[] = []
    const enter = (role: string): void => {
      first.set(role, order.size)
      order.set(role, order.size)
      open.push(role)
      path.push({ role, rest: [...memberOf(role)] })
    }
    const leadsTo = (role: string, number: number): unknown =>
      first.set(role, Math.min(first.get(role)!, number))
    if (!order.has(start)) enter(start)
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const { role, rest } = last
      const next = rest.pop()
      if (next !== undefined) {
        if (!order.has(next)) enter(next)
        else if (!circles.has(next)) leadsTo(role, order.get(next)!)
        continue
      }
      path.pop()
      const below = path.at(-1)
      if (below !== undefined) leadsTo(below.role, first.get(role)!)
      if (first.get(role) !== order.get(role)) continue
      for (let other = open.pop(); other !== undefined; other = other === role ? undefined : open.pop())
        circles.set(other, order.get(role)!)
    }
  }
  return circles
}
