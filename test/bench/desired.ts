import { type DesiredRole, Grant } from '@pgsr/node-postgres'
import { numbered } from '../harness/texts/numbered.ts'
import type { BenchDatabase } from './bench-database.ts'
import { selectOn } from './floor/change.ts'
import type { Asked } from './floor/look.ts'

/** Makes a schema of tables that who syncs owns. */
export const makeTables = (
  { run }: Pick<BenchDatabase, 'run'>,
  schema: string,
  tables: number,
): Promise<void> =>
  run(
    `create schema ${schema}`,
    ...numbered(tables, 't').map((table) => `create table ${schema}.${table} ()`),
  )

/** What a role is given usually: to log in, and twelve privileges. */
export const thirteenGrants = (schema: string): readonly Grant[] => [
  Grant.login(),
  Grant.databaseConnect('bench'),
  Grant.schemaUsage(schema),
  ...numbered(10, 't').map((table) => Grant.tableSelect(schema, table)),
]

/** A role that reads tables of a schema, each named. */
export const reader = (role: string, schema: string, tables: number): DesiredRole => ({
  role,
  grants: numbered(tables, 't').map((table) => Grant.tableSelect(schema, table)),
})

/** What these privileges are on, for a look by hand. */
export const thirteenObjects = (schema: string): Omit<Asked, 'roles'> => ({
  database: 'bench',
  schema,
  tables: numbered(10, 't'),
})

/** The privileges among them, as GRANT has them. */
export const twelvePrivileges = (schema: string): readonly string[] => [
  'connect on database bench',
  `usage on schema ${schema}`,
  ...selectOn(schema, numbered(10, 't')),
]
