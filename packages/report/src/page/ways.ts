import type { AccessPath, AccessStep } from '@pgsr/planner'

/** How a role comes to a privilege, in a word for lists and filters. */
export const ways = {
  itself: 'granted to it',
  membership: 'by membership',
  setRole: 'after SET ROLE',
  ownership: 'as owner',
  public: 'by PUBLIC',
  predefined: 'by predefined role',
  superuser: 'as superuser',
} as const

export type Way = keyof typeof ways

export const wayNames = Object.keys(ways) as readonly Way[]

/** A path goes by several ways, if a membership leads to an owner. */
const waysOf = ({ memberships, source }: AccessPath): readonly Way[] => {
  const byMembership: readonly Way[] = memberships.length > 0 ? ['membership'] : []
  switch (source.kind) {
    case 'superuser':
      return ['superuser']
    case 'ownership':
      return [...byMembership, 'ownership']
    case 'privilege':
      return byMembership.length > 0 ? byMembership : ['itself']
    case 'predefined role':
      return [...byMembership, 'predefined']
    case 'PUBLIC':
    case 'setting':
      return ['public']
  }
}

/** All ways by which a role has a privilege. */
export const waysIn = ({
  paths,
  afterSetRole,
}: Pick<AccessStep, 'paths' | 'afterSetRole'>): readonly Way[] => {
  const found = new Set<Way>(paths.flatMap(waysOf))
  if (afterSetRole.length > 0) found.add('setRole')
  return wayNames.filter((way) => found.has(way))
}
