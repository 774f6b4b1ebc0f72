import * as Effect from 'effect/Effect'
import type { LockHolder } from './errors.ts'
import { readLastCell } from './last-cell.ts'
import { settingsStatement } from './look.ts'
import type { Settings } from './options.ts'
import { grace, Session } from './session.ts'

/** Sessions with an advisory lock of this database: one row, a JSON text. Of a key, the catalogs have each half. */
const holdersQuery = (lockKey: bigint): string => {
  const key = BigInt.asUintN(64, lockKey)
  return `select pg_catalog.json_agg(pg_catalog.json_build_array(l.pid, a.usename, a.application_name) order by l.pid)::pg_catalog.text
  from pg_catalog.pg_locks as l left join pg_catalog.pg_stat_activity as a on a.pid = l.pid
  where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
  and l.classid::pg_catalog.int8 = ${key >> 32n} and l.objid::pg_catalog.int8 = ${key & 0xffffffffn}
  and l.database = (select d.oid from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database())`
}

type HolderRow = [pid: number, role: string | null, application: string | null]

const parseHolders = (text: string): readonly LockHolder[] =>
  ((JSON.parse(text || 'null') ?? []) as HolderRow[]).map(([pid, role, application]) => ({
    pid,
    role,
    application,
  }))

/** Who has the advisory lock, asked inside a frame in which it was waited for too long. */
export const readLockHolders = Effect.fnUntraced(function* (settings: Settings) {
  const session = yield* Session
  const cells = yield* session.send(
    `rollback to savepoint pgsr_sync;${settingsStatement(settings)};${holdersQuery(settings.lockKey)}`,
    { within: grace },
  )
  return yield* readLastCell(cells, parseHolders)
})
