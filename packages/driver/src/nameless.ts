import {
  type DatabaseObject,
  type DefaultPrivileges,
  describeName,
  describeObject,
  hasLoneSurrogate,
  objectKey,
  type Unmanaged,
} from '@pgsr/planner'

/** What statements can name, and what is said of the rest to whoever it concerns. */
interface Divided<T> {
  readonly named: readonly T[]
  readonly unmanaged: readonly Unmanaged[]
}

const rolesIn = ({ owner, acl }: Pick<DatabaseObject, 'owner' | 'acl'>): readonly string[] => [
  ...new Set([owner, ...acl.flatMap(({ grantee, grantor }) => [grantee, grantor])]),
]

/**
 * Takes out the objects that no statement can name: a part of the name is no text in the encoding of the database, or no
 * type that SQL has a name for, or two objects would be called the same.
 */
export const withoutNamelessObjects = (objects: readonly DatabaseObject[]): Divided<DatabaseObject> => {
  const keys = objects.map(objectKey)
  const oids = new Map<string, string | null>()
  const ambiguous = new Set<string>()
  objects.forEach(({ oid }, index) => {
    const key = keys[index]!
    if (oids.has(key) && oids.get(key) !== oid) ambiguous.add(key)
    oids.set(key, oid)
  })
  const isSaid = (_object: DatabaseObject, index: number): boolean =>
    !ambiguous.has(keys[index]!) && !hasLoneSurrogate(keys[index]!)
  if (objects.every(isSaid)) return { named: objects, unmanaged: [] }
  return {
    named: objects.filter(isSaid),
    unmanaged: objects
      .filter((object, index) => !isSaid(object, index))
      .flatMap((object) => {
        const description = `${describeObject(object)}, which no statement can name`
        return rolesIn(object).map((role) => ({ role, kind: object.kind, description }))
      }),
  }
}

/** The same of default privileges, and of those who are granted something by them. */
export const withoutNamelessDefaults = (all: readonly DefaultPrivileges[]): Divided<DefaultPrivileges> => {
  const named: DefaultPrivileges[] = []
  const unmanaged: Unmanaged[] = []
  for (const one of all) {
    const { owner, schema, on, acl } = one
    const isSaid = !hasLoneSurrogate(owner) && !hasLoneSurrogate(schema ?? '')
    const items = isSaid ? acl.filter(({ grantee }) => !hasLoneSurrogate(grantee)) : []
    if (isSaid) named.push(items.length === acl.length ? one : { ...one, acl: items })
    if (items.length === acl.length) continue
    const description = `on future ${on} of role ${describeName(owner)}, with a name that no statement can say`
    for (const role of rolesIn(one)) unmanaged.push({ role, kind: 'default privileges', description })
  }
  return { named, unmanaged }
}
