import type { Catalog } from '../catalog/catalog.ts'
import { describeName } from '../model/describe.ts'
import type { DefaultPrivilegeGrant, Grant, MembershipGrant } from '../model/grant.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import { type Managed, managesSchema } from '../model/managed.ts'
import type { Membership } from '../model/membership.ts'
import { attributes, isGrantableAttribute } from '../postgres/attribute.ts'
import { together } from '../postgres/membership-option.ts'
import { futurePrivileges } from '../postgres/default-privileges.ts'
import type { Role } from '../model/snapshot.ts'
import { timestamp } from '../postgres/timestamp.ts'
import { append, flatMap } from '../util/collections.ts'
import type { Unsaid } from './described.ts'

/**
 * Says that a role may log in until a time that no grant can name: LOGIN without an end would let it log in again. An
 * external role keeps its attributes.
 */
export const unsaidLogin = ({ name, login, validUntil }: Role): Unsaid | undefined =>
  login && timestamp(validUntil) === undefined
    ? {
        role: name,
        reason: 'left as it is',
        message: `role ${describeName(name)} has VALID UNTIL ${validUntil}, which no grant can ask for; it is described as external, so that its attributes stay as they are`,
      }
    : undefined

/** The grants of the attributes that a role has. Its password stays as it is. */
export const attributeGrants = (role: Role): readonly Grant[] =>
  flatMap(Object.entries(attributes), ([word, field]): readonly Grant[] => {
    if (!role[field] || !isGrantableAttribute(word)) return []
    if (word !== 'LOGIN') return [{ kind: 'attribute', attribute: word }]
    const validUntil = role.validUntil.replace(/\.0+Z$/, 'Z')
    return [{ kind: 'attribute', attribute: word, validUntil, password: 'keep' }]
  })

/** Whether a row is only the ADMIN option that CREATEROLE gives for what a role creates. */
const comesWithCreateRole = ({ createRole }: Role, bootstrapRole: string, row: Membership): boolean =>
  createRole && row.admin && !row.inherit && !row.set && row.grantor === bootstrapRole

/**
 * The grants of memberships in ordinary roles. An option is said where it is not what GRANT gives by itself.
 */
export const membershipGrants = (
  catalog: Catalog,
  member: Role,
): { readonly grants: readonly MembershipGrant[]; readonly unsaid: readonly Unsaid[] } => {
  const { membershipsHaveGrantors, server } = catalog
  const byRole = new Map<string, Membership[]>()
  for (const row of catalog.memberships.ofMember(member.name))
    if (!isIntermediateName(row.role)) append(byRole, row.role, row)
  const grants: MembershipGrant[] = []
  const unsaid: Unsaid[] = []
  for (const [role, rows] of byRole) {
    if (rows.every((row) => comesWithCreateRole(member, server.bootstrapRole, row))) continue
    const { admin, inherit, set } = together(rows)
    const base = { kind: 'membership' as const, role, ...(admin && { admin }) }
    if (!membershipsHaveGrantors) grants.push(base)
    else if (inherit || set)
      grants.push({
        ...base,
        ...(inherit !== member.inherit && { inherit }),
        ...(!set && { set }),
      })
    else
      unsaid.push({
        role: member.name,
        reason: 'membership',
        message: `role ${describeName(member.name)} is a member of role ${describeName(role)} with neither the INHERIT nor the SET option, which no grant asks for`,
      })
  }
  return { grants, unsaid }
}

/** For each role, the grants of the default privileges that it has. What owners have by their own is left alone. */
export const defaultPrivilegeGrants = (
  catalog: Catalog,
  roles: ReadonlySet<string>,
  managed: Managed,
): ReadonlyMap<string, readonly DefaultPrivilegeGrant[]> => {
  const byRole = new Map<string, DefaultPrivilegeGrant[]>()
  for (const { owner, schema, on, acl } of catalog.defaults)
    for (const { grantee, privileges } of acl.values()) {
      if (!roles.has(grantee) || grantee === owner || !managesSchema(managed, schema)) continue
      for (const grantable of [false, true]) {
        const held = futurePrivileges(on).filter((privilege) => privileges.get(privilege) === grantable)
        if (held.length > 0)
          append(byRole, grantee, {
            kind: 'default privilege',
            owner,
            schema,
            on,
            privileges: held,
            grantable,
          })
      }
    }
  return byRole
}
