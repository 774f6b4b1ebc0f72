import { describeGrant, describeName } from './describe.ts'
import { UnsupportedServerError } from './errors.ts'
import { futureObjects } from './future-objects.ts'
import type { Grant } from './grant.ts'
import { objectKinds } from './object-kind.ts'
import { privilegesSince } from './privilege.ts'
import type { SyncRequest } from './request.ts'

/** Something that only servers from some version on have. */
interface Newer {
  readonly what: string
  readonly since: number | undefined
}

const newPrivileges = (privileges: readonly (keyof typeof privilegesSince)[]): readonly Newer[] =>
  privileges.map((privilege) => ({ what: privilege, since: privilegesSince[privilege] }))

const newIn = (grant: Grant): readonly Newer[] => {
  switch (grant.kind) {
    case 'attribute':
      return []
    case 'privilege':
      return [
        { what: `${grant.object.kind}s that can be granted`, since: objectKinds[grant.object.kind].since },
        ...newPrivileges(grant.privileges),
      ]
    case 'ownership':
      return [{ what: `${grant.object.kind}s`, since: objectKinds[grant.object.kind].since }]
    case 'membership':
      return grant.inherit === false || grant.set === false
        ? [{ what: 'INHERIT and SET options of memberships', since: 160000 }]
        : []
    case 'default privilege':
      return [
        { what: `default privileges on ${grant.on}`, since: futureObjects[grant.on].since },
        ...newPrivileges(grant.privileges),
      ]
  }
}

/** `10`, or `9.6`. */
const versionText = (version: number): string =>
  version >= 100000
    ? String(Math.floor(version / 10000))
    : `${Math.floor(version / 10000)}.${Math.floor(version / 100) % 100}`

/**
 * Refuses what the server is too old for.
 * @throws UnsupportedServerError
 */
export const checkSupported = (version: number, { desired }: SyncRequest): void => {
  for (const { role, grants } of desired)
    for (const grant of grants)
      for (const { what, since = 0 } of newIn(grant))
        if (version < since)
          throw new UnsupportedServerError(
            `cannot grant ${describeGrant(grant)} to role ${describeName(role)}: there are ${what} from PostgreSQL ${versionText(since)} on, and the server is ${versionText(version)}`,
          )
}
