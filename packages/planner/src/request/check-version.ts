import { describeGrant, describeGrantee } from '../model/describe.ts'
import { listedMemberships } from '../model/desired-role.ts'
import { UnsupportedServerError } from '../model/errors.ts'
import type { Grant } from '../model/grant.ts'
import { askersOf, type SyncRequest } from '../model/request.ts'
import { isAll, type Target } from '../model/target.ts'
import { futureObjects } from '../postgres/default-privileges.ts'
import { firstVersionWith, has } from '../postgres/features.ts'
import { objectKinds, plural } from '../postgres/object-kind.ts'
import { type Privilege, privilegesSince } from '../postgres/privilege.ts'
import { flatMap } from '../util/collections.ts'

/** The first version that has something, and its name. */
type Newer = readonly [since: number, what: string]

const isTooOld = (version: number, since = 0): boolean => version < since

const newPrivilege = (privileges: readonly Privilege[], version: number): Newer | undefined => {
  for (const privilege of privileges) {
    const since = privilegesSince[privilege]
    if (isTooOld(version, since)) return [since!, privilege]
  }
  return undefined
}

/** The first version that has what a target names. All objects of a kind are none where the kind does not exist. */
const sinceOf = (target: Target): number | undefined =>
  isAll(target) ? undefined : objectKinds[target.kind].since

/** What a grant needs but a server is too old for. */
const newIn = (grant: Grant, version: number): Newer | undefined => {
  switch (grant.kind) {
    case 'attribute':
      return undefined
    case 'privilege': {
      const since = sinceOf(grant.object)
      return isTooOld(version, since)
        ? [since!, `${plural(grant.object.kind)} that can be granted`]
        : newPrivilege(grant.privileges, version)
    }
    case 'ownership': {
      const since = sinceOf(grant.object)
      return isTooOld(version, since) ? [since!, plural(grant.object.kind)] : undefined
    }
    case 'membership':
      return !has(version, 'membership grantors') && (grant.inherit === false || grant.set === false)
        ? [firstVersionWith('membership grantors'), 'INHERIT and SET options of memberships']
        : undefined
    case 'default privilege': {
      const { since } = futureObjects[grant.on]
      return isTooOld(version, since)
        ? [since!, `default privileges on ${grant.on}`]
        : newPrivilege(grant.privileges, version)
    }
  }
}

/** `10`, or `9.6`. */
const versionText = (version: number): string =>
  version >= 100000
    ? String(Math.floor(version / 10000))
    : `${Math.floor(version / 10000)}.${Math.floor(version / 100) % 100}`

/**
 * Refuses grants that the server is too old for.
 * @throws UnsupportedServerError
 */
export const checkSupported = (version: number, request: SyncRequest): void => {
  const check = (role: string, grant: Grant): void => {
    const newer = newIn(grant, version)
    if (newer === undefined) return
    const [since, what] = newer
    throw new UnsupportedServerError(
      `cannot grant ${describeGrant(grant)} to ${describeGrantee(role)}: only PostgreSQL ${versionText(since)} and later have ${what}, and the server is ${versionText(version)}`,
    )
  }
  for (const { role, grants } of askersOf(request)) for (const grant of grants) check(role, grant)
  for (const { member, grant } of flatMap(request.desired, listedMemberships)) check(member, grant)
}
