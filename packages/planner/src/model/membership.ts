import type { MembershipOptionValues } from '../postgres/membership-option.ts'
import { compareText } from '../util/collections.ts'

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

type Names = Pick<Membership, 'role' | 'member' | 'grantor'>

/** A key that is unique to a row: no name can hold NUL. */
export const membershipKey = ({ role, member, grantor }: Names): string => `${member}\0${role}\0${grantor}`

/** Orders rows as their keys do. */
export const compareMemberships = (a: Names, b: Names): number =>
  compareText(a.member, b.member) || compareText(a.role, b.role) || compareText(a.grantor, b.grantor)
