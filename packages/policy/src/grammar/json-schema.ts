import { grammar } from './grammar.ts'
import type { ObjectShape, Shape } from './shape.ts'

/** A JSON Schema, or part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>

const schemaOfObject = (shape: ObjectShape): JsonSchema => {
  const properties = Object.fromEntries(
    Object.entries(shape.keys).map(([key, { shape: value, doc }]) => [
      key,
      { description: doc, ...schemaOf(value) },
    ]),
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

/** The JSON Schema of a part of the grammar. */
export const schemaOf = (shape: Shape): JsonSchema => {
  switch (shape.kind) {
    case 'text':
      return { type: 'string', ...(shape.pattern !== undefined && { pattern: shape.pattern }) }
    case 'word':
      return { enum: shape.words }
    case 'flag':
      return shape.only === undefined ? { type: 'boolean' } : { const: shape.only }
    case 'number': {
      const { whole, minimum, maximum } = shape
      return {
        type: whole === true ? 'integer' : 'number',
        ...(minimum !== undefined && { minimum }),
        ...(maximum !== undefined && { maximum }),
      }
    }
    case 'null':
      return { type: 'null' }
    case 'list':
      return {
        type: 'array',
        items: schemaOf(shape.of),
        ...(shape.isNotEmpty === true && { minItems: 1 }),
        ...(shape.mayRepeat !== true && { uniqueItems: true }),
      }
    case 'map':
      return {
        type: 'object',
        propertyNames: schemaOf(shape.keys),
        additionalProperties: schemaOf(shape.values),
        ...(shape.isNotEmpty === true && { minProperties: 1 }),
      }
    case 'object':
      return schemaOfObject(shape)
    case 'variants':
      return { oneOf: Object.values(shape.variants).map(schemaOfObject) }
    case 'either':
      return { oneOf: shape.shapes.map(schemaOf) }
  }
}

/** The JSON Schema of policies, as editors read it. */
export const jsonSchema: JsonSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'A policy of pgsr: what PostgreSQL roles should have',
  ...schemaOf(grammar),
}
