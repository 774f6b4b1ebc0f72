import type { Connected } from '../drivers/drivers.ts'
import type { Sandbox } from './sandbox.ts'

/** Makes another database of the acting role’s in the same cluster, and drops it when the work is done. */
export const inAnotherDatabase = async (
  box: Sandbox,
  work: (database: string, connect: () => Connected) => Promise<void>,
): Promise<void> => {
  const database = `${box.database}_${box.name('db')}`
  await box.admin(`create database ${database}`)
  await box.admin(`alter database ${database} owner to ${box.actor}`)
  const open: Connected[] = []
  try {
    await work(database, () => {
      const pool = box.driver.pool(box.connection, database)
      open.push(pool)
      return pool
    })
  } finally {
    for (const pool of open) await pool.end()
    await box.admin(`drop database if exists ${database}`)
  }
}
