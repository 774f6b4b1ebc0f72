// What a driver package is made with. What it offers its users is in ./api.ts and ./effect.ts.
export { type Hold, type Promises, promisesFor, sessionsLayer } from './doors.ts'
export { DatabaseError, StatementError, statementError } from './errors.ts'
export { exclusively } from './exclusive.ts'
export { type Cells, type Sending, Sessions, sessionOver, type SessionShape, type Wire } from './session.ts'
