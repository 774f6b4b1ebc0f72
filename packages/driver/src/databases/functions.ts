import type { DesiredInDatabases } from './desired.ts'
import type { PlanDatabasesOptions, SyncDatabasesOptions } from './options.ts'
import type { DatabasesPlans, DatabasesResult } from './results.ts'

/** The functions for several databases of one cluster, with a connection for each by its name. */
export interface DatabasesPromises<Connection> {
  readonly syncDatabases: (
    connections: Readonly<Record<string, Connection>>,
    desired: DesiredInDatabases,
    options?: SyncDatabasesOptions,
  ) => Promise<DatabasesResult>
  readonly planDatabases: (
    connections: Readonly<Record<string, Connection>>,
    desired: DesiredInDatabases,
    options?: PlanDatabasesOptions,
  ) => Promise<DatabasesPlans>
}
