import { type Grant, type MembershipGrant, type MembershipOptions, ofKind } from './grant.ts'
import type { PropertyName } from './role-property.ts'
import { flatMap } from '../util/collections.ts'

/** The value of a setting. A list is one of names, as `search_path` has it. */
export type SettingValue = string | number | boolean | readonly string[]

/** Values by the names of settings. */
export type Settings = Readonly<Record<string, SettingValue>>

/** What a role should have besides its grants. Each of these is left as it is unless it is asked for. */
export interface DesiredProperties {
  /** How many connections the role may have at the same time; `-1` for any number. */
  readonly connectionLimit?: number
  /** Whether the role has INHERIT, which decides how it has what it is granted. */
  readonly inherit?: boolean
  /** The comment on the role; `null` for none. */
  readonly comment?: string | null
  /**
   * The settings that a session of the role begins with. If these or `settingsIn` are given, the role loses all other
   * settings.
   * @see https://www.postgresql.org/docs/current/sql-alterrole.html
   */
  readonly settings?: Settings
  /** The settings that a session of the role begins with in some databases, by database. */
  readonly settingsIn?: Readonly<Record<string, Settings>>
}

/** A role that should be a member of another, with its options. */
export interface Member extends MembershipOptions {
  readonly role: string
}

/** A role and everything that it should have. Anything else that it has is taken away. */
export interface DesiredRole extends DesiredProperties {
  /** The name of the role, which is created if it does not exist. */
  readonly role: string
  readonly grants: readonly Grant[]
  /**
   * Schemas in which the role keeps what it has, even if no grant asks for it: ownership of and privileges on
   * objects in them, memberships in intermediate roles that give such privileges, and default privileges.
   * What it has on the schemas themselves is managed all the same.
   */
  readonly preserveExistingGrantsInSchemas?: readonly string[]
  /**
   * The members of the role: each is granted the membership, and whoever is not listed loses it. A member that does not
   * exist is skipped, not created. Superusers and the role that syncs stay members. Default: only desired roles lose a
   * membership in the role, if they do not ask for it.
   */
  readonly members?: readonly (string | Member)[]
  /**
   * Somebody else makes the role. It is not created, and its attributes, password and VALID UNTIL stay as they are.
   * Default: no.
   */
  readonly external?: boolean
}

/** The grants of a kind that some roles ask for. Many roles may share a list, which is gone through once. */
export const grantsOfKind = <Kind extends Grant['kind']>(
  desired: readonly Pick<DesiredRole, 'grants'>[],
  kind: Kind,
): readonly Extract<Grant, { readonly kind: Kind }>[] =>
  flatMap(new Set(desired.map(({ grants }) => grants)), (grants) => ofKind(grants, kind))

/** The memberships that a role asks for by listing its members, each as a grant to the member. */
export const listedMemberships = ({
  role,
  members = [],
}: DesiredRole): readonly { readonly member: string; readonly grant: MembershipGrant }[] =>
  members.map((one) => {
    const { role: member, ...options } = typeof one === 'string' ? { role: one } : one
    return { member, grant: { kind: 'membership', role, ...options } }
  })

/** The roles that list their members. */
export const rolesWithMembers = (desired: readonly DesiredRole[]): readonly string[] =>
  flatMap(desired, ({ role, members }) => (members === undefined ? [] : [role]))

/** The kinds of property that a request speaks of. Of these, the role has only what is asked for. */
export const propertiesManaged = ({
  connectionLimit,
  comment,
  settings,
  settingsIn,
}: DesiredProperties): ReadonlySet<PropertyName['property']> =>
  new Set([
    ...(connectionLimit === undefined ? [] : (['connection limit'] as const)),
    ...(comment === undefined ? [] : (['comment'] as const)),
    ...(settings === undefined && settingsIn === undefined ? [] : (['setting'] as const)),
  ])

/** For each role that keeps something, the schemas in which it keeps what it has. */
export const preservedSchemas = (
  desired: readonly DesiredRole[],
): ReadonlyMap<string, ReadonlySet<string>> => {
  const preserved = new Map<string, ReadonlySet<string>>()
  for (const { role, preserveExistingGrantsInSchemas: schemas } of desired)
    if (schemas !== undefined) preserved.set(role, new Set(schemas))
  return preserved
}
