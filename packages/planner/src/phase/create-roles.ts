import { Authority } from '../authority.ts'
import { Administrators } from '../delegate.ts'
import { type CreateRole, type Operation, type Reason, roleOrder, type Served } from '../operation.ts'
import { sortedBy } from '../order.ts'
import { isCaretaker, ownerInOutcome } from '../owner-in-outcome.ts'
import { notAskedFor, type Wanted } from '../wanted.ts'
import type { World } from '../world.ts'
import { letLogIn } from './gain-attributes.ts'
import { lostObjects } from './ownership.ts'
import type { Phase } from './phase.ts'

/** A role that is missing. */
interface Creation {
  /** What has to be done so that somebody can create it. */
  readonly before: readonly Operation[]
  readonly create: CreateRole
  /** What the same statement can do to it besides. */
  readonly after: readonly Operation[]
}

/** The desired roles, the roles they are to be members of, intermediate roles and caretakers that are missing. */
export const creations = (world: World, wanted: Wanted): readonly Creation[] => {
  if (!wanted.authority.mayCreateRoles) return []
  const missing = new Map<string, { readonly because: Reason; readonly serves?: Served }>()
  const isMissing = (role: string): boolean => !world.roles.has(role) && !missing.has(role)
  for (const role of wanted.roles) if (isMissing(role)) missing.set(role, { because: { role, grant: null } })
  for (const memberships of wanted.memberships.values())
    for (const [role, membership] of memberships) if (isMissing(role)) missing.set(role, membership)
  for (const object of lostObjects(world, wanted)) {
    const heir = ownerInOutcome(world, wanted, object.key)!
    if (isCaretaker(wanted, heir) && isMissing(heir))
      missing.set(heir, { because: notAskedFor(object.owner) })
  }
  if (missing.size === 0) return []
  const administrators = new Administrators(world, new Authority(world))
  return sortedBy(missing, ([role, { serves }]) => roleOrder(role, serves)).map(
    ([role, { because, serves }]): Creation => {
      if (serves === undefined) {
        const as = administrators.countOwn()
        const after = letLogIn(world, wanted, role)
        return { before: [], create: { kind: 'createRole', role, as, because }, after }
      }
      const { as, before } = administrators.next(role, because)
      return { before, create: { kind: 'createRole', role, serves, as, because }, after: [] }
    },
  )
}

/** Creates all of them. */
export const createRoles: Phase = (world, wanted) =>
  creations(world, wanted).flatMap(({ before, create, after }) => [...before, create, ...after])
