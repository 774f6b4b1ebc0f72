import type { CatalogObject } from '../catalog/catalog-object.ts'
import { revocationsOf } from '../diff/revocation-graph.ts'
import type { Revoked } from '../diff/revoked.ts'
import type { GrantPrivilege, RevokePrivilege } from '../model/operation.ts'
import { heldBy } from '../postgres/acl.ts'
import { isContainer } from '../postgres/object-kind.ts'
import type { Goal } from '../resolve/target-state.ts'
import { GrantorRights } from '../temporary-rights/grantor-rights.ts'
import { lending } from '../temporary-rights/lend.ts'
import { around } from '../temporary-rights/temporary-right.ts'
import type { Phase } from './phase.ts'

const named = ({ kind, name }: CatalogObject) => ({ kind, name })

const revoke = (
  { object, item, privilege, verdict, reason }: Revoked,
  rights: GrantorRights,
): RevokePrivilege => ({
  kind: 'revokePrivilege',
  object: named(object),
  privilege,
  grantee: item.grantee,
  grantor: item.grantor,
  grantOptionOnly: verdict === 'strip grant option',
  as: rights.runAs(object, privilege, item),
  reason,
})

/** Grants a privilege again, from the owner, to a role that lost it only because it was passed on. */
const keep = (
  { keepDependents, desired, access }: Goal,
  { object, item, privilege, reason, isCollateral }: Revoked,
): readonly GrantPrivilege[] => {
  const { grantee, privileges } = item
  const { overPrivileges } = access
  const isOthers = !desired.has(grantee) && grantee !== object.owner
  // What PUBLIC has on a column goes with what it has on the table, from the owner too.
  const isGone = isCollateral === true && item.grantor === object.owner
  const fromOwner = isGone ? undefined : heldBy(object.acl, { privilege, grantee, grantor: object.owner })
  const hasItAnyway = fromOwner !== undefined && (fromOwner || privileges.get(privilege) !== true)
  if (!isOthers || hasItAnyway || !(keepDependents || isCollateral === true)) return []
  if (overPrivileges.objects.whyNotManaged(object, privilege, { statement: 'grant' }) !== undefined) return []
  return [
    {
      kind: 'grantPrivilege',
      object: named(object),
      privilege,
      grantee,
      grantor: object.owner,
      ...(privileges.get(privilege) === true && { grantable: true as const }),
      as: overPrivileges.objects.runAs(object, privilege, { statement: 'grant' }),
      reason: { ...reason, keeps: grantee },
    },
  ]
}

/** Grants each privilege again once, even if a role had it from several grantors. */
const keepAll = (goal: Goal, all: readonly Revoked[]): readonly GrantPrivilege[] => {
  const kept = new Map<string, GrantPrivilege>()
  for (const revoked of all)
    for (const operation of keep(goal, revoked)) {
      const key = `${revoked.object.key}\0${operation.privilege}\0${operation.grantee}`
      if (kept.get(key)?.grantable !== true) kept.set(key, operation)
    }
  return [...kept.values()]
}

const revokeWhere =
  (from: (object: Pick<CatalogObject, 'kind'>) => boolean): Phase =>
  (catalog, goal) => {
    const { possible, along } = revocationsOf(catalog, goal, from)
    const rights = new GrantorRights(catalog, goal, possible)
    const revocations = possible.map((revoked) => revoke(revoked, rights))
    return lending(catalog, goal.access.overPrivileges, [
      ...around(rights.rights, revocations),
      ...keepAll(goal, [...possible, ...along]),
    ])
  }

/** Revokes on the contents of schemas. Tables come before columns: REVOKE on a table also revokes on its columns. */
export const revokeOnContents: Phase = revokeWhere(
  (object) => !isContainer(object) && object.kind !== 'column',
)

export const revokeOnColumns: Phase = revokeWhere(({ kind }) => kind === 'column')

/** Revokes on schemas and databases, once nothing in them has to be accessed any more. */
export const revokeOnContainers: Phase = revokeWhere(isContainer)
