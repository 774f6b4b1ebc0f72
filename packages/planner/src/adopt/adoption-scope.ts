import { access } from '../model/access-level.ts'
import { managedBy, managesObject, type ManagesOption } from '../model/managed.ts'
import type { PatternScope, Scope } from '../model/scope.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { isAll } from '../model/target.ts'
import { type KindInSchema, isKindInSchema, schemaOf } from '../postgres/object-kind.ts'
import { nothingToRead, scope } from '../request/catalog-scope.ts'
import { flatMap } from '../util/collections.ts'

/** What is read first: what the roles hold. */
export const scopeOfRoles = (roles: readonly string[]): Scope =>
  scope({ ...nothingToRead, desired: roles, properties: roles })

/** The kinds that access levels give privileges on, together with tables. */
const inLevels: readonly KindInSchema[] = ['table', 'sequence', 'function', 'procedure']

/** What a role that owns a whole schema owns. */
const ownedKinds = flatMap(access.owner(''), (grant) =>
  grant.kind === 'ownership' && isAll(grant.object) ? [grant.object.kind] : [],
)

/**
 * What is read to describe roles: also everything in the schemas in which they hold something, of the same kinds, to see
 * whether they hold it on all.
 * @param found what they hold, read before
 * @param manages what is described; everything by default
 */
export const scopeOfDescription = (
  roles: readonly string[],
  found: Snapshot,
  manages: ManagesOption = {},
): Scope => {
  const managed = managedBy(manages)
  const described = new Set(roles)
  const patterns: PatternScope[] = []
  const owners = new Set<string>()
  for (const { kind, name, owner, acl } of found.objects) {
    if (!managesObject(managed, { kind, name })) continue
    if (kind === 'schema' && described.has(owner))
      patterns.push(...ownedKinds.map((one) => ({ kind: one, schema: name[0]!, owned: true as const })))
    const schema = schemaOf({ kind, name })
    if (schema === undefined || schema === 'pg_catalog' || !isKindInSchema(kind)) continue
    if (described.has(owner)) patterns.push({ kind, schema, owned: true })
    if (acl.some(({ grantee }) => grantee !== owner && grantee !== 'public'))
      patterns.push(...(kind === 'table' ? inLevels : [kind]).map((one) => ({ kind: one, schema })))
  }
  for (const { owner } of found.defaultPrivileges) owners.add(owner)
  const databases = flatMap(found.properties ?? [], ({ database }) =>
    typeof database === 'string' ? [database] : [],
  )
  return scope({
    ...nothingToRead,
    desired: roles,
    properties: roles,
    objects: [
      ...databases.map((database) => ({ kind: 'database' as const, name: [database] })),
      ...(manages.schemas ?? []).map((schema) => ({ kind: 'schema' as const, name: [schema] })),
    ],
    patterns,
    defaultsOf: [...owners],
  })
}
