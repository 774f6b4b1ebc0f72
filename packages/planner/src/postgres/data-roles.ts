import type { ObjectKind } from './object-kind.ts'
import type { Privilege } from './privilege.ts'
import { flatMap } from '../util/collections.ts'

interface DataRole {
  readonly kinds: readonly ObjectKind[]
  readonly privileges: readonly Privilege[]
}

const relations: readonly ObjectKind[] = ['table', 'column', 'sequence']

/**
 * What PostgreSQL’s predefined roles give their members on all objects of some kinds, which no ACL says.
 * @see https://www.postgresql.org/docs/current/predefined-roles.html
 */
export const dataRoles: Readonly<Record<string, readonly DataRole[]>> = {
  pg_read_all_data: [
    { kinds: relations, privileges: ['SELECT'] },
    { kinds: ['schema'], privileges: ['USAGE'] },
  ],
  pg_write_all_data: [
    { kinds: relations, privileges: ['INSERT', 'UPDATE', 'DELETE'] },
    { kinds: ['schema'], privileges: ['USAGE'] },
  ],
  pg_maintain: [{ kinds: ['table'], privileges: ['MAINTAIN'] }],
}

/** The predefined roles whose members have a privilege on every object of a kind. */
export const dataRolesWith = (kind: ObjectKind, privilege: Privilege): readonly string[] =>
  flatMap(Object.entries(dataRoles), ([role, all]) =>
    all.some(({ kinds, privileges }) => kinds.includes(kind) && privileges.includes(privilege)) ? [role] : [],
  )
