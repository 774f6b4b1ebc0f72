import type { DesiredRole, Grant, PrivilegeGrant } from '@pgsr/planner'
import { groupedGrants } from '@pgsr/planner/internal'
import { grantsPlain } from './grants.ts'
import type { Plain } from './plain.ts'

const isForAll = (grant: Grant): boolean => 'object' in grant && 'all' in grant.object

/** Whether a role has a profile or `all`. That the owner of a schema owns what is created in it goes without saying. */
const growsWithSchema = ({ grants }: DesiredRole): boolean =>
  groupedGrants(grants).some((one) => (one.kind === 'level' ? one.level !== 'owner' : isForAll(one.grant)))

/** What a reader of the roles has to know of what will be created. */
export const remarksOnFuture = (roles: readonly DesiredRole[]): readonly string[] =>
  roles.some(growsWithSchema)
    ? [
        'A profile in access, and all, stand for everything in the schema: when something is created there, the next plan gives',
        'the same on it. For no more than what is there now, list names: { profile: readOnly, tables: [orders] }.',
      ]
    : []

const onSchemas = (grants: readonly PrivilegeGrant[]): Plain =>
  Object.fromEntries(
    grants.flatMap(({ object, privileges }) => ('name' in object ? [[object.name[0], [...privileges]]] : [])),
  )

/** Entries of `grants` in `public`. What PUBLIC has is always a list, since it may be empty, and always direct. */
const onOthers = (grants: readonly PrivilegeGrant[]): Plain =>
  grantsPlain(grants.map((grant) => ({ ...grant, direct: false }))).map((entry) => {
    const { privileges, ...others } = entry as { readonly privileges: Plain }
    return { privileges: typeof privileges === 'string' ? [privileges] : privileges, ...others }
  })

/** What `public` would say of what PUBLIC has. */
export const publicPlain = (grants: readonly PrivilegeGrant[]): { readonly [key: string]: Plain } => {
  const schemas = grants.filter(({ object }) => object.kind === 'schema')
  const others = grants.filter(({ object }) => object.kind !== 'schema')
  return {
    ...(schemas.length > 0 && { schemas: onSchemas(schemas) }),
    ...(others.length > 0 && { grants: onOthers(others) }),
  }
}
