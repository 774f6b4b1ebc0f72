import type { ProvideSession } from '../sync/running.ts'
import type { FirstDatabase } from './same-cluster.ts'

/** A database in which something is to be done. */
export interface Place<E2, R> {
  readonly database: string
  readonly first: FirstDatabase
  /** How a session of it is acquired. */
  readonly provide: ProvideSession<E2, R>
}
