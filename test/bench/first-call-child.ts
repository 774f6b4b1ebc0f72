import type { DesiredRole } from '@pgsr/node-postgres'
import type { FirstCall, Parts } from './first-call.ts'

// Makes the first call of a process, with pgsr or by hand, and prints how long each part took.

interface Client {
  readonly connection: unknown
  readonly send: (text: string) => Promise<unknown>
  readonly end: () => Promise<void>
}

const { library, options, pgsr, desired, text } = JSON.parse(process.argv[2]!) as FirstCall

const libraries: Readonly<Record<FirstCall['library'], () => Promise<() => Client>>> = {
  pg: async () => {
    const { default: pg } = await import('pg')
    return () => {
      const pool = new pg.Pool(options)
      return { connection: pool, send: (query) => pool.query(query), end: () => pool.end() }
    }
  },
  'postgres.js': async () => {
    const { default: postgres } = await import('postgres')
    return () => {
      const sql = postgres(options)
      return { connection: sql, send: (query) => sql.unsafe(query), end: () => sql.end({ timeout: 1 }) }
    }
  },
}

interface Pgsr {
  readonly syncRoles: (connection: unknown, desired: readonly DesiredRole[]) => Promise<unknown>
}

const started = performance.now()
const open = await libraries[library]()
const { syncRoles } = pgsr === undefined ? {} : ((await import(pgsr)) as Pgsr)
const imported = performance.now()
const { connection, send, end } = open()
await send('select 1')
const connected = performance.now()
if (syncRoles === undefined) await send(text)
else await syncRoles(connection, desired)
const called = performance.now()
await end()

const parts: Parts = {
  start: started,
  import: imported - started,
  connect: connected - imported,
  call: called - connected,
}
console.log(JSON.stringify(parts))
