import type { MembershipOptions } from '@pgsr/planner'

/** Who granted a row: `acting` is an acting role that is not a superuser. */
export type RowGrantor = 'superuser' | 'acting' | 'third' | 'member'

export interface OptionValues {
  readonly admin: boolean
  readonly inherit: boolean
  readonly set: boolean
}

/** One row by which a member is in a role. */
export interface MatrixRow extends OptionValues {
  readonly grantor: RowGrantor
}

/** What there is of one membership, and what is asked for; `undefined`: nothing. */
export interface MatrixCase {
  readonly rows: readonly MatrixRow[]
  readonly asked: MembershipOptions | undefined
}

const flags = [false, true] as const

const values: readonly OptionValues[] = flags.flatMap((admin) =>
  flags.flatMap((inherit) => flags.map((set) => ({ admin, inherit, set }))),
)

/** A membership without INHERIT and without SET gives nothing, so that it cannot be asked for. */
const requests: readonly (MembershipOptions | undefined)[] = [
  undefined,
  ...[undefined, ...flags].flatMap((admin) =>
    [undefined, ...flags].flatMap((inherit) =>
      [undefined, ...flags].flatMap((set) =>
        inherit === false && set === false
          ? []
          : [
              {
                ...(admin !== undefined && { admin }),
                ...(inherit !== undefined && { inherit }),
                ...(set !== undefined && { set }),
              },
            ],
      ),
    ),
  ),
]

/** Who granted the rows: before 16 there is one row at most, and its options are only ADMIN. */
const grantorsFor = (isSuperuser: boolean): readonly (readonly RowGrantor[])[] => [
  [],
  ['superuser'],
  ['third'],
  ['superuser', 'third'],
  ['superuser', 'member'],
  ['third', 'member'],
  ...(isSuperuser
    ? []
    : ([['acting'], ['acting', 'superuser'], ['acting', 'third'], ['acting', 'member']] as const)),
]

const rowsBy = (grantors: readonly RowGrantor[]): readonly (readonly MatrixRow[])[] =>
  grantors.reduce<readonly (readonly MatrixRow[])[]>(
    (all, grantor) => all.flatMap((rows) => values.map((one) => [...rows, { grantor, ...one }])),
    [[]],
  )

/** Whoever grants a role to itself administers it, and cannot give itself the ADMIN option. */
const isPossible = (rows: readonly MatrixRow[]): boolean =>
  rows.every(({ grantor, admin }) => grantor !== 'member' || (!admin && rows.some((row) => row.admin)))

/** Every combination of up to two rows of one membership, and of what is asked for. */
export const matrixOf = (isSuperuser: boolean): readonly MatrixCase[] =>
  grantorsFor(isSuperuser)
    .flatMap(rowsBy)
    .filter(isPossible)
    .flatMap((rows) => requests.map((asked) => ({ rows, asked })))

/** What a member has of a role; `undefined`: whatever it may be. */
export interface Expected {
  readonly member: boolean
  readonly admin: boolean
  readonly inherit: boolean | undefined
  readonly set: boolean | undefined
  /** The rows that give something which they should not, and that cannot be helped. */
  readonly residue: readonly RowGrantor[]
}

/**
 * What has to come of a case: what is asked for, and nothing that is not, but for what stays with rows that cannot be taken
 * away. An option that is not said stays as all rows together have it, unless who granted it may not any more.
 */
export const expectedOf = ({ rows, asked }: MatrixCase, isSuperuser: boolean): Expected => {
  const isFixed = ({ grantor }: MatrixRow): boolean =>
    !isSuperuser && (grantor === 'superuser' || grantor === 'third')
  const has = (option: keyof OptionValues, some = rows): boolean => some.some((row) => row[option])
  const fixed = rows.filter(isFixed)
  if (asked === undefined)
    return {
      member: fixed.length > 0,
      admin: has('admin', fixed),
      inherit: has('inherit', fixed),
      set: has('set', fixed),
      residue: fixed.map(({ grantor }) => grantor),
    }
  const unwanted = (row: MatrixRow): boolean =>
    (row.admin && asked.admin !== true) ||
    (row.inherit && asked.inherit === false) ||
    (row.set && asked.set === false)
  const isMember = has('inherit') || has('set')
  const isSteady = rows.every(({ grantor }) => grantor !== 'member')
  const otherwise = (option: 'inherit' | 'set', other: 'inherit' | 'set'): boolean | undefined => {
    if (asked[option] === true) return true
    if (asked[option] === false) return has(option, fixed)
    if (!isSteady) return undefined
    // To be a member at all takes one of both.
    return isMember ? has(option) || asked[other] === false : true
  }
  return {
    member: true,
    admin: asked.admin === true || has('admin', fixed),
    inherit: otherwise('inherit', 'set'),
    set: otherwise('set', 'inherit'),
    residue: fixed.filter(unwanted).map(({ grantor }) => grantor),
  }
}
