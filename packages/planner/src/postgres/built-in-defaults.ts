import { everybody } from './acl-item.ts'
import { Acl, type ReadonlyAcl } from './acl.ts'
import { type Future, futureObjects, futurePrivileges } from './default-privileges.ts'
import { privilegesSince, type ReadonlyPrivileges } from './privilege.ts'

/**
 * What PostgreSQL grants on new objects of an owner if no default privileges are set.
 * @param version as in `server_version_num`
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (acldefault)
 */
export const builtInDefaults = (version: number, { owner, schema, on }: Future): ReadonlyAcl => {
  const acl = new Acl()
  if (schema !== null) return acl
  const add = (grantee: string, privileges: ReadonlyPrivileges): void =>
    acl.set({ grantee, grantor: owner, privileges })
  const known = futurePrivileges(on).filter((privilege) => (privilegesSince[privilege] ?? 0) <= version)
  add(owner, new Map(known.map((privilege) => [privilege, false])))
  const { toPublic } = futureObjects[on]
  if (toPublic !== undefined) add(everybody, new Map([[toPublic, false]]))
  return acl
}
