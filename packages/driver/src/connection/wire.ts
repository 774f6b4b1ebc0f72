/** The values of a row, as the server sent them. */
export type Row = readonly (string | null)[]

/** The rows of each statement of a text that is a query, in order. Other statements, such as COMMIT, are left out. */
export type Results = readonly (readonly Row[])[]

/** What a driver can do with one connection. Nobody else uses the connection at the same time. */
export interface Wire {
  /** The pool or client that the connection came from. By it, pgsr remembers what it has learned about the server. */
  readonly connection: object
  /** Whether the caller holds the connection, so that a transaction of the caller’s may be open on it. */
  readonly isHeld: boolean
  /** Sends one text, which may contain several statements, as one message of the simple protocol. */
  readonly query: (text: string) => Promise<Results>
  /**
   * Asks the server, on another connection, to cancel the running statement. Fulfilled when the server has been told.
   * Without it, pgsr waits a moment for a running statement and then closes the connection.
   */
  readonly cancel?: () => Promise<unknown>
  /** Closes the connection at once, whatever runs on it. A pool must not get it back. */
  readonly close: () => void
  /** Gives the connection back when the call ends, to its pool or to the next call. It may be closed by then. */
  readonly release: () => void
}

/**
 * How a driver gets a connection for one call. It rejects with a `StatementError` if it cannot connect. `signal` is aborted
 * when nobody waits any more; a connection that comes after that is released at once.
 */
export type AcquireWire<Connection> = (connection: Connection, signal: AbortSignal) => Promise<Wire>
