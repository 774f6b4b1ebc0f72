// For packages that adapt pgsr to a driver. What they offer to their users is in ./api.ts and ./effect.ts.
export { exclusively } from './connection/exclusive.ts'
export {
  type Cells,
  type Sending,
  sessionOver,
  Sessions,
  type SessionShape,
  type Wire,
} from './connection/session.ts'
export { DatabaseError, StatementError, statementError } from './errors.ts'
export type { Promises } from './functions.ts'
export { type AcquireSession, promisesFor, sessionsLayer } from './promises.ts'
