import type {
  AbsentRole,
  AccessDifference,
  AccessOf,
  AccessQuestion,
  DescribedRoles,
  DesiredRole,
  Explanation,
  Plan,
  Snapshot,
  WhoCan,
  WhoCanQuestion,
} from '@pgsr/planner'
import type {
  AccessOfCallOptions,
  CallOptions,
  DescribeRolesOptions,
  DropUnusedRolesOptions,
  ExecutePlanOptions,
  ExplainCallOptions,
  IntrospectAccessOptions,
  IntrospectOptions,
  PlanRolesOptions,
  SyncRolesOptions,
} from './options.ts'

/** What a role, or each of several roles, should have; or that a role should not exist. */
export type Desired = DesiredRole | AbsentRole | readonly (DesiredRole | AbsentRole)[]

/** What has become of the sessions of absent roles. */
export interface EndedSessions {
  /** How many sessions were told to end. */
  readonly terminated: number
  /** The sessions that go on, and why; `pid` is `null` if they cannot even be listed. */
  readonly left: readonly { readonly pid: number | null; readonly why: string }[]
}

/** The result of a call that changes roles. */
export interface SyncResult {
  /** Whether anything was changed. */
  readonly changed: boolean
  /** The plan as it was executed. It has no operations if there was nothing to do. */
  readonly plan: Plan
  /** If `terminateSessions` asks for it: what has become of the sessions of absent roles. */
  readonly sessions?: EndedSessions
}

/** The functions of a driver package that return promises. The packages document them. */
export interface Promises<Connection> {
  readonly syncRoles: (
    connection: Connection,
    desired: Desired,
    options?: SyncRolesOptions,
  ) => Promise<SyncResult>
  readonly planRoles: (connection: Connection, desired: Desired, options?: PlanRolesOptions) => Promise<Plan>
  readonly executePlan: (
    connection: Connection,
    plan: Plan,
    options?: ExecutePlanOptions,
  ) => Promise<SyncResult>
  readonly dropUnusedRoles: (connection: Connection, options?: DropUnusedRolesOptions) => Promise<SyncResult>
  readonly planDropUnusedRoles: (connection: Connection, options?: DropUnusedRolesOptions) => Promise<Plan>
  readonly describeRoles: (connection: Connection, options?: DescribeRolesOptions) => Promise<DescribedRoles>
  readonly explain: (
    connection: Connection,
    question: AccessQuestion,
    options?: ExplainCallOptions,
  ) => Promise<Explanation>
  readonly whoCan: (
    connection: Connection,
    question: WhoCanQuestion,
    options?: ExplainCallOptions,
  ) => Promise<WhoCan>
  readonly accessOf: (
    connection: Connection,
    role: string,
    options?: AccessOfCallOptions,
  ) => Promise<AccessOf>
  readonly accessDifference: (
    connection: Connection,
    plan: Plan,
    options?: CallOptions,
  ) => Promise<AccessDifference>
  readonly introspectAccess: (connection: Connection, options?: IntrospectAccessOptions) => Promise<Snapshot>
  readonly introspect: (
    connection: Connection,
    desired: Desired,
    options?: IntrospectOptions,
  ) => Promise<Snapshot>
}
