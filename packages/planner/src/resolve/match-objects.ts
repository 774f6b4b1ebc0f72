import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import { describeObject } from '../model/describe.ts'
import { type AllInSchema, isAll, isNamed, type ObjectPattern, type Target } from '../model/target.ts'
import { objectKey, type ObjectName, schemaOf } from '../postgres/object-kind.ts'
import { append, sortedBy } from '../util/collections.ts'
import type { Goal } from './target-state.ts'

/** By kind and schema, the objects of a catalog. */
const objectsBySchema = (catalog: Catalog): ReadonlyMap<string, readonly CatalogObject[]> => {
  const all = new Map<string, CatalogObject[]>()
  for (const object of catalog.objects.values()) {
    const schema = schemaOf(object)
    if (schema !== undefined) append(all, `${object.kind} ${schema}`, object)
  }
  return new Map(
    [...all].map(([where, objects]) => [where, sortedBy(objects, ({ name }) => name.slice(1).join('\0'))]),
  )
}

/** Tests the name of an object. */
const matcherOf = ({ pattern, columns }: ObjectPattern): ((name: readonly string[]) => boolean) => {
  const matcher = new RegExp(pattern.source, pattern.flags)
  return ([, name = '', column = '']) =>
    matcher.test(name) && (columns === undefined || columns.includes(column))
}

/** An object that a target stands for. */
export interface Found {
  readonly object: ObjectName
  readonly key: string
  /** The object as it is; `undefined` for a schema that is to be created. */
  readonly existing: CatalogObject | undefined
}

/** Why a target stands for no objects. */
export interface NoObjects {
  readonly reason: 'absent' | 'no match'
  readonly why: string
}

export const isNone = (found: readonly unknown[] | NoObjects): found is NoObjects => !Array.isArray(found)

/** The objects that targets stand for: they exist, or will exist because a grant asks for their ownership. */
export class Targets {
  readonly #catalog: Catalog
  readonly #owners: Goal['owners']
  /** Made for the first target that stands for what is in a schema. */
  #bySchema: ReadonlyMap<string, readonly CatalogObject[]> | undefined

  constructor(catalog: Catalog, owners: Goal['owners']) {
    this.#catalog = catalog
    this.#owners = owners
  }

  #find(object: ObjectName): Found | undefined {
    const key = objectKey(object)
    const existing = this.#catalog.objects.get(key)
    return existing === undefined && !this.#owners.has(key) ? undefined : { object, key, existing }
  }

  exists(object: ObjectName): boolean {
    return this.#find(object) !== undefined
  }

  /** Says what does not exist: the schema or table that an object is in, or the object itself. */
  whyAbsent(object: ObjectName): string {
    const schema = schemaOf(object)
    const around: readonly ObjectName[] = [
      ...(schema === undefined ? [] : [{ kind: 'schema' as const, name: [schema] }]),
      ...(object.kind === 'column' ? [{ kind: 'table' as const, name: object.name.slice(0, 2) }] : []),
    ]
    const missing = around.find((one) => !this.exists(one)) ?? object
    return `${describeObject(missing)} does not exist`
  }

  /** The objects, or why there are none. All objects of a schema may be none. */
  objectsOf(target: Target): readonly Found[] | NoObjects {
    if (isNamed(target)) {
      const found = this.#find(target)
      return found === undefined ? { reason: 'absent', why: this.whyAbsent(target) } : [found]
    }
    const schema: ObjectName = { kind: 'schema', name: [target.schema] }
    const found = this.#foundIn(target)
    if (found.length > 0 || (isAll(target) && this.exists(schema))) return found
    return this.exists(schema)
      ? { reason: 'no match', why: `no ${target.kind} matches` }
      : { reason: 'absent', why: `${describeObject(schema)} does not exist` }
  }

  #foundIn(target: ObjectPattern | AllInSchema): readonly Found[] {
    this.#bySchema ??= objectsBySchema(this.#catalog)
    const { kind, schema } = target
    const matches = isAll(target) ? () => true : matcherOf(target)
    const found: Found[] = []
    for (const existing of this.#bySchema.get(`${kind} ${schema}`) ?? []) {
      const { name, key } = existing
      if (matches(name)) found.push({ object: { kind, name }, key, existing })
    }
    return found
  }
}
