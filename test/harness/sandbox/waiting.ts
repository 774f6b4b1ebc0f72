import { setTimeout as sleep } from 'node:timers/promises'
import type { Sandbox } from './sandbox.ts'

/** Whether somebody who is connected to a database waits for a lock, of whatever kind. */
const doesSomebodyWait = async ({ run }: Sandbox, database: string): Promise<boolean> => {
  const waiting = `select from pg_locks join pg_stat_activity as a using (pid) where a.datname = '${database}' and not granted`
  return (await run(waiting)).length > 0
}

/** Waits until somebody waits for a lock in the sandbox’s database. */
export const untilSomebodyWaits = async (box: Sandbox): Promise<void> => {
  while (!(await doesSomebodyWait(box, box.database))) await sleep(10)
}

/** Waits until something is done, or waits for a lock itself, in whatever database it is. */
export const untilItWaits = async (box: Sandbox, database: string, work: Promise<unknown>): Promise<void> => {
  const settled = Promise.allSettled([work]).then(() => true)
  while (!(await Promise.race([settled, sleep(10, false)]))) if (await doesSomebodyWait(box, database)) return
}
