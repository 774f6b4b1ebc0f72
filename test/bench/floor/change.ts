import { numbered } from '../../harness/texts/numbered.ts'

/** A privilege on each of some tables, as GRANT has it. */
export const selectOn = (schema: string, tables: readonly string[]): readonly string[] =>
  tables.map((table) => `select on table ${schema}.${table}`)

export const createRoles = (roles: readonly string[], options = ''): readonly string[] =>
  roles.map((role) => `create role ${role} ${options}`)

/** As many roles that hold a privilege for others as there are privileges. */
export const holdersOf = (privileges: readonly string[]): readonly string[] =>
  numbered(privileges.length, '_pgsr_by_hand')

/** Makes these roles, which hold one privilege each. */
export const createHolders = (
  holders: readonly string[],
  privileges: readonly string[],
): readonly string[] => [
  ...createRoles(holders),
  ...privileges.map((privilege, index) => `grant ${privilege} to ${holders[index]}`),
]

/** Lets each role have what all holders hold, but not become one of them. */
export const join = (
  roles: readonly string[],
  holders: readonly string[],
  { major }: { readonly major: number },
): string =>
  `grant ${holders.join(',')} to ${roles.join(',')}${major >= 16 ? ' with inherit true, set false' : ''}`

export const leave = (role: string, holders: readonly string[]): string =>
  `revoke ${holders.join(',')} from ${role}`
