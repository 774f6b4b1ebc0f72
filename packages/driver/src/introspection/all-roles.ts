import { sql } from 'kysely'
import { bytesOf } from './names-in-bytes.ts'
import { compiler } from './pg-catalog.ts'

/** The names of all roles but those of PostgreSQL itself, in bytes: some may not be valid in the encoding of the database. */
export const { sql: allRoleNames } = sql`
  select ${bytesOf(sql`r.rolname`)} from pg_catalog.pg_roles as r where r.oid <> 10 and r.rolname !~ '^pg_'`.compile(
  compiler,
)
