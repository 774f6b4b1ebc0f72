/** The options of a membership: PostgreSQL’s keyword, and the field of a row that holds it. */
export const membershipOptions = { ADMIN: 'admin', INHERIT: 'inherit', SET: 'set' } as const

export type MembershipOption = keyof typeof membershipOptions

export const membershipOptionWords = Object.keys(membershipOptions) as readonly MembershipOption[]

/** The options of one membership. */
export interface MembershipOptionValues {
  /** The member may make others members too. */
  readonly admin: boolean
  /** The member has the privileges of the role. */
  readonly inherit: boolean
  /** The member may SET ROLE to the role. */
  readonly set: boolean
}

/** The options that several rows give together: a member has an option if any of its rows gives it. */
export const together = (rows: readonly MembershipOptionValues[]): MembershipOptionValues => {
  if (rows.length === 1) return rows[0]!
  return {
    admin: rows.some(({ admin }) => admin),
    inherit: rows.some(({ inherit }) => inherit),
    set: rows.some(({ set }) => set),
  }
}

/** A row without some options. */
export const without = <Row extends MembershipOptionValues>(
  row: Row,
  options: readonly MembershipOption[],
): Row => ({ ...row, ...Object.fromEntries(options.map((option) => [membershipOptions[option], false])) })

/**
 * Whether a row makes its member more than an administrator. From 16 on, the creator of a role gets the ADMIN
 * option for it without INHERIT and SET.
 */
export const isRealMember = ({ inherit, set }: Pick<MembershipOptionValues, 'inherit' | 'set'>): boolean =>
  inherit || set

/** The options that are asked for. An option that is left out may be on or off. */
export interface AskedMembershipOptions {
  readonly admin?: boolean
  readonly inherit?: boolean
  readonly set?: boolean
}

/** Only the options that are given, without other fields. */
export const optionsOf = ({ admin, inherit, set }: AskedMembershipOptions): AskedMembershipOptions => ({
  ...(admin !== undefined && { admin }),
  ...(inherit !== undefined && { inherit }),
  ...(set !== undefined && { set }),
})

/** What is asked for, without what would switch an option off that some rows give. */
export const withoutLoss = (
  asked: AskedMembershipOptions,
  rows: readonly MembershipOptionValues[],
): AskedMembershipOptions => {
  const has = together(rows)
  // Who should have only one of INHERIT and SET must have that one.
  const inherit = asked.inherit ?? (asked.set === false || undefined)
  const set = asked.set ?? (asked.inherit === false || undefined)
  return {
    ...optionsOf({ ...asked, ...(inherit !== undefined && { inherit }), ...(set !== undefined && { set }) }),
    ...(has.inherit && { inherit: true }),
    ...(has.set && { set: true }),
  }
}

/** What is asked for, and of INHERIT and SET what some rows give a member already, since what is left out stays. */
export const withWhatStays = (
  asked: AskedMembershipOptions,
  rows: readonly MembershipOptionValues[],
): AskedMembershipOptions => {
  const has = together(rows)
  const all = { ...asked, inherit: asked.inherit ?? has.inherit, set: asked.set ?? has.set }
  // A member needs one of the two: what is asked for may leave it only the other one.
  return isRealMember(has) && isRealMember(all) ? all : asked
}

/**
 * Whether some rows together give what is asked for; they may give more. A member needs INHERIT or SET: if
 * one of the two is asked to be off, the other must be on.
 */
export const satisfy = (
  rows: readonly MembershipOptionValues[],
  { admin, inherit, set }: AskedMembershipOptions,
): boolean => {
  if (rows.length === 0) return false
  const given = together(rows)
  return (
    isRealMember(given) &&
    (admin !== true || given.admin) &&
    (!(inherit ?? set === false) || given.inherit) &&
    (!(set ?? inherit === false) || given.set)
  )
}
