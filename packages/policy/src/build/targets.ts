import type { KindInSchema, MatchableKind, ObjectKind, Target } from '@pgsr/planner'
import { partsIn, patternIn } from '../grammar/object-text.ts'
import { isInSchema, keyOfKind } from '../grammar/objects.ts'
import { type ObjectValue, type Place, type Value, valueAt } from '../text/tree.ts'
import type { Room } from './room.ts'
import { textsAt, textsOf, valuesOf } from './values.ts'

/** An object, or several, and the place that names it. */
export interface PlacedTarget<Kind extends ObjectKind = ObjectKind> {
  readonly target: Target<Kind>
  readonly place: Place
}

/** The parts of a name that is spelled out, after the schema. */
const spelledOut = (object: ObjectValue): readonly string[] => [
  ...textsAt(object, 'name'),
  ...textsAt(object, 'arguments'),
  ...textsAt(object, 'using'),
]

const targetInSchema = (
  kind: ObjectKind,
  schema: string,
  value: Value,
  columns: readonly string[] | undefined,
): Target | undefined => {
  const more = columns ?? []
  if (value.kind === 'object') return { kind, name: [schema, ...spelledOut(value), ...more] }
  const text = textsOf(value)[0]
  if (text === undefined) return undefined
  if (text === 'all') return { kind: kind as KindInSchema, schema, all: true }
  const pattern = patternIn(text)
  if (pattern === undefined) return { kind, name: [schema, ...partsIn(kind, text), ...more] }
  return { kind: kind as MatchableKind, schema, pattern, ...(columns && { columns }) }
}

/** The targets that a value names in some schemas. */
export const targetsIn = <Kind extends ObjectKind>(
  kind: Kind,
  schemas: readonly string[],
  value: Value | undefined,
  columns?: readonly string[],
): readonly PlacedTarget<Kind>[] =>
  schemas.flatMap((schema) =>
    valuesOf(value).flatMap((one) => {
      const target = targetInSchema(kind, schema, one, columns)
      return target === undefined ? [] : [{ target: target as Target<Kind>, place: one }]
    }),
  )

/** The name of an object outside of schemas: a text, or the oid of a large object. */
const outsideName = (value: Value): readonly string[] =>
  value.kind === 'number' ? [String(value.number)] : textsOf(value)

/**
 * The targets of an object whose key stands for objects of a kind: `{ tables: …, schema: … }`.
 * @throws PolicyError if there is no room for them
 */
export const targetsOf = <Kind extends ObjectKind>(
  kind: Kind,
  object: ObjectValue,
  room: Room,
): readonly PlacedTarget<Kind>[] => {
  const value = valueAt(object, kind === 'column' ? 'tables' : keyOfKind(kind))
  const schemas = textsAt(object, 'schema')
  const columns = kind === 'column' ? textsAt(object, 'columns') : undefined
  const isIn = columns !== undefined || isInSchema(kind)
  room.take((isIn ? schemas.length : 1) * valuesOf(value).length * (columns?.length ?? 1), object)
  if (isIn) return targetsIn(kind, schemas, value, columns)
  return valuesOf(value).map((one) => ({
    target: { kind, name: outsideName(one) } as Target<Kind>,
    place: one,
  }))
}

/** The kind that an object is about, by its keys. */
export const kindIn = (object: ObjectValue, kinds: readonly ObjectKind[]): ObjectKind | undefined =>
  object.entries.has('columns') ? 'column' : kinds.find((kind) => object.entries.has(keyOfKind(kind)))
