import { databaseOwners } from '../access/role-graph.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import { tableOf } from '../catalog/column.ts'
import { describeThroughPublic, placeOf } from '../model/describe-several.ts'
import type { SyncRequest } from '../model/request.ts'
import type { PatternScope } from '../model/scope.ts'
import type { ThroughPublic } from '../model/through-public.ts'
import { everybody } from '../postgres/acl-item.ts'
import { dataRolesWith } from '../postgres/data-roles.ts'
import { has } from '../postgres/features.ts'
import { objectKey, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { scopeOfRequest } from '../request/catalog-scope.ts'
import { append, flatMap, getOrMake, inKeyOrder, sortedBy, sortedUnique } from '../util/collections.ts'

const patternKey = ({
  kind,
  schema,
  column = '',
}: Omit<PatternScope, 'kind'> & Pick<ObjectName, 'kind'>): string => [kind, schema, column].join('\0')

/** The objects on which PUBLIC has something, and which a request names, with those that its patterns stand for. */
const objectsNamed = (catalog: Catalog, request: SyncRequest): readonly CatalogObject[] => {
  const open: CatalogObject[] = []
  for (const object of catalog.objects.values())
    for (const { grantee } of object.acl.values())
      if (grantee === everybody) {
        open.push(object)
        break
      }
  if (open.length === 0) return open
  const { objects, patterns } = scopeOfRequest(request)
  const named = new Set(objects.map(objectKey))
  const places = new Set(patterns.map(patternKey))
  const isInPattern = ({ kind, name }: ObjectName): boolean =>
    places.has(patternKey({ kind, schema: name[0]!, ...(kind === 'column' && { column: name[2]! }) }))
  return sortedBy(
    open.filter((object) => named.has(object.key) || isInPattern(object)),
    ({ key }) => key,
  )
}

/** Finds which of some roles have the privileges of others. */
class Heirs {
  readonly #catalog: Catalog
  readonly #roles: ReadonlySet<string>
  readonly #found = new Map<string, readonly string[]>()

  constructor(catalog: Catalog, roles: ReadonlySet<string>) {
    this.#catalog = catalog
    this.#roles = roles
  }

  of(role: string): readonly string[] {
    return getOrMake(this.#found, role, () => this.#find(role))
  }

  #find(role: string): readonly string[] {
    const { memberships, membershipsHaveGrantors, server, roles } = this.#catalog
    const heirs = new Set([role])
    const add = (member: string): void => {
      if (membershipsHaveGrantors || roles.get(member)?.inherit !== false) heirs.add(member)
    }
    for (const one of heirs) {
      for (const { member, inherit } of memberships.inRole(one)) if (inherit) add(member)
      if (one === databaseOwners && has(server.version, 'pg_database_owner')) add(server.databaseOwner)
    }
    return [...heirs].filter((heir) => this.#roles.has(heir))
  }
}

/** The roles with a privilege on an object: those that ACLs name, and for a column, those on its table too. */
const holdersOf = (catalog: Catalog, object: CatalogObject, privilege: Privilege): readonly string[] => [
  ...flatMap([object, ...tableOf(catalog, object)], ({ acl }) => [...acl.holders(privilege).keys()]),
  ...dataRolesWith(object.kind, privilege),
]

/** Some privileges on an object that the same roles have only through PUBLIC. */
interface Found {
  readonly object: CatalogObject
  readonly roles: readonly string[]
  readonly privileges: Privilege[]
}

const foundOn = (
  catalog: Catalog,
  object: CatalogObject,
  rolesWithout: (holders: readonly string[]) => readonly string[],
): readonly Found[] => {
  const privileges = flatMap(object.acl.values(), (item) =>
    item.grantee === everybody ? [...item.privileges.keys()] : [],
  )
  const found = new Map<string, Found>()
  for (const privilege of sortedUnique(privileges)) {
    const roles = rolesWithout(holdersOf(catalog, object, privilege))
    if (roles.length > 0)
      getOrMake(found, roles.join('\0'), () => ({ object, roles, privileges: [] })).privileges.push(privilege)
  }
  return [...found.values()]
}

/**
 * What desired roles can do only because PUBLIC can, on the objects that a request names: what nobody who reads the request
 * would expect. Everything that this needs has been read for other reasons.
 * @param catalog the outcome
 */
export const throughPublicOf = (catalog: Catalog, request: SyncRequest): readonly ThroughPublic[] => {
  const objects = objectsNamed(catalog, request)
  if (objects.length === 0) return []
  const roles = new Set(
    flatMap(request.desired, (one) =>
      catalog.roles.has(one.role) && !catalog.isSuperuser(one.role) ? [one.role] : [],
    ),
  )
  const heirs = new Heirs(catalog, roles)
  const found = new Map<string, readonly string[]>()
  const rolesWithout = (holders: readonly string[]): readonly string[] =>
    getOrMake(found, sortedUnique(holders).join('\0'), () => {
      const others = new Set(flatMap(holders, (holder) => heirs.of(holder)))
      return [...roles].filter((role) => !others.has(role))
    })
  const groups = new Map<string, Found[]>()
  for (const object of objects)
    for (const one of foundOn(catalog, object, rolesWithout))
      append(groups, JSON.stringify([placeOf(object), one.privileges, one.roles]), one)
  return inKeyOrder(groups).map((all) => {
    const [{ roles: its, privileges }] = all as [Found, ...Found[]]
    const said = {
      roles: its,
      privileges,
      objects: all.map(({ object: { kind, name } }) => ({ kind, name })),
    }
    return { ...said, message: describeThroughPublic(said) }
  })
}
