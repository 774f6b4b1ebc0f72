import type { Membership } from './snapshot.ts'

/**
 * Whether a row makes its member one. From 16 on, who creates a role may administer it without being a member in any
 * other way.
 */
export const isRealMember = ({ inherit, set }: Pick<Membership, 'inherit' | 'set'>): boolean => inherit || set
