import type { DesiredRole } from '@pgsr/node-postgres'
import type { BenchConnection } from './bench-connection.ts'
import type { BenchDatabase, Combination } from './bench-database.ts'
import { type Asked, look, type Looker } from './floor/look.ts'
import { message } from './floor/sql-text.ts'
import type { Bout, Turn } from './scenario.ts'
import { syncChanges, syncFindsNothing } from './sync.ts'

type Desired = DesiredRole | readonly DesiredRole[]

/** How a floor is done by hand. */
export interface ByHand {
  /** What has to be read. */
  readonly asked: Asked
  /** What has to be done then, as the texts of messages. Called when the database is prepared. */
  readonly messages: () => Promise<readonly string[]> | readonly string[]
}

/** The role that syncs there. */
export const lookerOf = ({ major, role }: Combination): Looker => ({
  major,
  isSuperuser: role === 'superuser',
})

/** The text that reads what is asked for, as the role that syncs there. */
export const lookOf = (bench: Combination, asked: Asked): string => look(asked, lookerOf(bench))

/** Compares a sync that finds nothing to do with one look by hand. */
export const besideLook = (
  bench: BenchDatabase,
  desired: Desired,
  asked: Asked,
  on: Turn['on'] = 'warm',
): Bout => {
  const { actor: at } = bench
  const text = lookOf(bench, asked)
  return {
    floor: { at, on, run: (connection) => connection.send(text) },
    subject: { at, on, run: (connection) => syncFindsNothing(connection, desired) },
  }
}

/**
 * Compares a sync that changes something with what it takes by hand: to look, to look under the lock, to make the changes,
 * and to look again in the message of the last change.
 */
export const besideHand = (
  bench: BenchDatabase,
  desired: Desired,
  { asked, messages }: ByHand,
  before: (connection: BenchConnection) => Promise<unknown>,
  on: Turn['on'] = 'warm',
): Bout => {
  const { actor: at } = bench
  const text = lookOf(bench, { ...asked, findsHolders: true })
  let changes: readonly string[] = []
  return {
    floor: {
      at,
      on,
      before: async (connection) => {
        await before(connection)
        changes = await messages()
      },
      run: async (connection) => {
        const last = message([...changes.slice(-1), text])
        for (const one of [text, text, ...changes.slice(0, -1), last]) await connection.send(one)
      },
    },
    subject: { at, on, before, run: (connection) => syncChanges(connection, desired) },
  }
}
