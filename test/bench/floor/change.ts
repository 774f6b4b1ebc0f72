import { numbered } from '../../harness/texts/numbered.ts'
import type { Looker } from './look.ts'

/** Roles that each hold one privilege for others, and the role that creates and grants them. */
export interface Group {
  readonly holders: readonly string[]
  /** A role that the connected role can SET ROLE to. Default: the connected role. */
  readonly as?: string
}

/** A privilege on each of some tables, as GRANT has it. */
export const selectOn = (schema: string, tables: readonly string[]): readonly string[] =>
  tables.map((table) => `select on table ${schema}.${table}`)

export const createRoles = (roles: readonly string[], options = ''): readonly string[] =>
  roles.map((role) => `create role ${role} ${options}`)

/** How many roles one role administers: from 16 on, each GRANT of one of them goes through all of them. */
const administered = 64

/** A holder for each privilege, in groups by the role that administers them. A superuser administers all of them. */
export const groupsOf = (privileges: readonly string[], { major, isSuperuser }: Looker): readonly Group[] => {
  const holders = numbered(privileges.length, '_pgsr_by_hand')
  if (isSuperuser || major < 16) return [{ holders }]
  return Array.from({ length: Math.ceil(holders.length / administered) }, (_, index) => ({
    holders: holders.slice(index * administered, (index + 1) * administered),
    ...(index > 0 && { as: `_pgsr_by_hand_admin_${index}` }),
  }))
}

/** Does something with each group, as the role that administers it. */
const each = (groups: readonly Group[], work: (group: Group) => readonly string[]): readonly string[] =>
  groups.flatMap((group) =>
    group.as === undefined ? work(group) : [`set local role ${group.as}`, ...work(group), 'reset role'],
  )

const createAdministrators = (groups: readonly Group[]): readonly string[] =>
  groups.flatMap(({ as }) =>
    as === undefined
      ? []
      : [...createRoles([as], 'createrole'), `grant ${as} to current_user with inherit false, set true`],
  )

/** Creates the holders, and grants each of them its privilege. */
export const createHolders = (groups: readonly Group[], privileges: readonly string[]): readonly string[] => {
  const holders = groups.flatMap((group) => group.holders)
  return [
    ...createAdministrators(groups),
    ...each(groups, (group) => createRoles(group.holders)),
    ...privileges.map((privilege, index) => `grant ${privilege} to ${holders[index]}`),
  ]
}

/** Makes each role a member of all holders. It inherits what they hold, and from 16 on cannot SET ROLE to them. */
export const join = (
  roles: readonly string[],
  groups: readonly Group[],
  { major }: Pick<Looker, 'major'>,
): readonly string[] => {
  const options = major >= 16 ? ' with inherit true, set false' : ''
  return each(groups, ({ holders }) => [`grant ${holders.join(',')} to ${roles.join(',')}${options}`])
}

export const leave = (role: string, groups: readonly Group[]): readonly string[] =>
  each(groups, ({ holders }) => [`revoke ${holders.join(',')} from ${role}`])
