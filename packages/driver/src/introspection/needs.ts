import type { ObjectKind, Scope } from '@pgsr/planner'
import { flatMap } from '@pgsr/planner/internal'
import { hasSchema } from './constant.ts'
import { catalogOf, dependencyNameOf } from './object-catalog.ts'
import { remembering } from './remembering.ts'

/**
 * What is rare, and is read only where an answer shows that it is there:
 *
 * - `columns`: privileges on columns that the scope does not name
 * - `dependents`: objects on which a tracked role has something, and which the scope does not name
 * - `memberships`: memberships that a desired role granted
 * - `reach`: roles that the acting role may first have to make itself a member of
 * - `ownership`: tables and sequences that belong to a tracked role
 * - `grantors`: ACL items that somebody other than the owner granted
 * - `followers`: sequences and TOAST tables, whose owner is that of a table
 * - `vanished`: roles that do not exist any more, or names that look as if they did not
 * - `unmanaged`: what depends on a tracked role and has neither an owner nor an ACL
 * - `unreachable`: objects that no statement may be able to change
 */
export const rarities = [
  'columns',
  'dependents',
  'followers',
  'grantors',
  'memberships',
  'ownership',
  'reach',
  'unmanaged',
  'unreachable',
  'vanished',
] as const

export type Rarity = (typeof rarities)[number]

/**
 * What is read for:
 *
 * - `change`: to plan whatever has to change
 * - `compare`: to see whether anything has to. That shows from what the desired roles hold, whatever the acting role may do.
 * - `prove`: to see whether a plan has done what it said. That shows from what it touched, and from what the desired roles hold.
 */
export const purposes = ['change', 'compare', 'prove'] as const

export type Purpose = (typeof purposes)[number]

/**
 * What a reading has to contain. PostgreSQL takes longer to plan a statement than to run it, so that the statements have
 * only the parts that are needed.
 */
export interface Needs {
  readonly purpose: Purpose
  /** The kinds of object that the scope names. */
  readonly named: ReadonlySet<ObjectKind>
  /** The kinds of object in patterns. */
  readonly matched: ReadonlySet<ObjectKind>
  /** Whether one role is desired, and no more. */
  readonly isOneDesired: boolean
  /** Whether the scope names other roles, too. */
  readonly otherRoles: boolean
  /** Whether few things are named, so that it takes longer to put rows together than to read them one by one. */
  readonly isShort: boolean
  /** Whether all tables that the scope names are in one schema. */
  readonly isOneSchema: boolean
  /** Whether the scope names objects that get an owner. */
  readonly owned: boolean
  /** Whether it asks for the ownership of all objects of a kind in a schema. */
  readonly ownsAll: boolean
  /** Whether default privileges of other than the desired roles are read. */
  readonly defaults: boolean
  readonly unusedRoles: boolean
  /** Whether all members of some desired roles are read. */
  readonly members: boolean
  /** Whether connection limits, comments and settings of roles are read. */
  readonly properties: boolean
  /** Whether roles should not exist, so that everything is read that names them. */
  readonly absent: boolean
  /** What is read to explain access, and nothing else then. */
  readonly accessRoles: 'none' | 'all' | 'holders' | 'named'
  readonly accessObjects: 'none' | 'all' | 'named'
  /** Whether it matters as whom the acting role can act. A superuser can act as anybody. */
  readonly readsRights: boolean
  /** The catalogs of objects that are read. */
  readonly catalogs: ReadonlySet<string>
  readonly rare: ReadonlySet<Rarity>
}

/** What an answer says about what there is. */
export interface Found extends Pick<Needs, 'catalogs' | 'rare'> {
  /** Whether the acting role is a superuser. */
  readonly isSuperuser: boolean
  /** Whether the roles have many things, so that it takes longer to read these one by one than to put rows together. */
  readonly hasMany: boolean
}

const nothing = { catalogs: new Set<string>(), rare: new Set<Rarity>(), hasMany: false } as const

const isSubset = <T>(part: ReadonlySet<T>, whole: ReadonlySet<T>): boolean =>
  [...part].every((one) => whole.has(one))

const relationKinds: ReadonlySet<ObjectKind> = new Set(['table', 'column', 'sequence'])

/** The catalog of a kind of object, as dependencies name it. */
export const catalogNameOf = (kind: ObjectKind): string => {
  if (relationKinds.has(kind)) return 'pg_class'
  return dependencyNameOf(catalogOf(kind))
}

/** The catalogs that others make necessary for a role that is no superuser: see `around` in `object.ts`. */
const around = (catalogs: ReadonlySet<string>): readonly string[] => [
  'pg_database',
  ...(catalogs.has('pg_foreign_server') ? ['pg_foreign_data_wrapper'] : []),
]

const mostInShort = 30

/** Without any object, everything is taken from the roles, which may be a lot. */
const isShort = (count: number): boolean => count > 0 && count <= mostInShort

/** Whether the roles have many things. */
export const areMany = (count: number): boolean => count > mostInShort

