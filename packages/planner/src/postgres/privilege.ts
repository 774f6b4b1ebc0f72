import { InvalidTextError } from './invalid-text.ts'

/**
 * Every privilege, by the letter that stands for it in PostgreSQL's ACLs, in the order PostgreSQL prints them.
 * @see https://www.postgresql.org/docs/current/ddl-priv.html#PRIVILEGE-ABBREVS-TABLE
 */
export const privilegeLetters = {
  a: 'INSERT',
  r: 'SELECT',
  w: 'UPDATE',
  d: 'DELETE',
  D: 'TRUNCATE',
  x: 'REFERENCES',
  t: 'TRIGGER',
  X: 'EXECUTE',
  U: 'USAGE',
  C: 'CREATE',
  T: 'TEMPORARY',
  c: 'CONNECT',
  s: 'SET',
  A: 'ALTER SYSTEM',
  m: 'MAINTAIN',
} as const

export type PrivilegeLetter = keyof typeof privilegeLetters
export type Privilege = (typeof privilegeLetters)[PrivilegeLetter]

/** The first version that has a privilege, as in `server_version_num`; the others are as old as their kinds of object. */
export const privilegesSince: Readonly<Partial<Record<Privilege, number>>> = { MAINTAIN: 170000 }

const letters = Object.keys(privilegeLetters) as PrivilegeLetter[]

/** The privileges of one ACL item: each privilege held, and whether with grant option. */
export type Privileges = Map<Privilege, boolean>
export type ReadonlyPrivileges = ReadonlyMap<Privilege, boolean>

/** Each privilege alone, with and without the grant option. Most items hold only one, and share these maps. */
const alone = new Map(
  Object.values(privilegeLetters).map((privilege) => [
    privilege,
    { plain: new Map([[privilege, false]]), grantable: new Map([[privilege, true]]) },
  ]),
) as ReadonlyMap<Privilege, Readonly<Record<'plain' | 'grantable', ReadonlyPrivileges>>>

/** Some privileges and one more, or with the grant option for one of them. */
export const withPrivilege = (
  privileges: ReadonlyPrivileges | undefined,
  privilege: Privilege,
  grantable: boolean,
): ReadonlyPrivileges =>
  privileges === undefined
    ? alone.get(privilege)![grantable ? 'grantable' : 'plain']
    : new Map(privileges).set(privilege, grantable || privileges.get(privilege) === true)

/**
 * Reads the letters of an ACL item, such as `ar*w`; a `*` marks the grant option.
 * @throws InvalidTextError on a letter that no PostgreSQL up to 18 prints
 */
export const parsePrivileges = (text: string): Privileges => {
  const privileges: Privileges = new Map()
  for (let index = 0; index < text.length; index++) {
    const privilege = privilegeLetters[text[index] as PrivilegeLetter]
    if (privilege === undefined)
      throw new InvalidTextError(`unknown privilege letter "${text[index]}" in "${text}"`)
    const grantable = text[index + 1] === '*'
    if (grantable) index++
    privileges.set(privilege, grantable)
  }
  return privileges
}

/** Writes the letters of an ACL item in PostgreSQL's order. */
export const formatPrivileges = (privileges: ReadonlyPrivileges): string =>
  letters
    .map((letter) => {
      const grantable = privileges.get(privilegeLetters[letter])
      return grantable === undefined ? '' : grantable ? `${letter}*` : letter
    })
    .join('')
