/**
 * A cycle of memberships that starts and ends with the same role, or `undefined`. Walks each role once, and without
 * recursion: a chain of memberships may be longer than the stack is deep.
 */
export const membershipCycle = (
  roles: Iterable<string>,
  memberOf: (role: string) => readonly string[],
): readonly string[] | undefined => {
  const done = new Set<string>()
  for (const start of roles) {
    const path: { role: string; rest: string[] }[] = []
    const onPath = new Set<string>()
    const enter = (role: string): void => {
      path.push({ role, rest: [...memberOf(role)] })
      onPath.add(role)
    }
    if (!done.has(start)) enter(start)
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
