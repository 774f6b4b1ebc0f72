import type { ReservedSql, Sql, TransactionSql } from 'postgres'

/**
 * A `postgres()`, from which each call reserves a connection; a reserved connection of the caller’s; or the `sql` of a
 * transaction.
 */
export type Connection = Sql | ReservedSql | TransactionSql
