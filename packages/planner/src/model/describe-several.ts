import { objectKey, type ObjectKind, objectKinds, type ObjectName, plural } from '../postgres/object-kind.ts'
import { describeGrantee, describeName, describeObject } from './describe.ts'
import type { ThroughPublic } from './through-public.ts'

/** More names than this are counted instead. */
const mostNames = 3

/** Some names of one kind of thing; if they are many, how many. */
export const listed = (names: readonly string[], one: string, several: string): string => {
  if (names.length === 1) return `${one} ${names[0]!}`
  return names.length <= mostNames ? `${several} ${names.join(', ')}` : `${names.length} ${several}`
}

/** What contains an object: the schema of a table, the table of a column. */
const containerOf = ({ kind, name }: ObjectName): ObjectName | undefined => {
  if (kind === 'column') return { kind: 'table', name: name.slice(0, 2) }
  return kind !== 'schema' && objectKinds[kind].parts[0] === 'schema'
    ? { kind: 'schema', name: name.slice(0, 1) }
    : undefined
}

/** Some objects of one kind in one place. */
export const describeObjects = (kind: ObjectKind, objects: readonly ObjectName[]): string => {
  const [first] = objects
  const container = first && containerOf(first)
  if (objects.length > mostNames && container !== undefined)
    return `${objects.length} ${plural(kind)} of ${describeObject(container)}`
  if (kind === 'column' && container !== undefined) {
    const names = objects.map(({ name }) => describeName(name.at(-1) ?? ''))
    return `${listed(names, kind, plural(kind))} of ${describeObject(container)}`
  }
  return listed(
    objects.map((object) => describeObject(object).slice(kind.length + 1)),
    kind,
    plural(kind),
  )
}

/** Where an object is, and of which kind: objects of one place can be described together. */
export const placeOf = (object: ObjectName): string => {
  const container = containerOf(object)
  return `${object.kind}\0${container === undefined ? '' : objectKey(container)}`
}

/** `role "t"`, or `roles "t", "u"`; `PUBLIC` for everybody. */
export const describeRoles = (roles: readonly string[]): string => {
  if (roles.length === 1) return describeGrantee(roles[0]!)
  const [first, second] = roles.map(describeName)
  return roles.length <= 3
    ? `roles ${roles.map(describeName).join(', ')}`
    : `roles ${first}, ${second} and ${roles.length - 2} more`
}

/** What roles can do because everybody can: `role "t": TEMPORARY on database "d"`. */
export const describeThroughPublic = ({
  roles,
  privileges,
  objects,
}: Omit<ThroughPublic, 'message'>): string =>
  `${describeRoles(roles)}: ${privileges.join(', ')} on ${describeObjects(objects[0]!.kind, objects)}`
