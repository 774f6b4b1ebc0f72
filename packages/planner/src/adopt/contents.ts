import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import type { AllInSchema } from '../model/target.ts'
import { isKindInSchema, type KindInSchema, schemaOf } from '../postgres/object-kind.ts'
import { append } from '../util/collections.ts'

export const placeKey = (kind: string, schema: string): string => `${kind}\0${schema}`

/** What is in the schemas, by kind, as far as a snapshot was read for all of it. */
export class Contents {
  readonly #objects: Map<string, CatalogObject[]> = new Map()
  readonly #read: ReadonlySet<string> | undefined

  constructor(catalog: Catalog) {
    const { scope } = catalog
    this.#read = scope && new Set(scope.patterns.map(({ kind, schema }) => placeKey(kind, schema)))
    for (const object of catalog.objects.values()) {
      const schema = schemaOf(object)
      if (schema !== undefined) append(this.#objects, placeKey(object.kind, schema), object)
    }
  }

  /** All objects of a kind in a schema; `undefined` if there may be more. */
  of(kind: KindInSchema, schema: string): readonly CatalogObject[] | undefined {
    const key = placeKey(kind, schema)
    // Those of pg_catalog cannot be asked for at once.
    if (schema === 'pg_catalog' || this.#read?.has(key) === false) return undefined
    return this.#objects.get(key) ?? []
  }

  /** Whether nothing that a target stands for exists. */
  isEmpty({ kind, schema }: AllInSchema): boolean {
    return this.of(kind, schema)?.length === 0
  }
}

/** Where an object is among others of its kind that can be asked for at once. */
export const placeOf = ({ kind, name }: CatalogObject): AllInSchema | undefined => {
  const schema = schemaOf({ kind, name })
  return schema !== undefined && isKindInSchema(kind) ? { kind, schema, all: true } : undefined
}
