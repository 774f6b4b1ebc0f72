import { type ObjectKind, objectKinds } from '@pgsr/planner'
import { plural } from '@pgsr/planner/internal'
import { objectText, outsideSchemas, typesProblem, type Ways } from './object-text.ts'
import { type EitherShape, type KeyRow, listOf, type ObjectShape, oneOrMore, type Shape } from './shape.ts'
import { freeText, name } from './texts.ts'

const kinds = Object.keys(objectKinds) as readonly ObjectKind[]

const camel = (words: string): string =>
  words.replaceAll(/[ -](\w)/g, (_, letter: string) => letter.toUpperCase())

/** The key that stands for objects of a kind: `tables`, `foreignServers`. */
export const keyOfKind = (kind: ObjectKind): string =>
  kind === 'statistics object' ? 'statistics' : camel(plural(kind))

/** The keys at which a pattern can stand for objects. Beside the names of columns, it stands at `tables`. */
export const keysOfPatterns: ReadonlySet<string> = new Set(
  kinds.filter((kind) => kind !== 'column' && objectKinds[kind].matchable === true).map(keyOfKind),
)

export const isInSchema = (kind: ObjectKind): boolean =>
  kind !== 'schema' && objectKinds[kind].parts[0] === 'schema'

/** The kinds that have privileges. */
export const grantableKinds: readonly ObjectKind[] = kinds.filter(
  (kind) => objectKinds[kind].privileges.length > 0,
)

/** The kinds that have an owner of their own. */
export const ownableKinds: readonly ObjectKind[] = kinds.filter(
  (kind) => objectKinds[kind].ownerKeyword !== undefined,
)

const argumentTypes = {
  ...freeText('the name of a type, such as integer'),
  problem: (text: string) => typesProblem([text]),
}

/** An object that a text cannot name: its name is `all`, begins as a pattern does, or has a parenthesis in it. */
const spelledOut = (kind: ObjectKind): ObjectShape | undefined => {
  const { syntax } = objectKinds[kind]
  if (syntax === 'operator') return undefined
  const own: Readonly<Record<string, KeyRow>> = {
    name: { shape: { ...name('a name'), mayLookLikePattern: true }, doc: 'The name, exactly as it is.' },
  }
  const shape = { kind: 'object', what: 'an object with name', keys: own, required: ['name'] } as const
  if (syntax === 'routine')
    return {
      ...shape,
      what: 'an object with name and arguments',
      keys: {
        ...own,
        arguments: {
          shape: { kind: 'list', what: 'a list of types', of: argumentTypes, mayRepeat: true },
          doc: 'The types of its arguments.',
        },
      },
      required: ['name', 'arguments'],
    }
  if (syntax === 'for access method')
    return {
      ...shape,
      what: 'an object with name and using',
      keys: { ...own, using: { shape: name('an access method'), doc: 'Its access method.' } },
      required: ['name', 'using'],
    }
  return shape
}

/** The value of a key that stands for objects in a schema. */
const inSchema = (kind: ObjectKind, ways: Ways): EitherShape => {
  const object = spelledOut(kind)
  const others = object === undefined ? [] : [object]
  const text = objectText(kind, { ...ways, all: false })
  const item: Shape =
    others.length === 0 ? text : { kind: 'either', what: text.what, shapes: [text, ...others] }
  const one = objectText(kind, ways)
  return {
    kind: 'either',
    what: `${one.what}, or a list`,
    shapes: [one, ...others, listOf(`a list of ${plural(kind)}`, item)],
  }
}

/** What a key stands for, by the kind of the objects. */
export const objectsShape = (kind: ObjectKind, ways: Ways): Shape =>
  isInSchema(kind) ? inSchema(kind, ways) : oneOrMore(`the ${plural(kind)}, by name`, outsideSchemas(kind))

export const schemaRow: KeyRow = {
  shape: oneOrMore('the schema that they are in', name('the name of a schema')),
  doc: 'The schema, or the schemas, that they are in.',
}

/** The keys that say on which objects of a kind something is. All of them are required. */
export const objectRows = (kind: ObjectKind): Readonly<Record<string, KeyRow>> => ({
  [keyOfKind(kind)]: {
    shape: objectsShape(kind, { all: true, patterns: true }),
    doc: isInSchema(kind)
      ? `The ${plural(kind)}: all of the schema, those that a pattern matches, or a list of names and patterns.`
      : `The ${plural(kind)}.`,
  },
  ...(isInSchema(kind) && { schema: schemaRow }),
})

/** The keys that say on which columns something is. All of them are required. */
export const columnRows: Readonly<Record<'columns' | 'tables' | 'schema', KeyRow>> = {
  columns: {
    shape: oneOrMore('the names of columns', name('the name of a column')),
    doc: 'Only these columns.',
  },
  tables: {
    shape: objectsShape('table', { all: false, patterns: true }),
    doc: 'The tables that have the columns: those that a pattern matches, or a list of names and patterns.',
  },
  schema: schemaRow,
}
