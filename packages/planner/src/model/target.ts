import type { KindInSchema, MatchableKind, ObjectKind, ObjectName } from '../postgres/object-kind.ts'
import { InvalidGrantError } from './invalid-grant.ts'
import { checkOptionNames } from './option-names.ts'
import { eachOnGiven } from './unchecked-input.ts'

/** A regular expression as plain data, safe in JSON. The flags are those of JavaScript except `g` and `y`. */
export interface Pattern {
  readonly source: string
  readonly flags?: string
}

/** All objects of one kind in one schema whose names match the pattern when the plan is made. */
export interface ObjectPattern<Kind extends MatchableKind = MatchableKind> {
  readonly kind: Kind
  readonly schema: string
  readonly pattern: Pattern
  /** For columns: their names. The pattern is for the names of their tables. */
  readonly columns?: readonly string[]
}

/** All objects of one kind that are in one schema when the plan is made. There may be none. */
export interface AllInSchema<Kind extends KindInSchema = KindInSchema> {
  readonly kind: Kind
  readonly schema: string
  readonly all: true
}

/** What a grant is about: one object by name, the objects that a pattern matches, or all of a schema. */
export type Target<Kind extends ObjectKind = ObjectKind> =
  | ObjectName<Kind>
  | ObjectPattern<Kind & MatchableKind>
  | AllInSchema<Kind & KindInSchema>

export const isPattern = (target: Target): target is ObjectPattern => 'pattern' in target

export const isAll = (target: Target): target is AllInSchema => 'all' in target

/** Whether a target names one object. Otherwise it stands for what is in a schema. */
export const isNamed = <Kind extends ObjectKind>(target: Target<Kind>): target is ObjectName<Kind> =>
  !isPattern(target) && !isAll(target)

/** A name, or a `RegExp` or {@link Pattern} for all names that it matches. */
export type NameOrPattern = string | RegExp | Pattern

/** Anything else is taken for a name, which is checked with the grant. */
const isPatternText = (name: NameOrPattern): name is RegExp | Pattern =>
  typeof name === 'object' && name !== null && 'source' in name

/** `Array.isArray` makes an `any[]` of an unknown value, hence the `unknown` here. */
const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one: unknown) => typeof one === 'string')

/** A string in the place of an array would be divided into its letters. */
const checkTexts = (field: string, value: unknown, example: string): void => {
  if (!isTexts(value))
    throw new InvalidGrantError({
      field,
      message: `cannot build a target: ${field} must be an array of texts, such as ${example}`,
    })
}

const routine = <Kind extends 'function' | 'procedure'>(
  kind: Kind,
  schema: string,
  name: NameOrPattern,
  argumentTypes: readonly string[],
): Target<Kind> => {
  checkTexts('argumentTypes', argumentTypes, "['integer', 'text']")
  return inSchema(kind, schema, name, argumentTypes)
}

const inSchema = <Kind extends MatchableKind>(
  kind: Kind,
  schema: string,
  name: NameOrPattern,
  more: readonly string[] = [],
): Target<Kind> => {
  if (!isPatternText(name)) return { kind, name: [schema, name, ...more] }
  const { source, flags = '' } = name
  return { kind, schema, pattern: { source, flags } }
}

const named =
  <Kind extends ObjectKind>(kind: Kind) =>
  (...name: readonly string[]): ObjectName<Kind> => ({ kind, name })

const allOf = <Kind extends KindInSchema>(kind: Kind, schema: string): AllInSchema<Kind> => ({
  kind,
  schema,
  all: true,
})

/** If columns are given, they are the target instead of the table. */
interface TableOptions {
  readonly columns?: readonly string[]
}

type TableKind<Options extends TableOptions> = Options extends { readonly columns: readonly string[] }
  ? 'column'
  : 'table'

const columnsOf = (schema: string, table: NameOrPattern, columns: readonly string[]): Target<'column'> => {
  checkTexts('columns', columns, "['id']")
  return isPatternText(table)
    ? { ...(inSchema('column', schema, table) as ObjectPattern<'column'>), columns }
    : { kind: 'column', name: [schema, table, ...columns] }
}

const oidText = (oid: string | number | bigint): string => {
  const given: unknown = oid
  if (typeof given !== 'string' && typeof given !== 'number' && typeof given !== 'bigint')
    throw new InvalidGrantError({
      field: 'oid',
      message: 'cannot build a target: the oid of a large object must be a number or a text',
    })
  return String(oid)
}

