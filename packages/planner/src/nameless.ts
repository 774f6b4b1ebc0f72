import { describeName } from './describe.ts'
import { hasLoneSurrogate } from './name.ts'
import type { Membership } from './snapshot.ts'

/**
 * Whether no statement can name a role. Its name stands in the catalogs as other databases of the cluster have written it:
 * what is no text in the encoding of this one is there as lone surrogates.
 */
export const isNameless = (role: string): boolean => hasLoneSurrogate(role)

export const whyNotNamed = (role: string): string | undefined =>
  isNameless(role)
    ? `no statement can name role ${describeName(role)} here, whose name is none in the encoding of the database`
    : undefined

/** Whether a statement that takes a membership away would have to name such a role. */
export const isNamelessMembership = (
  { role, member, grantor }: Membership,
  membershipsHaveGrantors: boolean,
): boolean => isNameless(role) || isNameless(member) || (membershipsHaveGrantors && isNameless(grantor))
