import { mostAdministered } from '@pgsr/planner/internal'
import { randomBytes } from 'node:crypto'
import type { Sandbox } from './sandbox.ts'

/**
 * From 16 on lets the acting role administer as many roles as it should, and makes delegates with room for a few hundred, so
 * that one sync of many does what another does. Each administers two roles: what administers nothing is anybody’s to drop.
 */
export const makeDelegates = async ({ server, actor, name, run }: Sandbox): Promise<void> => {
  if (server.version < 160000) return
  for (let count = 0; count < mostAdministered; count++) await run(`create role ${name('other')}`)
  for (let count = 0; count < 10; count++) {
    const delegate = `_pgsr_admin_${randomBytes(4).toString('hex')}`
    await run(`
      create role ${delegate} createrole; grant ${delegate} to ${actor} with inherit false, set true;
      set role ${delegate}; create role ${name('other')}; create role ${name('other')}; reset role`)
  }
}
