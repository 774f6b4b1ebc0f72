import { nameProblem, quoteIdent, storedNameProblem } from './identifier.ts'
import { flatMap } from '../util/collections.ts'

/** Types of pg_catalog as `format_type` spells them, with the other names that SQL or the catalog has for them. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  '"any"': ['any'],
  '"char"': [],
  bigint: ['int8'],
  'bit varying': ['varbit'],
  boolean: ['bool'],
  character: ['char', 'bpchar', 'national character', 'national char', 'nchar'],
  'character varying': [
    'varchar',
    'char varying',
    'national character varying',
    'national char varying',
    'nchar varying',
  ],
  'double precision': ['float8', 'float'],
  integer: ['int', 'int4'],
  numeric: ['decimal', 'dec'],
  real: ['float4'],
  smallint: ['int2'],
  'time with time zone': ['timetz'],
  'time without time zone': ['time'],
  'timestamp with time zone': ['timestamptz'],
  'timestamp without time zone': ['timestamp'],
}

const canonical = new Map(
  flatMap(Object.entries(spellings), ([name, others]) => [name, ...others].map((other) => [other, name])),
)

const word = String.raw`[\p{L}_][\p{L}\p{N}_$]*`
const identifier = String.raw`(?:${word}|"(?:[^"]|"")+")`
const isQualified = new RegExp(`^(${identifier})\\s*\\.\\s*(${identifier})$`, 'u')
const isWord = new RegExp(`^${word}$`, 'u')

/** A modifier, `(10, 2)`. If a quote follows, it is inside quotes and part of a name. */
const modifier = /\s*\(\s*-?\d+\s*(?:,\s*-?\d+\s*)?\)(?=[^"]*$)/

const unquoted = (text: string): string =>
  text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase()

/** The spelling of a type of pg_catalog that has this name there. */
const builtIn = (name: string): string =>
  name === 'char' || name === 'any'
    ? `"${name}"`
    : (canonical.get(name) ?? (isWord.test(name) && name === name.toLowerCase() ? name : inPgCatalog(name)))

const inPgCatalog = (name: string): string => `"pg_catalog".${quoteIdent(name)}`

const elementName = (text: string, problemOf: (name: string) => string | undefined): string | undefined => {
  const qualified = isQualified.exec(text)
  if (qualified !== null) {
    const [schema, name] = [unquoted(qualified[1]!), unquoted(qualified[2]!)]
    if (problemOf(schema) !== undefined || problemOf(name) !== undefined) return undefined
    return schema === 'pg_catalog' ? builtIn(name) : `${quoteIdent(schema)}.${quoteIdent(name)}`
  }
  const spelled = text.toLowerCase().replaceAll(/\s+/g, ' ')
  return canonical.get(spelled) ?? (isWord.test(spelled) ? spelled : undefined)
}

/**
 * The canonical spelling of a type. Types of pg_catalog are spelled as `format_type` prints them, `integer`
 * or `character varying[]`; all others with schema and quotes, `"public"."mood"`. Lengths and the like are
 * dropped: no routine or operator differs by them. `undefined` if the text does not name a type.
 */
export const typeName = (text: string): string | undefined => spelled(text, nameProblem)

/** The same for a type that the catalogs have; `undefined` for one of PostgreSQL’s own whose name is a keyword. */
export const storedTypeName = (text: string): string | undefined =>
  /^pg_catalog\."[a-z_][a-z0-9_]*"/.test(text) ? undefined : spelled(text, storedNameProblem)

const spelled = (text: string, problemOf: (name: string) => string | undefined): string | undefined => {
  const array = /(?:\s*\[\s*\d*\s*\])+$/.exec(text)
  const element = (array === null ? text : text.slice(0, array.index)).replace(modifier, '').trim()
  const name = elementName(element, problemOf)
  if (name === undefined) return undefined
  return array === null ? name : `${name}[]`
}