const targets = {
  database: (database: string): ObjectName<'database'> => named('database')(database),
  tablespace: (tablespace: string): ObjectName<'tablespace'> => named('tablespace')(tablespace),
  /** A configuration parameter, from PostgreSQL 15 on. */
  parameter: (parameter: string): ObjectName<'parameter'> => named('parameter')(parameter),
  schema: (schema: string): ObjectName<'schema'> => named('schema')(schema),
  /** A table, partitioned table, view, materialized view or foreign table; or some columns of it. */
  table: <Options extends TableOptions = object>(
    schema: string,
    table: NameOrPattern,
    options: Options = {} as Options,
  ): Target<TableKind<Options>> => {
    checkOptionNames(options, ['columns'], 'cannot build a target')
    const { columns } = options
    return (
      columns === undefined ? inSchema('table', schema, table) : columnsOf(schema, table, columns)
    ) as Target<TableKind<Options>>
  },
  sequence: (schema: string, sequence: NameOrPattern): Target<'sequence'> =>
    inSchema('sequence', schema, sequence),
  /**
   * A function, aggregate or window function, by the types of its arguments: `integer` or `int`, `text[]`. Types
   * outside of pg_catalog need their schema: `public.mood`. A pattern stands for all functions whose names match.
   */
  function: (
    schema: string,
    name: NameOrPattern,
    argumentTypes: readonly string[] = [],
  ): Target<'function'> => routine('function', schema, name, argumentTypes),
  /** The same for a procedure, from PostgreSQL 11 on. Leave out arguments that are only OUT. */
  procedure: (
    schema: string,
    name: NameOrPattern,
    argumentTypes: readonly string[] = [],
  ): Target<'procedure'> => routine('procedure', schema, name, argumentTypes),
  largeObject: (oid: string | number | bigint): ObjectName<'large object'> =>
    named('large object')(oidText(oid)),
  /** A type of any sort, or a domain. */
  type: (schema: string, type: NameOrPattern): Target<'type'> => inSchema('type', schema, type),
  language: (language: string): ObjectName<'language'> => named('language')(language),
  foreignDataWrapper: (wrapper: string): ObjectName<'foreign-data wrapper'> =>
    named('foreign-data wrapper')(wrapper),
  foreignServer: (server: string): ObjectName<'foreign server'> => named('foreign server')(server),
  /** An operator by the types of its operands; `NONE` for a missing operand. */
  operator: (schema: string, operator: string, left: string, right: string): ObjectName<'operator'> =>
    named('operator')(schema, operator, left, right),
  operatorClass: (schema: string, name: string, accessMethod: string): ObjectName<'operator class'> =>
    named('operator class')(schema, name, accessMethod),
  operatorFamily: (schema: string, name: string, accessMethod: string): ObjectName<'operator family'> =>
    named('operator family')(schema, name, accessMethod),
  collation: (schema: string, collation: string): ObjectName<'collation'> =>
    named('collation')(schema, collation),
  conversion: (schema: string, conversion: string): ObjectName<'conversion'> =>
    named('conversion')(schema, conversion),
  textSearchConfiguration: (schema: string, configuration: string): ObjectName<'text search configuration'> =>
    named('text search configuration')(schema, configuration),
  textSearchDictionary: (schema: string, dictionary: string): ObjectName<'text search dictionary'> =>
    named('text search dictionary')(schema, dictionary),
  /** What CREATE STATISTICS makes, from PostgreSQL 10 on. */
  statistics: (schema: string, statistics: string): ObjectName<'statistics object'> =>
    named('statistics object')(schema, statistics),
  publication: (publication: string): ObjectName<'publication'> => named('publication')(publication),
  subscription: (subscription: string): ObjectName<'subscription'> => named('subscription')(subscription),
  eventTrigger: (trigger: string): ObjectName<'event trigger'> => named('event trigger')(trigger),

  /** All tables, partitioned tables, views, materialized views and foreign tables in a schema. */
  allTables: (schema: string): AllInSchema<'table'> => allOf('table', schema),
  allSequences: (schema: string): AllInSchema<'sequence'> => allOf('sequence', schema),
  /** All functions, aggregates and window functions in a schema. */
  allFunctions: (schema: string): AllInSchema<'function'> => allOf('function', schema),
  /** All procedures in a schema. Before PostgreSQL 11 there are none. */
  allProcedures: (schema: string): AllInSchema<'procedure'> => allOf('procedure', schema),
  /** All types and domains in a schema. */
  allTypes: (schema: string): AllInSchema<'type'> => allOf('type', schema),
  allOperators: (schema: string): AllInSchema<'operator'> => allOf('operator', schema),
  allOperatorClasses: (schema: string): AllInSchema<'operator class'> => allOf('operator class', schema),
  allOperatorFamilies: (schema: string): AllInSchema<'operator family'> => allOf('operator family', schema),
  allCollations: (schema: string): AllInSchema<'collation'> => allOf('collation', schema),
  allConversions: (schema: string): AllInSchema<'conversion'> => allOf('conversion', schema),
  allTextSearchConfigurations: (schema: string): AllInSchema<'text search configuration'> =>
    allOf('text search configuration', schema),
  allTextSearchDictionaries: (schema: string): AllInSchema<'text search dictionary'> =>
    allOf('text search dictionary', schema),
  allStatistics: (schema: string): AllInSchema<'statistics object'> => allOf('statistics object', schema),
} as const

/**
 * Builds targets, one function for each kind of object. In the place of a name in a schema, a `RegExp` or the
 * plain data `{ source, flags }` stands for all objects whose names it matches. The match is unanchored:
 * `/orders/` also matches `old_orders_2019`. The flags `g` and `y` are refused. `allTables` and its like stand for all
 * objects of a kind in a schema, as ALL TABLES IN SCHEMA does.
 */
export const Target: typeof targets = eachOnGiven(
  targets,
  'cannot build a target: what was given cannot be read',
)
