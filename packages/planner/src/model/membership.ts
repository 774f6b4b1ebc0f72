import type { MembershipOptionValues } from '../postgres/membership-option.ts'

/**
 * One row of `pg_auth_members`. From 16 on there may be several for one role and member, by different grantors;
 * before 16 there are no options: `inherit` and `set` are true.
 * @see https://www.postgresql.org/docs/current/catalog-pg-auth-members.html
 */
export interface Membership extends MembershipOptionValues {
  readonly role: string
  readonly member: string
  readonly grantor: string
}

/** One text for one row, usable as a key: no name can hold NUL. */
export const membershipKey = ({
  role,
  member,
  grantor,
}: Pick<Membership, 'role' | 'member' | 'grantor'>): string => `${member}\0${role}\0${grantor}`
