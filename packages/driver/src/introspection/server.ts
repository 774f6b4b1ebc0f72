import type { Snapshot } from '@pgsr/planner'
import type { RowOf } from './rows.ts'

type ServerRow = RowOf<'server'>

/**
 * How many processes and prepared transactions can hold locks. Before 12 the senders of WAL were connections. One or two
 * processes of the server have no setting.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/init/postinit.c (InitializeMaxBackends)
 */
const lockHolders = (row: ServerRow): number =>
  row.maxConnections +
  row.maxPreparedTransactions +
  row.maxWorkerProcesses +
  row.maxAutovacuumWorkers +
  (row.version < 120000 ? 0 : row.maxWalSenders) +
  (row.version < 180000 ? 1 : 2)

/**
 * The server as a snapshot has it.
 * @throws RangeError if the acting role has been dropped
 */
export const serverOf = (row: ServerRow): Snapshot['server'] => {
  const { version, database, databaseOid, actingRole, sessionRole, bootstrapRole, databaseOwner } = row
  const { createsSchemas, maxLocksPerTransaction, maxPredicateLocksPerTransaction } = row
  if (actingRole === null) throw new RangeError('the acting role does not exist any more')
  const holders = lockHolders(row)
  return {
    version,
    database,
    databaseOid,
    actingRole,
    sessionRole,
    bootstrapRole,
    databaseOwner,
    createsSchemas,
    maxLocksPerTransaction,
    lockTableSize: maxLocksPerTransaction * holders,
    predicateLockTableSize: maxPredicateLocksPerTransaction * holders,
  }
}
