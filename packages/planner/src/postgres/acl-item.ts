import { InvalidTextError } from './invalid-text.ts'

/** PUBLIC, as the grantee of an ACL item: no role can have this name. */
export const everybody = 'public'

/** What one role granted another on one object. */
export interface AclItem {
  /** The role that holds the privileges, or {@link everybody}. */
  readonly grantee: string
  readonly grantor: string
  /**
   * PostgreSQL's letters, in its order, `*` for the grant option: `ar*w`.
   * @see https://www.postgresql.org/docs/current/ddl-priv.html#PRIVILEGE-ABBREVS-TABLE
   */
  readonly privileges: string
}

const takeName = (text: string, start: number): readonly [name: string, end: number] => {
  if (text[start] !== '"') {
    let end = start
    while (end < text.length && text[end] !== '=' && text[end] !== '/') end++
    return [text.slice(start, end), end]
  }
  let name = ''
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] !== '"') name += text[index]
    else if (text[index + 1] === '"') {
      name += '"'
      index++
    } else return [name, index + 1]
  }
  throw new InvalidTextError(`unterminated quote in the ACL item ${JSON.stringify(text)}`)
}

/**
 * Reads an ACL item as PostgreSQL prints it: `analyst=r*w/owner`, `=r/owner` for PUBLIC.
 * @throws InvalidTextError if the text is not an ACL item
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (aclitemout)
 */
export const parseAclItem = (text: string): AclItem => {
  const [grantee, granteeEnd] = takeName(text, 0)
  const slash = text.indexOf('/', granteeEnd)
  if (text[granteeEnd] !== '=' || slash < 0)
    throw new InvalidTextError(`not an ACL item: ${JSON.stringify(text)}`)
  const [grantor] = takeName(text, slash + 1)
  return {
    grantee: grantee === '' ? everybody : grantee,
    grantor,
    privileges: text.slice(granteeEnd + 1, slash),
  }
}
