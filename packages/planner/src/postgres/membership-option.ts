/** The options of a membership, in PostgreSQL’s words, with the fields of a row that say whether it gives them. */
export const membershipOptions = { ADMIN: 'admin', INHERIT: 'inherit', SET: 'set' } as const

export type MembershipOption = keyof typeof membershipOptions

export const membershipOptionWords = Object.keys(membershipOptions) as readonly MembershipOption[]

/** The options of one membership. */
export interface MembershipOptionValues {
  /** Its member may make others members too. */
  readonly admin: boolean
  /** Its member has the privileges of the role. */
  readonly inherit: boolean
  /** Its member may SET ROLE to the role. */
  readonly set: boolean
}

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

/**
 * Whether a row makes its member one. From 16 on, who creates a role may administer it without being a member in any
 * other way.
 */
export const isRealMember = ({ inherit, set }: Pick<MembershipOptionValues, 'inherit' | 'set'>): boolean =>
  inherit || set

/** Which options are asked for. An option that is left out may be either way. */
export interface AskedMembershipOptions {
  readonly admin?: boolean
  readonly inherit?: boolean
  readonly set?: boolean
}

/**
 * Whether some rows together give what is asked for; they may give more. A member has INHERIT or SET: where one of the two
 * is not to be, the other is needed.
 */
export const satisfy = (
  rows: readonly MembershipOptionValues[],
  { admin, inherit, set }: AskedMembershipOptions,
): boolean => {
  const given = together(rows)
  return (
    isRealMember(given) &&
    (admin !== true || given.admin) &&
    (!(inherit ?? set === false) || given.inherit) &&
    (!(set ?? inherit === false) || given.set)
  )
}
