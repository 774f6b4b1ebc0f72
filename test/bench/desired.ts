import { type DesiredRole, Grant } from '@pgsr/node-postgres'
import { numbered } from '../harness/texts/numbered.ts'
import type { BenchDatabase } from './bench-database.ts'

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
