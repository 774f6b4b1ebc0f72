import { describeName } from './describe.ts'
import { hasLoneSurrogate } from './name.ts'
import type { Membership } from './snapshot.ts'
import { isVanished } from './vanished-role.ts'

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
