import { absentRolesOf } from '../model/absent-role.ts'
import {
  type DesiredRole,
  listedMemberships,
  propertiesManaged,
  rolesWithMembers,
} from '../model/desired-role.ts'
import { ofKind } from '../model/grant.ts'
import { askersOf, newOwnersIn, type PlanOptions, type Request, type SyncRequest } from '../model/request.ts'
import type { PatternScope, Scope } from '../model/scope.ts'
import { isAll, isNamed, isPattern, type Target } from '../model/target.ts'
import { distinctObjects, type ObjectName } from '../postgres/object-kind.ts'
import { flat, flatMap, inKeyOrder, sortedUnique } from '../util/collections.ts'

/** A scope of nothing. */
export const nothingToRead: Scope = {
  desired: [],
  roles: [],
  objects: [],
  owned: [],
  patterns: [],
  defaultsOf: [],
  unusedRoles: false,
}

const ofUnusedRoles: Scope = { ...nothingToRead, unusedRoles: true }

/** Scopes by the desired roles of their request: each planning of a request needs its scope again. */
const known = new WeakMap<SyncRequest['desired'], { readonly options: PlanOptions; readonly scope: Scope }>()

/** What must be read to plan a request. */
export const scopeOfRequest = (request: Request): Scope => {
  if (request.kind !== 'sync') return ofUnusedRoles
  const { desired, options } = request
  const before = known.get(desired)
  if (before?.options === options) return before.scope
  const made = scopeOfSync(request)
  known.set(desired, { options, scope: made })
  return made
}

const schemaNamed = (schema: string): ObjectName => ({ kind: 'schema', name: [schema] })

const databaseNamed = (database: string): ObjectName => ({ kind: 'database', name: [database] })

/** The object that a target names, or the schema in which it stands for some. */
const objectOf = (target: Target): ObjectName => (isNamed(target) ? target : schemaNamed(target.schema))

/** What is read of a schema for a target that stands for objects in it. */
const patternsOf = (target: Target): readonly PatternScope[] => {
  if (isAll(target)) return [{ kind: target.kind, schema: target.schema }]
  if (!isPattern(target)) return []
  const { kind, schema, columns } = target
  return columns === undefined ? [{ kind, schema }] : columns.map((column) => ({ kind, schema, column }))
}

/** The names of the settings that a role should have. */
const settingsAsked = ({ settings = {}, settingsIn = {} }: DesiredRole): readonly string[] =>
  flatMap([settings, ...Object.values(settingsIn)], (all) => Object.keys(all))

const scopeOfSync = (request: SyncRequest): Scope => {
  const { desired, options } = request
  // Many roles ask for the same.
  const lists = new Set(askersOf(request).map((one) => one.grants))
  const grants = [...new Set(flat(lists))]
  const privileges = ofKind(grants, 'privilege').map(({ object }) => object)
  const ownerships = ofKind(grants, 'ownership').map(({ object }) => object)
  // REVOKE on a table also revokes on its columns, which PUBLIC keeps.
  const ofPublic = flatMap(ofKind(options.public ?? [], 'privilege'), ({ object }) =>
    object.kind === 'table' ? [object] : [],
  )
  const whole: readonly Target[] = [...ownerships, ...ofPublic]
  const creators = ofKind(grants, 'default privilege')
  const { manages } = options
  return scope({
    ...nothingToRead,
    desired: desired.map(({ role }) => role),
    properties: desired.filter((one) => propertiesManaged(one).size > 0).map(({ role }) => role),
    settings: flatMap(desired, settingsAsked),
    absent: absentRolesOf(desired),
    members: rolesWithMembers(desired),
    roles: [
      ...ofKind(grants, 'membership').map(({ role }) => role),
      ...flatMap(desired, listedMemberships).map(({ member }) => member),
      ...newOwnersIn(request),
      ...creators.map(({ owner }) => owner),
    ],
    objects: [
      ...[...ownerships, ...privileges].map(objectOf),
      ...flatMap(creators, ({ schema }) => (schema === null ? [] : [schemaNamed(schema)])),
      ...(manages?.schemas ?? []).map(schemaNamed),
      ...flatMap(desired, ({ settingsIn = {} }) => Object.keys(settingsIn).map(databaseNamed)),
      ...flatMap(desired, ({ preserveExistingGrantsInSchemas: preserved = [] }) =>
        preserved.map(schemaNamed),
      ),
    ],
    owned: whole.filter(isNamed),
    patterns: [
      ...flatMap(privileges, patternsOf),
      ...flatMap(whole, patternsOf).map((one): PatternScope => ({ ...one, owned: true })),
    ],
    defaultsOf: creators.map(({ owner }) => owner),
  })
}

/** The same scope with its lists sorted and without duplicates. */
export const scope = ({
  desired,
  roles,
  objects,
  owned,
  patterns,
  defaultsOf,
  properties = [],
  members = [],
  settings = [],
  absent = [],
  unusedRoles,
}: Scope): Scope => ({
  desired: sortedUnique(desired),
  roles: sortedUnique(roles),
  objects: distinctObjects(objects),
  owned: distinctObjects(owned),
  patterns: inKeyOrder(new Map(patterns.map((one) => [JSON.stringify(one), one]))),
  defaultsOf: sortedUnique(defaultsOf),
  ...(properties.length > 0 && { properties: sortedUnique(properties) }),
  ...(members.length > 0 && { members: sortedUnique(members) }),
  ...(settings.length > 0 && { settings: sortedUnique(settings) }),
  ...(absent.length > 0 && { absent: sortedUnique(absent) }),
  unusedRoles,
})
