import { setTimeout as sleep } from 'node:timers/promises'
import type { Sandbox } from './sandbox.ts'

/** Waits until somebody waits for a lock in the sandbox’s database. */
export const untilSomebodyWaits = async ({ run, database }: Sandbox): Promise<void> => {
  const waiting = `select from pg_locks as l join pg_database as d on d.oid = l.database where d.datname = '${database}' and not l.granted`
  while ((await run(waiting)).length === 0) await sleep(10)
}
