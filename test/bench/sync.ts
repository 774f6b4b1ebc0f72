import type { DesiredRole } from '@pgsr/node-postgres'
import type { BenchConnection } from './bench-connection.ts'

type Desired = DesiredRole | readonly DesiredRole[]

/** Syncs, however long it takes. A scenario in which something else happens than it is about says nothing. */
const sync =
  (expected: boolean) =>
  async ({ pgsr }: BenchConnection, desired: Desired): Promise<void> => {
    const { changed, plan } = await pgsr.syncRoles(desired, { timeout: 0 })
    if (changed !== expected || plan.skipped.length > 0)
      throw new Error(
        `a sync changed ${changed ? 'something' : 'nothing'} and skipped ${plan.skipped.length}`,
      )
  }

export const syncChanges = sync(true)
export const syncFindsNothing = sync(false)
