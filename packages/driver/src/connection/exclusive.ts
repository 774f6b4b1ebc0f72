/** Settled when the last call that asked for the connection has released it. */
const lastReleases = new WeakMap<object, Promise<void>>()

/**
 * Waits until no other call of pgsr uses the connection, and reserves it: two calls at once would be inside each other’s
 * transaction. For connections that the caller holds; a pool gives each call its own.
 * @returns a function that releases the connection
 */
export const exclusively = async (connection: object): Promise<() => void> => {
  const before = lastReleases.get(connection)
  let release: (() => void) | undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  lastReleases.set(connection, released)
  await before
  return () => release?.()
}
