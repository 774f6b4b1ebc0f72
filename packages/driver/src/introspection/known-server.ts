import type { Scope } from '@pgsr/planner'
import { LRUCache } from 'lru-cache'
import type { SessionShape } from '../connection/session.ts'
import type { Found } from './needs.ts'
import type { Reading } from './reading.ts'
import { remembering } from './remembering.ts'

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
  readonly found: LRUCache<string, Found>
  /** The last readings, by what was asked. If the answer is the same again, it is not decoded again. */
  readonly readings: LRUCache<string, Reading>
}

/** Of how many sets of desired roles it is remembered what was found of them. */
const mostFound = 1000

/** How many roles, memberships and objects are remembered. Each takes some 500 bytes. */
const mostRead = 30_000

const sizeOf = ({ snapshot: { roles, memberships, objects } }: Reading): number =>
  1 + roles.length + memberships.length + objects.length

const remembered = new WeakMap<object, KnownServer>()

export const knownServer = ({ connection }: Pick<SessionShape, 'connection'>): KnownServer => {
  const known = remembered.get(connection) ?? {
    actors: new Map(),
    found: new LRUCache({ max: mostFound }),
    readings: new LRUCache({ maxSize: mostRead, sizeCalculation: sizeOf }),
  }
  remembered.set(connection, known)
  return known
}

const keyOf: (scope: Scope) => string = remembering(({ desired }) => JSON.stringify(desired))

export const lastFound = ({ found }: KnownServer, scope: Scope): Found | undefined => found.get(keyOf(scope))

/** Remembers what was found, if it is rare. */
export const rememberFound = ({ found }: KnownServer, scope: Scope, last: Found, isRare: boolean): void => {
  if (isRare) found.set(keyOf(scope), last)
  else found.delete(keyOf(scope))
}