const needsOfScope = (
  {
    desired,
    roles,
    objects,
    owned,
    patterns,
    defaultsOf,
    members = [],
    properties = [],
    absent = [],
    unusedRoles,
    access,
  }: Scope,
  isSuperuser: boolean,
): Needs => {
  const named = new Set([...objects, ...owned].map(({ kind }) => kind))
  const matched = new Set<ObjectKind>(patterns.map(({ kind }) => kind))
  const ownsAll = patterns.some((pattern) => pattern.owned === true)
  return withFound(
    {
      purpose: 'change',
      named,
      matched,
      isOneDesired: desired.length === 1,
      otherRoles: roles.length > 0,
      isShort: patterns.length === 0 && isShort(objects.length) && isShort(desired.length),
      isOneSchema:
        new Set(flatMap(objects, ({ kind, name }) => (kind === 'table' ? [name[0]] : []))).size < 2,
      owned: owned.length > 0,
      ownsAll,
      defaults: defaultsOf.length > 0,
      unusedRoles,
      members: members.length > 0,
      properties: properties.length > 0,
      absent: absent.length > 0,
      accessRoles: access === undefined ? 'none' : typeof access.roles === 'string' ? access.roles : 'named',
      accessObjects: access === undefined ? 'none' : access.objects === 'all' ? 'all' : 'named',
      readsRights: !isSuperuser,
      catalogs: new Set([
        ...[...named, ...matched].map(catalogNameOf),
        ...([...named, ...matched].some(hasSchema) ? ['pg_namespace'] : []),
      ]),
      rare: new Set<Rarity>([
        ...(named.has('column') || matched.has('column') ? (['columns'] as const) : []),
        ...(named.has('sequence') || matched.has('sequence') ? (['followers'] as const) : []),
        ...(owned.length > 0 || ownsAll ? (['ownership'] as const) : []),
      ]),
    },
    { ...nothing, isSuperuser },
  )
}

/** What a scope needs, as far as is known before anything is read. */
export const needsOf: typeof needsOfScope = remembering(needsOfScope)

/** What was found, and what roles usually have besides what a scope names: it may be a lot. */
export const withWhatRolesHave = <F extends Omit<Found, 'isSuperuser'>>(found: F): F => ({
  ...found,
  hasMany: true,
  catalogs: new Set([...found.catalogs, 'pg_class', 'pg_database', 'pg_namespace']),
  rare: new Set<Rarity>([...found.rare, 'dependents']),
})

/**
 * Expects what roles usually have where a scope names no object: everything is taken from them then, and would be found
 * first, and then read again.
 */
export const expecting = (needs: Needs): Needs =>
  needs.named.size + needs.matched.size > 0
    ? needs
    : withFound(needs, withWhatRolesHave({ ...nothing, isSuperuser: !needs.readsRights }))

/** The kinds of object that most scopes name, and those of which they have patterns. */
const usualKinds: ReadonlySet<ObjectKind> = new Set(['database', 'schema', 'table'])
const usuallyMatched: ReadonlySet<ObjectKind> = new Set(['table'])

/** What is rare, and read with the roles, with any objects, or with those of the usual kinds. */
const withUsualObjects: ReadonlySet<Rarity> = new Set(['dependents', 'memberships', 'reach', 'vanished'])

const usualCatalogs: ReadonlySet<string> = new Set(['pg_database', 'pg_namespace', 'pg_class'])

/** Whether it is enough to read objects of the usual kinds. Before 12 the row types of tables are read too. */
export const readsUsualObjects = (needs: Needs, version: number): boolean =>
  version >= 120000 &&
  isSubset(needs.named, usualKinds) &&
  isSubset(needs.catalogs, usualCatalogs) &&
  isSubset(needs.matched, usuallyMatched) &&
  !needs.owned &&
  !needs.ownsAll &&
  !needs.defaults &&
  !needs.unusedRoles &&
  [...needs.rare].every((one) => withUsualObjects.has(one))

/** Whether it is enough to read the roles that the tracked and the requested roles are members of. */
export const readsUsualRoles = ({ unusedRoles, rare }: Needs): boolean =>
  !unusedRoles && !rare.has('memberships') && !rare.has('reach')

/** What is rare, and matters only for a change. */
const forChange: ReadonlySet<Rarity> = new Set(['memberships', 'reach'])

/** What of the rare things matters for a purpose. */
const rareFor = (purpose: Purpose, rare: ReadonlySet<Rarity>): ReadonlySet<Rarity> =>
  purpose === 'prove' ? new Set([...rare].filter((one) => !forChange.has(one))) : rare

const forPurpose = (needs: Needs, purpose: Purpose, version: number): Needs => {
  if (purpose === 'change') return needs
  const narrow = { ...needs, purpose, rare: rareFor(purpose, needs.rare), readsRights: false }
  return readsUsualObjects(narrow, version) && readsUsualRoles(narrow) ? narrow : needs
}

/** The same needs for another purpose than a change, if what that needs can be read by itself. */
export const withPurpose: typeof forPurpose = remembering(forPurpose)

/** What is needed after an answer has shown what there is. */
export const withFound = (needs: Needs, found: Found): Needs => {
  const catalogs = new Set([...needs.catalogs, ...found.catalogs])
  return {
    ...needs,
    readsRights: needs.purpose === 'change' && (needs.readsRights || !found.isSuperuser),
    catalogs:
      found.isSuperuser || needs.purpose !== 'change'
        ? catalogs
        : new Set([...catalogs, ...around(catalogs)]),
    isShort: needs.isShort && !found.hasMany,
    rare: new Set([...needs.rare, ...found.rare]),
  }
}

/** Whether a reading that had what was needed has everything that an answer shows. */
export const covers = (needs: Needs, found: Found): boolean =>
  (needs.readsRights || found.isSuperuser || needs.purpose !== 'change') &&
  isSubset(withFound(needs, found).catalogs, needs.catalogs) &&
  isSubset(rareFor(needs.purpose, found.rare), needs.rare)

/** Whether a row is read for each thing, though several would fit into one. */
export const readsEach = ({ isShort: isEach, purpose }: Needs): boolean => isEach && purpose !== 'change'

/** A key that is equal for equal needs. */
export const needsKey: (needs: Needs) => string = remembering((needs) =>
  JSON.stringify(
    Object.values(needs).map((value: ReadonlySet<string> | boolean | string) =>
      typeof value === 'object' ? [...value].sort() : value,
    ),
  ),
)
