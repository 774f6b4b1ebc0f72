import { grammar } from './grammar.ts'
import type { ObjectShape, Shape } from './shape.ts'

/** A JSON Schema, or part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** The shapes that a shape is made of. */
const partsOf = (shape: Shape): readonly Shape[] => {
  switch (shape.kind) {
    case 'list':
      return [shape.of]
    case 'map':
      return [shape.keys, shape.values]
    case 'object':
      return Object.values(shape.keys).map((row) => row.shape)
    case 'variants':
      return Object.values(shape.variants)
    case 'either':
      return shape.shapes
    default:
      return []
  }
}

/** How often each shape is used. */
const usesOf = (whole: Shape): ReadonlyMap<Shape, number> => {
  const uses = new Map<Shape, number>()
  const visit = (shape: Shape): void => {
    const count = (uses.get(shape) ?? 0) + 1
    uses.set(shape, count)
    if (count === 1) for (const part of partsOf(shape)) visit(part)
  }
  visit(whole)
  return uses
}

/** Writes a JSON Schema. What is used more than once becomes a definition. */
class Writer {
  readonly definitions: Record<string, JsonSchema> = {}
  readonly #uses: ReadonlyMap<Shape, number>
  readonly #names = new Map<Shape, string>()

  constructor(whole: Shape) {
    this.#uses = usesOf(whole)
  }

  /** The schema of a shape, or a reference to it. */
  of(shape: Shape): JsonSchema {
    if ((this.#uses.get(shape) ?? 0) < 2 || partsOf(shape).length === 0) return this.#written(shape)
    const known = this.#names.get(shape)
    if (known !== undefined) return { $ref: `#/definitions/${known}` }
    const base = shape.what.replaceAll(/[^\w]+/g, '-')
    const name = this.definitions[base] === undefined ? base : `${base}-${this.#names.size}`
    this.#names.set(shape, name)
    this.definitions[name] = {}
    this.definitions[name] = this.#written(shape)
    return { $ref: `#/definitions/${name}` }
  }

  #object(shape: ObjectShape): JsonSchema {
    const properties = Object.fromEntries(
      Object.entries(shape.keys).map(([key, { shape: value, doc }]) => {
        const schema = this.of(value)
        // In this version of JSON Schema, nothing beside a reference counts.
        return [key, { description: doc, ...('$ref' in schema ? { allOf: [schema] } : schema) }]
      }),
    )
    return {
      type: 'object',
      properties,
      additionalProperties: false,
      ...(shape.required !== undefined && { required: shape.required }),
      ...(shape.isNotEmpty === true && { minProperties: 1 }),
      ...(shape.exclusive !== undefined && {
        allOf: shape.exclusive.map(({ keys }) => ({ not: { required: keys } })),
      }),
    }
  }

  #written(shape: Shape): JsonSchema {
    switch (shape.kind) {
      case 'text':
        return { type: 'string', ...(shape.pattern !== undefined && { pattern: shape.pattern }) }
      case 'word':
        return { enum: shape.words }
      case 'flag':
        return shape.only === undefined ? { type: 'boolean' } : { const: shape.only }
      case 'number':
        return {
          type: shape.whole === true ? 'integer' : 'number',
          ...(shape.minimum !== undefined && { minimum: shape.minimum }),
          ...(shape.maximum !== undefined && { maximum: shape.maximum }),
        }
      case 'null':
        return { type: 'null' }
      case 'list':
        return {
          type: 'array',
          items: this.of(shape.of),
          ...(shape.isNotEmpty === true && { minItems: 1 }),
          ...(shape.mayRepeat !== true && { uniqueItems: true }),
        }
      case 'map':
        return {
          type: 'object',
          propertyNames: this.of(shape.keys),
          additionalProperties: this.of(shape.values),
          ...(shape.isNotEmpty === true && { minProperties: 1 }),
        }
      case 'object':
        return this.#object(shape)
      case 'variants':
        return { oneOf: Object.values(shape.variants).map((one) => this.of(one)) }
      case 'either':
        return { oneOf: shape.shapes.map((one) => this.of(one)) }
    }
  }
}

const schemaOf = (whole: Shape): JsonSchema => {
  const writer = new Writer(whole)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A policy of pgsr: what PostgreSQL roles should have',
    ...writer.of(whole),
    definitions: writer.definitions,
  }
}

/** The JSON Schema of policies, for editors: what `@pgsr/policy/schema.json` has. */
export const policySchema: JsonSchema = schemaOf(grammar)
