import { type Promises, promisesFor } from '@pgsr/driver'
import { type Connection, hold } from './session.ts'

const promises: Promises<Connection> = promisesFor(hold)

export const { dropUnusedRoles, executePlan, introspect, planDropUnusedRoles, planRoles, syncRoles } =
  promises
export * from '@pgsr/driver/api'
export { type Connection } from './session.ts'
