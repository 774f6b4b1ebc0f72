import type { StatementError } from './errors.ts'

/** The world changed since the look: a retry looks again. */
const changed = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '42710', // duplicate_object
  '2BP01', // dependent_objects_still_exist
  '42704', // undefined_object
  '42P01', // undefined_table
  '42883', // undefined_function
  '3F000', // invalid_schema_name
  '3D000', // invalid_catalog_name
])

const concurrent =
  /^tuple concurrently|^tuple already updated|^cache lookup failed for|^could not find tuple for/

/**
 * Whether the whole transaction may succeed when it is tried again. Other tools change roles and objects without
 * taking our lock, and roles belong to the whole cluster, of which the lock covers one database.
 */
export const isRetryable = ({ sqlState, message }: StatementError): boolean =>
  sqlState !== undefined &&
  (changed.has(sqlState) ||
    (sqlState === 'XX000' && concurrent.test(message)) ||
    (sqlState === '23505' && message.includes('pg_auth')))
