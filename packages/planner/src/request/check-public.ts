import type { DefaultPrivilegeGrant, PrivilegeGrant } from '../model/grant.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import { isLimited, type Managed } from '../model/managed.ts'
import type { PublicGrant } from '../model/request.ts'
import { everybody } from '../postgres/acl-item.ts'
import { futurePrivileges, isFutureObjects } from '../postgres/default-privileges.ts'
import { isObjectKind, objectKinds } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { sortedBy } from '../util/collections.ts'
import { whyNotManaged } from './check-manages.ts'
import { describeGiven } from './describe-given.ts'
import { checkGrant } from './parse-grant.ts'
import type { Refuse } from './refuse.ts'

/** Every privilege that there is on what a grant is about. */
const allPrivileges = (grant: PublicGrant): readonly Privilege[] => {
  if (grant.kind === 'default privilege') return isFutureObjects(grant.on) ? futurePrivileges(grant.on) : []
  return isObjectKind(grant.object?.kind) ? objectKinds[grant.object.kind].privileges : []
}

/** The grant in canonical form. One of no privileges is checked like one of all, since it has to name the same things. */
const checkOne = (grant: PublicGrant, refuse: Refuse): readonly PublicGrant[] => {
  if (grant?.kind !== 'privilege' && grant?.kind !== 'default privilege')
    return refuse('kind', 'PUBLIC can only have privileges and default privileges')
  if (grant.grantable) refuse('grantable', 'PUBLIC cannot have a grant option')
  const isNone = Array.isArray(grant.privileges) && grant.privileges.length === 0
  const direct: PublicGrant = {
    ...grant,
    ...(grant.kind === 'privilege' && { direct: true }),
    ...(isNone && { privileges: allPrivileges(grant) }),
  }
  return checkGrant(everybody, direct, refuse)
    .filter((one): one is PrivilegeGrant | DefaultPrivilegeGrant => 'privileges' in one)
    .map((one) => (isNone ? { ...one, privileges: [] } : one))
}

/**
 * What PUBLIC is to have, in canonical form; `undefined` if nothing is said of it.
 * @throws InvalidGrantError
 */
export const checkPublic = (given: unknown, managed: Managed): readonly PublicGrant[] | undefined => {
  if (given === undefined) return undefined
  if (!Array.isArray(given))
    throw new InvalidGrantError({ field: 'public', message: 'cannot sync roles: public is not an array' })
  const checked = new Map<string, PublicGrant>()
  for (const [index, grant] of (given as readonly PublicGrant[]).entries()) {
    const refuse: Refuse = (field, problem) => {
      const message = `cannot grant ${describeGiven(grant)} to PUBLIC: ${problem}`
      throw new InvalidGrantError({ field, grant: index, message })
    }
    for (const one of checkOne(grant, refuse)) {
      const why = isLimited(managed) ? whyNotManaged(managed, one) : undefined
      if (why !== undefined) refuse('manages', why)
      checked.set(JSON.stringify(one), one)
    }
  }
  return checked.size === 0 ? undefined : sortedBy(checked, ([text]) => text).map(([, one]) => one)
}
