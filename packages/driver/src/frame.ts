import { quoteLiteral } from '@pgsr/planner'

/** Whose transaction the work is done in, and so how it is begun, ended and undone. */
export interface Frame {
  /** Whether the transaction is pgsr’s own; else it is the caller’s, and is left open. */
  readonly isOwn: boolean
  /** What is sent before anything else, by itself, and not cancelled: without it nothing could be undone. */
  readonly before: string | undefined
  /** What the first text begins with. */
  readonly begin: string
  readonly end: string
  /** Undoes everything, the settings too, and takes no part of what is undone for done. */
  readonly undo: string
}

/**
 * A COMMIT outside of any transaction succeeds, and commits nothing. Where a connection was lost and silently made
 * anew, there is no savepoint to release.
 */
export const ownFrame: Frame = {
  isOwn: true,
  before: undefined,
  begin: 'begin isolation level read committed read write;savepoint pgsr_sync;',
  end: 'release savepoint pgsr_sync;commit',
  undo: 'rollback',
}

/** The settings that pgsr sets in a transaction. */
export const settingNames = [
  'role',
  'search_path',
  'lock_timeout',
  'statement_timeout',
  'createrole_self_grant',
  'client_encoding',
] as const

/**
 * In a transaction of the caller’s, under a savepoint. What is set under one stays set when it is released, so that it is
 * put back before.
 * @param former the values that the settings had, in their order; `null` for one that the server does not know
 */
export const callersFrame = (former: readonly (string | null)[]): Frame => {
  const putBack = settingNames.flatMap((name, index) => {
    const value = former[index] ?? null
    return value === null ? [] : [`pg_catalog.set_config('${name}', ${quoteLiteral(value)}, true)`]
  })
  return {
    isOwn: false,
    before: 'savepoint pgsr_sync',
    begin: '',
    end: `select ${putBack.join(', ')};release savepoint pgsr_sync`,
    undo: 'rollback to savepoint pgsr_sync;release savepoint pgsr_sync',
  }
}
