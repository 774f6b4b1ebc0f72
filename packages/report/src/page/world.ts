import type { GrantableKind, ObjectName, Privilege, Snapshot } from '@pgsr/planner'
import { AccessWorld, loginFirst, objectKinds, privilegesOn, schemaOf } from '@pgsr/planner/internal'

/** What a report holds. */
interface Data {
  readonly snapshot: Snapshot
  readonly readAt?: string
}

const { snapshot, readAt } = JSON.parse(document.querySelector('#data')!.textContent) as Data

export { readAt }

export const everybody = 'public'

export const { server } = snapshot

/** All questions are answered by the planner’s own code, over what was read. */
export const world: AccessWorld = new AccessWorld(snapshot)

/** The roles by name, those who may log in first. */
export const roles: readonly string[] = loginFirst(world.graph, world.catalog.roles.keys())

export const mayLogIn = (role: string): boolean => world.catalog.roles.get(role)?.login === true

/** An object that has privileges, and how lists and searches name it. */
export interface Thing {
  readonly object: ObjectName<GrantableKind>
  readonly label: string
}

/** How lists name an object: `sales.orders`, `sales.total(integer)`. */
export const labelOf = ({ kind, name }: ObjectName): string => {
  const row = objectKinds[kind]
  if (row.more === undefined) return name.join('.')
  return `${name.slice(0, row.parts.length).join('.')}(${name.slice(row.parts.length).join(', ')})`
}

/** Schemas come first, since all else is in them, and what PostgreSQL brings along comes last. */
const rank = ({ object }: Thing): number => {
  const schema = schemaOf(object) ?? (object.kind === 'schema' ? object.name[0]! : undefined)
  const isOwn = schema !== undefined && /^(pg_|information_schema$)/.test(schema)
  return (isOwn ? 4 : 0) + (object.kind === 'schema' ? 0 : object.kind === 'column' ? 2 : 1)
}

export const things: readonly Thing[] = [...world.catalog.objects.values()]
  .filter(({ kind }) => objectKinds[kind].privileges.length > 0)
  .map(({ kind, name }) => ({
    object: { kind: kind as GrantableKind, name },
    label: labelOf({ kind, name }),
  }))
  .map((thing) => ({ thing, rank: rank(thing) }))
  .sort((a, b) => a.rank - b.rank || (a.thing.label < b.thing.label ? -1 : 1))
  .map(({ thing }) => thing)

export const schemas: readonly string[] = things.flatMap(({ object }) =>
  object.kind === 'schema' ? [object.name[0]!] : [],
)

/** The schema that an object is or is in. */
export const schemaAround = (object: ObjectName): string | undefined =>
  object.kind === 'schema' ? object.name[0] : schemaOf(object)

export const privilegesOf = (object: ObjectName): readonly Privilege[] => privilegesOn(object, server.version)

/** What kind of thing it is, in the words of its users. */
export const kindOf = (object: ObjectName): string => world.find(object)?.access?.relation ?? object.kind
