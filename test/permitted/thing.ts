import type { Privilege } from '@pgsr/node-postgres'

/** An object of a small world, or a column, and how statements name it. */
export interface Thing {
  readonly kind: 'database' | 'schema' | 'table' | 'column' | 'sequence' | 'function' | 'type'
  /** What a plan calls it. */
  readonly name: readonly string[]
  /** After `GRANT … ON`. */
  readonly on: string
  /** After `ALTER`, where it has an owner of its own. */
  readonly owned?: string
  readonly privileges: readonly Privilege[]
}

export const thingKey = ({ kind, name }: Pick<Thing, 'kind' | 'name'>): string => [kind, ...name].join(' ')

/** A privilege as GRANT names it: with the column, where it is on one. */
export const privilegeOn = ({ kind, name }: Thing, privilege: string): string =>
  kind === 'column' ? `${privilege} (${name[2]!})` : privilege

const thingsIn = (schema: string): readonly Thing[] => [
  {
    kind: 'schema',
    name: [schema],
    on: `schema ${schema}`,
    owned: `schema ${schema}`,
    privileges: ['USAGE', 'CREATE'],
  },
  {
    kind: 'table',
    name: [schema, 't'],
    on: `table ${schema}.t`,
    owned: `table ${schema}.t`,
    privileges: ['SELECT', 'INSERT', 'UPDATE', 'TRIGGER'],
  },
  ...['a', 'b'].map((column): Thing => ({
    kind: 'column',
    name: [schema, 't', column],
    on: `table ${schema}.t`,
    privileges: ['SELECT', 'UPDATE'],
  })),
  {
    kind: 'sequence',
    name: [schema, 'q'],
    on: `sequence ${schema}.q`,
    owned: `sequence ${schema}.q`,
    privileges: ['USAGE', 'SELECT', 'UPDATE'],
  },
  {
    kind: 'function',
    name: [schema, 'f'],
    on: `function ${schema}.f()`,
    owned: `function ${schema}.f()`,
    privileges: ['EXECUTE'],
  },
  {
    kind: 'type',
    name: [schema, 'e'],
    on: `type ${schema}.e`,
    owned: `type ${schema}.e`,
    privileges: ['USAGE'],
  },
]

/** Makes a schema with one object of each kind. */
export const makeSchema = (schema: string): string => `
  create schema ${schema}; create table ${schema}.t (a int, b int); create sequence ${schema}.q;
  create function ${schema}.f() returns int language sql as 'select 1'; create type ${schema}.e as enum ('x')`

/** Everything that there are privileges on in a world. */
export const thingsOf = (database: string, schemas: readonly string[]): readonly Thing[] => [
  { kind: 'database', name: [database], on: `database ${database}`, privileges: ['CONNECT', 'CREATE'] },
  ...schemas.flatMap(thingsIn),
]
