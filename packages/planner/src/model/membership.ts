import type { MembershipOptionValues } from '../postgres/membership-option.ts'

/**
 * One row of `pg_auth_members`. From 16 on there may be several for one role and member, by different grantors;
 * before 16 there are no options: `inherit` and `set` are true.
 * @see https://www.postgresql.org/docs/current/catalog-pg-auth-members.html
 */
export interface Membership extends MembershipOptionValues {
  /** The role that is granted. */
  readonly role: string
  /** The role that it is granted to. */
  readonly member: string
  readonly grantor: string
}

/** A key that is unique to a row: no name can hold NUL. */
export const membershipKey = ({
  role,
  member,
  grantor,
}: Pick<Membership, 'role' | 'member' | 'grantor'>): string => `${member}\0${role}\0${grantor}`
