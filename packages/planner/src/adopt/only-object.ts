import type { CatalogObject } from '../catalog/catalog-object.ts'
import type { Grant, PrivilegeGrant } from '../model/grant.ts'
import { type AllInSchema, isAll } from '../model/target.ts'
import { defaultsFor } from '../postgres/default-privileges.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { Contents } from './contents.ts'

/** Whether default privileges give all these privileges on objects that somebody will create in the schema. */
const extendsToFuture = (
  grants: readonly Grant[],
  { kind, schema }: AllInSchema,
  privileges: readonly Privilege[],
): boolean => {
  const places = defaultsFor({ kind, name: [schema, ''] })
  return grants.some(
    (grant) =>
      grant.kind === 'default privilege' &&
      places.some(({ on, schema: where }) => on === grant.on && where === grant.schema) &&
      privileges.every((privilege) => grant.privileges.includes(privilege)),
  )
}

/**
 * The object that a role has privileges on, where it is the only one of its kind in the schema. That a role has something on
 * the only object is no sign that it should have it on the next, unless default privileges say so.
 */
export const onlyObject = (
  grants: readonly Grant[],
  contents: Contents,
  all: AllInSchema,
  privileges: readonly Privilege[],
): CatalogObject | undefined => {
  const [only, ...others] = contents.of(all.kind, all.schema) ?? []
  return others.length > 0 || extendsToFuture(grants, all, privileges) ? undefined : only
}

/** The same grants, with the only object of its kind by its name. */
export const withOnlyObjects = (grants: readonly Grant[], contents: Contents): readonly Grant[] =>
  grants.map((grant) => {
    if (grant.kind !== 'privilege' || !isAll(grant.object)) return grant
    const only = onlyObject(grants, contents, grant.object, grant.privileges)
    return only === undefined
      ? grant
      : { ...grant, object: { kind: only.kind, name: only.name } as PrivilegeGrant['object'] }
  })
