import { Authority } from '../authority.ts'
import { Administrators } from '../delegate.ts'
import { type CreateRole, type Operation, type Reason, roleOrder, type Served } from '../operation.ts'
import { sortedBy } from '../order.ts'
import type { Wanted } from '../wanted.ts'
import type { World } from '../world.ts'
import type { Phase } from './phase.ts'

/** A role that is missing, and what has to be done before so that somebody can create it. */
interface Creation {
  readonly before: readonly Operation[]
  readonly create: CreateRole
}

/** The desired roles, the roles they are to be members of, and the intermediate roles that are missing. */
export const creations = (world: World, wanted: Wanted): readonly Creation[] => {
  if (!wanted.authority.mayCreateRoles) return []
  const missing = new Map<string, { readonly because: Reason; readonly serves?: Served }>()
  const isMissing = (role: string): boolean => !world.roles.has(role) && !missing.has(role)
  for (const role of wanted.roles) if (isMissing(role)) missing.set(role, { because: { role, grant: null } })
  for (const memberships of wanted.memberships.values())
    for (const [role, membership] of memberships) if (isMissing(role)) missing.set(role, membership)
  if (missing.size === 0) return []
  const administrators = new Administrators(world, new Authority(world))
  return sortedBy(missing, ([role, { serves }]) => roleOrder(role, serves)).map(
    ([role, { because, serves }]): Creation => {
      if (serves === undefined)
        return { before: [], create: { kind: 'createRole', role, as: administrators.countOwn(), because } }
      const { as, before } = administrators.next(role, because)
      return { before, create: { kind: 'createRole', role, serves, as, because } }
    },
  )
}

/** Creates all of them. */
export const createRoles: Phase = (world, wanted) =>
  creations(world, wanted).flatMap(({ before, create }) => [...before, create])
