import { type DatabaseObject, type DefaultPrivileges, describeObject, type Unmanaged } from '@pgsr/planner'
import { describeName, flatMap, hasLoneSurrogate, objectKey } from '@pgsr/planner/internal'

/** What statements can name, and reports of the rest for the roles that it concerns. */
interface Divided<T> {
  readonly named: readonly T[]
  readonly unmanaged: readonly Unmanaged[]
}

const rolesIn = ({ owner, acl }: Pick<DatabaseObject, 'owner' | 'acl'>): readonly string[] => [
  ...new Set([owner, ...flatMap(acl, ({ grantee, grantor }) => [grantee, grantor])]),
]

/**
 * Takes out the objects that no statement can name: a part of the name is not valid in the encoding of the database, or is
 * a type without a name in SQL, or two objects would have the same name.
 */
export const withoutUnnameableObjects = (objects: readonly DatabaseObject[]): Divided<DatabaseObject> => {
  const keys = objects.map(objectKey)
  const oids = new Map<string, string | null>()
  const ambiguous = new Set<string>()
  objects.forEach(({ oid }, index) => {
    const key = keys[index]!
    if (oids.has(key) && oids.get(key) !== oid) ambiguous.add(key)
    oids.set(key, oid)
  })
  const isNameable = (_object: DatabaseObject, index: number): boolean =>
    !ambiguous.has(keys[index]!) && !hasLoneSurrogate(keys[index]!)
  if (objects.every(isNameable)) return { named: objects, unmanaged: [] }
  return {
    named: objects.filter(isNameable),
    unmanaged: flatMap(
      objects.filter((object, index) => !isNameable(object, index)),
      (object) => {
        const description = `${describeObject(object)}, which no statement can name`
        return rolesIn(object).map((role) => ({ role, kind: object.kind, description }))
      },
    ),
  }
}

/** Takes out the default privileges, and the grantees in them, that no statement can name. */
export const withoutUnnameableDefaults = (all: readonly DefaultPrivileges[]): Divided<DefaultPrivileges> => {
  const named: DefaultPrivileges[] = []
  const unmanaged: Unmanaged[] = []
  for (const one of all) {
    const { owner, schema, on, acl } = one
    const isNameable = !hasLoneSurrogate(owner) && !hasLoneSurrogate(schema ?? '')
    const items = isNameable ? acl.filter(({ grantee }) => !hasLoneSurrogate(grantee)) : []
    if (isNameable) named.push(items.length === acl.length ? one : { ...one, acl: items })
    if (items.length === acl.length) continue
    const description = `on future ${on} of role ${describeName(owner)}, with a name that no statement can use`
    for (const role of rolesIn(one)) unmanaged.push({ role, kind: 'default privileges', description })
  }
  return { named, unmanaged }
}
