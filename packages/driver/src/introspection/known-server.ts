import type { Scope } from '@pgsr/planner'
import type { SessionShape } from '../connection/session.ts'
import type { Found } from './needs.ts'

/** What was last found of a role to act as. */
export interface KnownActor {
  readonly isSuperuser: boolean
  /** Whether it may read stored passwords. */
  readonly readsPasswords: boolean
}

/** What is remembered of the server behind a pool or client. It saves round trips, and may be out of date. */
export interface KnownServer {
  /** The version that it had last. */
  version?: number
  /** Whether somebody committed something between the last two readings. */
  isBusy?: boolean
  /** Whether the last plan had anything to do. Then the next one probably has, too. */
  hadWork?: boolean
  /** By the role to act as. */
  readonly actors: Map<string | undefined, KnownActor>
  /** What was found of roles that is rare. */
  readonly found: Map<string, Found>
}

const remembered = new WeakMap<object, KnownServer>()

export const knownServer = ({ connection }: Pick<SessionShape, 'connection'>): KnownServer => {
  const known = remembered.get(connection) ?? { actors: new Map(), found: new Map() }
  remembered.set(connection, known)
  return known
}

/** Of how many sets of desired roles it is remembered what was found of them. */
const mostRemembered = 1000

const keyOf = ({ desired }: Scope): string => JSON.stringify(desired)

export const lastFound = ({ found }: KnownServer, scope: Scope): Found | undefined => found.get(keyOf(scope))

/** Remembers what was found, if it is rare. The oldest are forgotten. */
export const rememberFound = ({ found }: KnownServer, scope: Scope, last: Found, isRare: boolean): void => {
  const key = keyOf(scope)
  found.delete(key)
  if (isRare) found.set(key, last)
  for (const oldest of found.keys()) {
    if (found.size <= mostRemembered) break
    found.delete(oldest)
  }
}
