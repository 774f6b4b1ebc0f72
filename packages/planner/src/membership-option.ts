import type { Membership } from './snapshot.ts'

/** The options of a membership, in PostgreSQL’s words, with the fields of a row that say whether it gives them. */
export const membershipOptions = { ADMIN: 'admin', INHERIT: 'inherit', SET: 'set' } as const

export type MembershipOption = keyof typeof membershipOptions

export const membershipOptionWords = Object.keys(membershipOptions) as readonly MembershipOption[]

/** What makes a membership one, and what it gives besides. */
export type MembershipOptionValues = Pick<Membership, 'admin' | 'inherit' | 'set'>

/** What several rows give together, which is what counts. */
export const together = (rows: readonly MembershipOptionValues[]): MembershipOptionValues => ({
  admin: rows.some(({ admin }) => admin),
  inherit: rows.some(({ inherit }) => inherit),
  set: rows.some(({ set }) => set),
})

/** A row that has lost some options. */
export const without = <Row extends MembershipOptionValues>(
  row: Row,
  options: readonly MembershipOption[],
): Row => ({ ...row, ...Object.fromEntries(options.map((option) => [membershipOptions[option], false])) })
