import { type DefaultVerdict, unwantedDefaults } from '../diff/default-privileges.ts'
import { isNameless } from '../model/nameless.ts'
import type { Operation } from '../model/operation.ts'
import { heldBy } from '../postgres/acl.ts'
import { notAskedFor } from '../resolve/target-state.ts'
import { flatMap, inKeyOrder, sortedBy } from '../util/collections.ts'
import type { Phase } from './phase.ts'

const operationFor = ({ fact, change, role }: DefaultVerdict, as: string): Operation => {
  const { owner, schema, on, privilege, grantee } = fact
  const base = {
    owner,
    schema,
    on,
    privilege,
    grantee,
    as,
    reason: notAskedFor(role),
  }
  return change === 'restore'
    ? { kind: 'grantDefaultPrivilege', ...base }
    : { kind: 'revokeDefaultPrivilege', ...base, grantOptionOnly: change === 'strip grant option' }
}

/** Revokes default privileges that are not asked for, and restores those that PostgreSQL has by default. */
export const loseDefaultPrivileges: Phase = (catalog, goal) =>
  flatMap(
    sortedBy(unwantedDefaults(catalog, goal), ({ fact, change }) => JSON.stringify([fact, change])),
    (verdict) => {
      const { owner, grantee } = verdict.fact
      const as = isNameless(grantee) ? undefined : goal.access.overPrivileges.actingAs.proxyFor(owner)
      return as === undefined ? [] : [operationFor(verdict, as)]
    },
  )

/** Grants default privileges that are asked for. */
export const gainDefaultPrivileges: Phase = (catalog, goal) =>
  flatMap(inKeyOrder(goal.defaults), (asked): Operation[] => {
    const { owner, schema, on, privilege, role, grantable, reason } = asked
    const held = heldBy(catalog.defaultsOf(owner, schema, on).acl, {
      privilege,
      grantee: role,
      grantor: owner,
    })
    if (held === true || (held === false && !grantable)) return []
    return [
      {
        kind: 'grantDefaultPrivilege',
        owner,
        schema,
        on,
        privilege,
        grantee: role,
        ...(grantable && { grantable }),
        as: goal.access.overPrivileges.actingAs.proxyFor(owner) ?? owner,
        reason,
      },
    ]
  })
