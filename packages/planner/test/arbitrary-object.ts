import type { DatabaseObject, ObjectKind } from '@pgsr/planner'
import fc from 'fast-check'
import { aclOf, type DrawnGrant, type Entry, grants, ownersEntries, withGrants } from './arbitrary-acl.ts'
import { anyName, pick } from './arbitrary-name.ts'

const drawObject = (owner: fc.Arbitrary<number>) =>
  fc.record({ owner, narrowed: fc.array(fc.nat(), { maxLength: 2 }), grants })

const object = drawObject(fc.nat())

/** The objects of a database; numbers stand for roles and schemas. */
export const objects = fc.record({
  /** Often that of the first role, which may be the acting one. */
  database: drawObject(fc.oneof(fc.constant(1), fc.nat())),
  schemas: fc.array(fc.record({ name: anyName, object }), { maxLength: 2 }),
  tables: fc.array(
    fc.record({
      name: anyName,
      schema: fc.nat(),
      object,
      actsAsOwner: fc.boolean(),
      columns: fc.array(fc.record({ name: anyName, grants }), { maxLength: 2 }),
      sequence: fc.option(fc.record({ name: anyName, grants }), { freq: 2 }),
    }),
    { maxLength: 3 },
  ),
  others: fc.array(
    fc.record({
      kind: fc.constantFrom<ObjectKind>('sequence', 'function'),
      name: anyName,
      schema: fc.nat(),
      object,
    }),
    { maxLength: 2 },
  ),
})

export type DrawnObjects = typeof objects extends fc.Arbitrary<infer T> ? T : never

/** An object while its ACL is still growing. */
export interface Sketch extends Omit<DatabaseObject, 'acl'> {
  readonly entries: Entry[]
}

export const finished = ({ entries, ...rest }: Sketch): DatabaseObject => ({ ...rest, acl: aclOf(entries) })

/** Tables and sequences share their names. */
const keyOf = (kind: ObjectKind, name: readonly string[]): string =>
  JSON.stringify([kind === 'sequence' ? 'table' : kind, ...name])

export class Sketches {
  readonly #sketches = new Map<string, Sketch>()
  readonly #version: number
  readonly #roles: readonly string[]

  constructor(version: number, roles: readonly string[]) {
    this.#version = version
    this.#roles = roles
  }

  all(): Sketch[] {
    return [...this.#sketches.values()]
  }

  add(
    kind: ObjectKind,
    name: readonly string[],
    owner: string,
    drawn: { readonly narrowed?: readonly number[]; readonly grants: readonly DrawnGrant[] },
    rest: Pick<DatabaseObject, 'follows' | 'actsAsOwner'> = {},
  ): boolean {
    const key = keyOf(kind, name)
    if (this.#sketches.has(key)) return false
    const [roles, version] = [this.#roles, this.#version]
    const own = ownersEntries(kind, owner, version)
    const kept = own.filter((_, index) => !drawn.narrowed?.some((number) => number % own.length === index))
    const table = kind === 'column' ? this.#sketches.get(keyOf('table', name.slice(0, 2))) : undefined
    const entries = withGrants(kind, owner, kept, drawn.grants, {
      roles,
      version,
      ...(table && { onTable: table.entries }),
    })
    // A column is in view only if it has an ACL.
    if (kind === 'column' && entries.length === 0) return false
    const oid = table?.oid ?? String(30000 + this.#sketches.size)
    this.#sketches.set(key, { kind, name, oid, owner, ...rest, entries })
    return true
  }
}

/** Makes the objects, with their owners and what has been granted on them. */
export const sketchesOf = (
  { database, schemas, tables, others }: DrawnObjects,
  { version, roles, owners }: { version: number; roles: readonly string[]; owners: readonly string[] },
): Sketches => {
  const sketches = new Sketches(version, roles)
  const ownerOf = (drawn: { owner: number }): string => pick(owners, drawn.owner)!
  sketches.add('database', ['warehouse'], pick([owners[0]!, ...roles], database.owner)!, database)
  for (const schema of schemas) sketches.add('schema', [schema.name], ownerOf(schema.object), schema.object)
  if (schemas.length === 0) return sketches
  for (const { name, schema, object: table, actsAsOwner, columns, sequence } of tables) {
    const path = [pick(schemas, schema)!.name, name]
    const owner = ownerOf(table)
    const reasons = actsAsOwner ? { actsAsOwner: ['a materialized view'] } : {}
    if (!sketches.add('table', path, owner, table, reasons)) continue
    const follows = { kind: 'table', name: path } as const
    for (const column of columns) sketches.add('column', [...path, column.name], owner, column, { follows })
    if (sequence) sketches.add('sequence', [path[0]!, sequence.name], owner, sequence, { follows })
  }
  for (const { kind, name, schema, object: other } of others) {
    const path = [pick(schemas, schema)!.name, name, ...(kind === 'function' ? ['integer, text'] : [])]
    sketches.add(kind, path, ownerOf(other), other)
  }
  return sketches
}
