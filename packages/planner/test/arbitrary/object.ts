import fc from 'fast-check'
import type { DatabaseObject, ObjectKind } from '@pgsr/planner'
import { aclOf, type DrawnGrant, type Entry, grants, ownersEntries, withGrants, withLosses } from './acl.ts'
import { anyName, pick } from './name.ts'

/** What some have lost that had passed it on. */
const losses = fc.oneof(
  { arbitrary: fc.constant<number[]>([]), weight: 3 },
  { arbitrary: fc.array(fc.nat(), { minLength: 1, maxLength: 2 }), weight: 1 },
)

const drawObject = (owner: fc.Arbitrary<number>) =>
  fc.record({ owner, narrowed: fc.array(fc.nat(), { maxLength: 2 }), grants, losses })

const object = drawObject(fc.nat())

const inSchemas = ['sequence', 'function', 'type', 'collation', 'operator'] as const
const outsideSchemas = [
  'large object',
  'language',
  'foreign server',
  'foreign-data wrapper',
  'parameter',
  'tablespace',
  'event trigger',
] as const

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
      inert: fc.boolean(),
      columns: fc.array(fc.record({ name: anyName, grants, losses }), { maxLength: 2 }),
      sequence: fc.option(fc.record({ name: anyName, grants, losses }), { freq: 2 }),
    }),
    { maxLength: 3 },
  ),
  others: fc.array(
    fc.record({
      kind: fc.constantFrom(...inSchemas),
      name: anyName,
      schema: fc.nat(),
      object,
      part: fc.nat({ max: 3 }).map((number) => number === 3),
    }),
    { maxLength: 2 },
  ),
  /** What is in no schema. */
  outside: fc.array(fc.record({ kind: fc.constantFrom(...outsideSchemas), name: anyName, object }), {
    maxLength: 2,
  }),
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
    drawn: {
      readonly narrowed?: readonly number[]
      readonly grants: readonly DrawnGrant[]
      readonly losses?: readonly number[]
    },
    rest: Pick<DatabaseObject, 'ownerFollows' | 'inert' | 'columns' | 'foreignKey' | 'wrapper' | 'part'> = {},
  ): boolean {
    const key = keyOf(kind, name)
    if (this.#sketches.has(key)) return false
    const [roles, version] = [this.#roles, this.#version]
    const own = ownersEntries(kind, owner, version)
    const kept = own.filter((_, index) => !drawn.narrowed?.some((number) => number % own.length === index))
    const table = kind === 'column' ? this.#sketches.get(keyOf('table', name.slice(0, 2))) : undefined
    const granted = withGrants(kind, owner, kept, drawn.grants, {
      roles,
      version,
      ...(table && { onTable: table.entries }),
    })
    const entries = withLosses(owner, granted, drawn.losses ?? [])
    const oid = table?.oid ?? String(30000 + this.#sketches.size)
    this.#sketches.set(key, { kind, name, oid, owner, ...rest, entries })
    return true
  }
}

/** Makes the objects, with their owners and what has been granted on them. */
export const sketchesOf = (
  { database, schemas, tables, others, outside }: DrawnObjects,
  {
    version,
    roles,
    owners,
    superusers,
  }: {
    version: number
    roles: readonly string[]
    owners: readonly string[]
    superusers: readonly string[]
  },
): Sketches => {
  const sketches = new Sketches(version, roles)
  const ownerOf = (drawn: { owner: number }): string => pick(owners, drawn.owner)!
  sketches.add('database', ['warehouse'], pick([owners[0]!, ...roles], database.owner)!, database)
  const wrapper = { kind: 'foreign-data wrapper', name: ['wrapper'] } as const
  const servers = outside.filter(({ kind }) => kind === 'foreign server')
  if (servers.length > 0) sketches.add(wrapper.kind, wrapper.name, superusers[0]!, servers[0]!.object)
  for (const { kind, name, object: other } of outside) {
    if (kind === 'parameter' && version < 150000) continue
    const path = [{ parameter: 'work_mem', 'large object': '4711' }[kind as string] ?? name]
    const isMighty = kind === 'foreign-data wrapper' || kind === 'event trigger'
    const owner =
      kind === 'parameter' ? superusers[0]! : isMighty ? pick(superusers, other.owner)! : ownerOf(other)
    sketches.add(kind, path, owner, other, kind === 'foreign server' ? { wrapper } : {})
  }
  for (const schema of schemas) sketches.add('schema', [schema.name], ownerOf(schema.object), schema.object)
  if (schemas.length === 0) return sketches
  for (const { name, schema, object: table, inert, columns, sequence } of tables) {
    const path = [pick(schemas, schema)!.name, name]
    const owner = ownerOf(table)
    const held = version < 180000 ? { columns: ['held'] } : {}
    const facts = inert ? { inert, ...held } : { foreignKey: true as const }
    if (!sketches.add('table', path, owner, table, facts)) continue
    const ownerFollows = { kind: 'table', name: path } as const
    for (const column of columns)
      sketches.add('column', [...path, column.name], owner, column, { ownerFollows })
    if (sequence) sketches.add('sequence', [path[0]!, sequence.name], owner, sequence, { ownerFollows })
  }
  for (const { kind, name, schema, object: other, part } of others) {
    const types = { function: ['integer', 'text'], operator: ['integer', 'integer'] }[kind as string] ?? []
    const path = [pick(schemas, schema)!.name, kind === 'operator' ? '+' : name, ...types]
    sketches.add(kind, path, ownerOf(other), other, part ? { part } : {})
  }
  return sketches
}
