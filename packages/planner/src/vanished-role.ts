/**
 * What a snapshot calls a role that is gone, of which catalogs still have the oid: as owner, member, grantee or grantor.
 * PostgreSQL spells it in several ways, each of which can be the name of another role. This is longer than any name, so
 * that no statement can be about it.
 */
const words = 'a role that does not exist any more and of which catalogs only have the oid '

export const vanishedRole = (oid: string): string => `${words}${oid}`

/** Whether a role is gone: nobody can speak for it, and no statement can name it. */
export const isVanished = (role: string): boolean => role.startsWith(words)
