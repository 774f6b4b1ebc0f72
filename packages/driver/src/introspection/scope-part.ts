import type { ObjectKind, Scope } from '@pgsr/planner'
import { flatMap } from '@pgsr/planner/internal'
import { type RawBuilder, sql } from 'kysely'
import { asciiLiteral } from '../connection/ascii-literal.ts'
import { hasSchema } from './constant.ts'

const json = (value: unknown): string => `${asciiLiteral(JSON.stringify(value))}::jsonb`

/** An array, as one literal: PostgreSQL parses it faster than as many. */
const texts = (all: readonly string[], type: 'name' | 'text' = 'text'): string => {
  const elements = all.map((one) => `"${one.replaceAll(/["\\]/g, '\\$&')}"`)
  return `${asciiLiteral(`{${elements.join(',')}}`)}::${type}[]`
}

const names = (all: readonly string[]): string => texts(all, 'name')

const namesOf =
  (kind: ObjectKind, part = 0) =>
  ({ objects }: Scope): string =>
    names(flatMap(objects, ({ kind: its, name }) => (its === kind ? [name[part]!] : [])))

/** The parts of a scope that statements have as parameters, and how they are written. */
const parts = {
  desired: ({ desired }: Scope) => names(desired),
  roles: ({ roles }: Scope) => names(roles),
  defaultsOf: ({ defaultsOf }: Scope) => names(defaultsOf),
  members: ({ members = [] }: Scope) => names(members),
  properties: ({ properties = [] }: Scope) => names(properties),
  absent: ({ absent = [] }: Scope) => names(absent),
  settings: ({ settings = [] }: Scope) => texts(settings),
  databases: namesOf('database'),
  schemas: ({ objects }: Scope) =>
    names([...new Set(flatMap(objects, ({ kind, name }) => (hasSchema(kind) ? [name[0]!] : [])))]),
  tables: namesOf('table', 1),
  schemasOfTables: namesOf('table'),
  /** Each of these once. */
  schemasWithTables: ({ objects }: Scope) =>
    names([...new Set(flatMap(objects, ({ kind, name }) => (kind === 'table' ? [name[0]!] : [])))]),
  /** The schemas of which all tables are read. */
  schemasMatched: ({ patterns }: Scope) => names([...new Set(patterns.map(({ schema }) => schema))]),
  objects: ({ objects }: Scope) => json(objects),
  owned: ({ owned }: Scope) => json(owned),
  patterns: ({ patterns }: Scope) => json(patterns),
  accessRoles: ({ access }: Scope) => names(typeof access?.roles === 'object' ? access.roles : []),
  accessObjects: ({ access }: Scope) => json(typeof access?.objects === 'object' ? access.objects : []),
} as const satisfies Readonly<Record<string, (scope: Scope) => string>>

export type ScopePart = keyof typeof parts

/** A part of the scope in a statement. Its name is the value of the parameter until the text is complete. */
export const partOfScope = (part: ScopePart): RawBuilder<unknown> => sql`${part}`

/** The SQL of a part. */
export const literalOf = (part: ScopePart, scope: Scope): string => parts[part](scope)
