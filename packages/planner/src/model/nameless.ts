import { hasLoneSurrogate } from '../postgres/identifier.ts'
import { describeName } from './describe.ts'
import type { Membership } from './membership.ts'

/**
 * Whether no statement can name a role: it is gone, or its name stands in the catalogs as other databases of the cluster have
 * written it. What is no text in the encoding of this one is there as lone surrogates.
 */
export const isNameless = (role: string): boolean => isVanished(role) || hasLoneSurrogate(role)

export const whyNotNamed = (role: string): string | undefined => {
  if (isVanished(role)) return 'no statement can name a role that does not exist any more'
  return isNameless(role)
    ? `no statement can name role ${describeName(role)} here, whose name is none in the encoding of the database`
    : undefined
}

/** Whether a statement that takes a membership away would have to name such a role. */
export const isNamelessMembership = (
  { role, member, grantor }: Membership,
  membershipsHaveGrantors: boolean,
): boolean => isNameless(role) || isNameless(member) || (membershipsHaveGrantors && isNameless(grantor))

/**
 * What a snapshot calls a role that is gone, of which catalogs still have the oid: as owner, member, grantee or grantor.
 * PostgreSQL spells it in several ways, each of which can be the name of another role. This is longer than any name, so
 * that no statement can be about it.
 */
const words = 'a role that does not exist any more and of which catalogs only have the oid '

export const vanishedRole = (oid: string): string => `${words}${oid}`

/** Whether a role is gone: nobody can speak for it, and no statement can name it. */
export const isVanished = (role: string): boolean => role.startsWith(words)
