import type { Catalog } from '../catalog/catalog.ts'
import { propertyKey, type PropertyName, propertyNameOf } from '../model/role-property.ts'
import type { Goal } from '../resolve/target-state.ts'

/** A property of a desired role that is not as it should be. */
interface PropertyChange {
  readonly role: string
  readonly name: PropertyName
  /** `null` for the default. */
  readonly value: string | null
  /** Whether the acting role may change it. */
  readonly isPermitted: boolean
}

/**
 * Whether the acting role may set or reset a property of a role. A setting that only superusers may set, or that the server
 * does not know, can also be reset only by those who may set it.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/misc/guc.c (validate_option_array_item)
 */
export const maySetProperty = (
  catalog: Catalog,
  { access }: Pick<Goal, 'access'>,
  role: string,
  { setting }: PropertyName,
): boolean => {
  if (!access.now.roles.mayAlter(role)) return false
  if (setting === undefined) return true
  const { context, mayBeSet } = catalog.properties.setting(setting) ?? { context: null, mayBeSet: false }
  return context === 'user' || mayBeSet
}

/** What has to change in the properties that are managed. */
export const propertyChanges = (catalog: Catalog, goal: Goal): readonly PropertyChange[] => {
  const changes: PropertyChange[] = []
  for (const [role, { managed, asked }] of goal.properties) {
    const add = (name: PropertyName, value: string | null): number =>
      changes.push({ role, name, value, isPermitted: maySetProperty(catalog, goal, role, name) })
    const now = catalog.properties.of(role)
    for (const one of now.values())
      if (managed.has(one.property) && !asked.has(propertyKey(one))) add(propertyNameOf(one), null)
    for (const [key, one] of asked) if (now.get(key)?.value !== one.value) add(propertyNameOf(one), one.value)
  }
  return changes
}
