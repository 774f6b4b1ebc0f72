import { hasLoneSurrogate } from '../postgres/identifier.ts'
import { describeName } from './describe.ts'
import type { Membership } from './membership.ts'

/**
 * Whether no statement can name a role, because it is gone, or because its name is not valid in the encoding
 * of this database. Other databases of the cluster may have another encoding; snapshots hold invalid names
 * with lone surrogates.
 */
export const isNameless = (role: string): boolean => isVanished(role) || hasLoneSurrogate(role)

export const whyNotNamed = (role: string): string | undefined => {
  if (isVanished(role)) return 'no statement can name a role that does not exist any more'
  return isNameless(role)
    ? `no statement can name role ${describeName(role)} here: its name is not valid in the encoding of the database`
    : undefined
}

/** Whether the REVOKE of a membership would have to name such a role. */
export const isNamelessMembership = (
  { role, member, grantor }: Membership,
  membershipsHaveGrantors: boolean,
): boolean => isNameless(role) || isNameless(member) || (membershipsHaveGrantors && isNameless(grantor))

/**
 * How a snapshot names a role that is gone but whose oid is still in the catalogs, as owner, member, grantee
 * or grantor. PostgreSQL prints such a role in several ways, each of which can be the name of another role.
 * This text is longer than any name, so no statement can name that other role by accident.
 */
const words = 'a role that does not exist any more and of which catalogs only have the oid '

export const vanishedRole = (oid: string): string => `${words}${oid}`

/** Whether a role is gone: nobody can act as it, and no statement can name it. */
export const isVanished = (role: string): boolean => role.startsWith(words)
