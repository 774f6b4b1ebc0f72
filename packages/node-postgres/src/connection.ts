import type { ClientBase, Pool } from 'pg'

/** A pool, from which each call takes a connection, or a connected client of the caller’s. */
export type Connection = Pool | ClientBase
