// For packages that adapt pgsr to a driver. What they offer to their users is in ./promises.ts and ./api.ts, and for
// applications built on Effect in ./layer.ts and ./effect.ts.
export { exclusively } from './connection/exclusive.ts'
export type { AcquireWire, Results, Row, Wire } from './connection/wire.ts'
export { StatementError, statementError } from './errors.ts'
