import { everybody } from '../postgres/acl-item.ts'
import type { RequestedRole } from './absent-role.ts'
import type { DesiredRole } from './desired-role.ts'
import type { DefaultPrivilegeGrant, PrivilegeGrant } from './grant.ts'
import type { ManagesOption } from './managed.ts'
import { flatMap } from '../util/collections.ts'

/** The options that affect what is planned. */
export interface PlanOptions {
  /**
   * The new owner of objects that a role loses. By default, objects without code go to the acting role, and
   * all others to a caretaker: a new role that can do nothing.
   */
  readonly reassignOwnedTo?: string
  /** Allow the role that syncs to be synced. Default: no. */
  readonly allowSelf?: boolean
  /** Allow superusers to be synced, and roles to become superusers or members of superusers. Default: no. */
  readonly allowSuperuser?: boolean
  /**
   * A role may lose the right to pass on what it has granted to others. By default the others lose it too, and
   * `effects` says so; with `true`, the owner grants it to them again, or for a membership another role that may.
   */
  readonly keepDependents?: boolean
  /** What is managed. Everything else stays as it is, for all roles of the call. Default: all of it is managed. */
  readonly manages?: ManagesOption
  /**
   * `exact`, the default: the roles get what is asked for, and lose everything else. `additive`: they get what is asked for,
   * and no role loses anything; the plan’s `kept` lists what `exact` would take away.
   */
  readonly mode?: 'exact' | 'additive'
  /**
   * Whether desired roles that do not exist, and such roles that others should be members of, are created. Intermediate
   * roles and caretakers are created in any case. Default: yes.
   */
  readonly createRoles?: boolean
  /**
   * What PUBLIC, and so everybody, has on the objects and future objects that these grants name: exactly the privileges
   * listed, which may be none. Nothing else that PUBLIC has is touched.
   */
  readonly public?: readonly PublicGrant[]
}

/** A grant to PUBLIC. Unlike one to a role, it may list no privileges. `direct` makes no difference. */
export type PublicGrant = PrivilegeGrant | DefaultPrivilegeGrant

/** The names of these options. */
export const planOptionNames: Readonly<Record<keyof PlanOptions, true>> = {
  reassignOwnedTo: true,
  allowSelf: true,
  allowSuperuser: true,
  keepDependents: true,
  manages: true,
  mode: true,
  createRoles: true,
  public: true,
}

/** A request to give roles exactly what they should have. */
export interface SyncRequest {
  readonly kind: 'sync'
  readonly desired: readonly RequestedRole[]
  readonly options: PlanOptions
  /** A text from which the names of new intermediate roles and caretakers are derived. */
  readonly seed: string
}

/** Everybody for whom something is asked: the desired roles and, as if it were one, PUBLIC. */
export const askersOf = ({ desired, options }: SyncRequest): readonly DesiredRole[] =>
  options.public === undefined ? desired : [...desired, { role: everybody, grants: options.public }]
/**
 * The usual seed. With it, the name of a new role depends only on what the role is for. Another seed gives other names,
 * which is needed if those are taken.
 */
export const usualSeed = ''

/** The options of a plan that is made without a connection. */
export interface SeededPlanOptions extends PlanOptions {
  /** The names of new roles of pgsr’s own are derived from this text, too. Give another one if they are taken. */
  readonly seed?: string
}

/** A request to drop unused roles. */
export interface DropRequest {
  readonly kind: 'drop unused roles'
}

/** Everything that is needed to plan again: plain data without secrets, in canonical order. */
export type Request = SyncRequest | DropRequest

/** The only request to drop unused roles. */
export const dropRequest: DropRequest = { kind: 'drop unused roles' }

/** The desired roles of a request; none if it drops unused roles. */
export const desiredRolesOf = (request: Request): readonly string[] =>
  request.kind === 'sync' ? request.desired.map(({ role }) => role) : []

/** By desired role: the new owner of what it loses, if the caller has named one. */
export const heirsOf = ({
  desired,
  options,
}: Pick<SyncRequest, 'desired' | 'options'>): ReadonlyMap<string, string> =>
  new Map(
    flatMap(desired, ({ role, reassignOwnedTo = options.reassignOwnedTo }) =>
      reassignOwnedTo === undefined ? [] : [[role, reassignOwnedTo] as const],
    ),
  )

/** All roles that the caller has named as new owners. */
export const newOwnersIn = (request: Pick<SyncRequest, 'desired' | 'options'>): ReadonlySet<string> => {
  const { reassignOwnedTo } = request.options
  return new Set([...(reassignOwnedTo === undefined ? [] : [reassignOwnedTo]), ...heirsOf(request).values()])
}

/** The absent roles of a request whose sessions are ended after the commit. */
export const sessionsEndedBy = (request: Request): readonly string[] =>
  request.kind === 'sync'
    ? flatMap(request.desired, ({ role, terminateSessions }) => (terminateSessions === true ? [role] : []))
    : []
