import { apply } from './apply.ts'
import { checkCovered } from './covered.ts'
import { describeGrant, describeName, describeOperation } from './describe.ts'
import { type DesiredRole, preservedSchemas } from './desired-role.ts'
import { type Effect, effectsOf } from './effects.ts'
import { ForbiddenRoleError, InvalidGrantError, PlanningError, UnsupportedServerError } from './errors.ts'
import type { Grant } from './grant.ts'
import { schemaOf } from './object-kind.ts'
import type { Operation } from './operation.ts'
import { MembershipPaths } from './membership-paths.ts'
import { phasesOfDrop } from './phase/drop-roles.ts'
import { phases } from './phase/index.ts'
import { withLoans } from './phase/loan.ts'
import type { Phase } from './phase/phase.ts'
import { inParts, lockShare } from './lock-table.ts'
import { once } from './once.ts'
import { needsPreparation, preparationsFor } from './preparation.ts'
import { isRealMember } from './real-member.ts'
import { dropRequest, type PlanOptions, type Request, requestOf, type SyncRequest } from './request.ts'
import { type Residue, residueOf } from './residue.ts'
import { resolve } from './resolve.ts'
import { withRoleLocks } from './role-locks.ts'
import { checkSnapshot } from './shape.ts'
import type { Snapshot, Unmanaged } from './snapshot.ts'
import { checkSupported } from './supported.ts'
import { isTagged, onGiven } from './tagged.ts'
import { unmanagedOf } from './unmanaged.ts'
import { unusedRoles } from './unused-roles.ts'
import { isPreservedIn, type Wanted } from './wanted.ts'
import { World } from './world.ts'

/** Something asked for and not given. */
export interface Skipped {
  readonly role: string
  /** `null`: the role itself, which does not exist. */
  readonly grant: Grant | null
  /**
   * `absent`: what it names does not exist. `no match`: its pattern matches nothing in a schema that does. `not permitted`:
   * the acting role may not grant it. `cycle`: the role would become a member of itself through others. `no effect`: it
   * would give nothing.
   */
  readonly reason: 'absent' | 'no match' | 'not permitted' | 'cycle' | 'no effect'
  /** A sentence without a full stop, in PostgreSQL’s tone. */
  readonly message: string
  /** Of a cycle: the roles that the role asked for is a member of, one of the other, up to the role itself. */
  readonly path?: readonly string[]
}

/** What will be done, and everything worth knowing about it before. Plain data without secrets, safe in JSON. */
export interface Plan {
  /** The version of this format. */
  readonly format: 1
  readonly request: Request
  /** `current_user` of the session that read the snapshot: who runs every operation that names nobody else. */
  readonly actingRole: string
  /** The operations in order, by transaction: all but the last transaction only prepare. */
  readonly transactions: readonly (readonly Operation[])[]
  /** What roles other than the desired ones gain or lose by it, new owners apart. */
  readonly effects: readonly Effect[]
  /** What is asked for and not given. */
  readonly skipped: readonly Skipped[]
  /** What a desired role holds, should not, and keeps all the same; unused roles that are not dropped. */
  readonly residue: readonly Residue[]
  /** What is tied to a desired role but of a kind that pgsr does not manage. */
  readonly unmanaged: readonly Unmanaged[]
}

/** All operations of a plan, in order. */
export const operationsOf = ({ transactions }: Plan): readonly Operation[] =>
  transactions.length === 1 ? transactions[0]! : transactions.flat()

const checkServer = ({ format, server }: Snapshot): void => {
  if (format !== 1)
    throw new UnsupportedServerError(
      `cannot plan: the snapshot has format ${String(format)}, this planner reads 1`,
    )
  if (server.version < 90600)
    throw new UnsupportedServerError(
      `cannot plan: PostgreSQL 9.6 is the oldest supported, the server is ${server.version}`,
    )
}

/** The superuser that a member of one of some roles can become, by SET ROLE, the nearest one. */
const superusersAbove = (world: World, roles: readonly string[]): ((role: string) => string | undefined) => {
  const canBecome = (member: string): readonly string[] =>
    world.membershipsOf(member).flatMap((row) => (isRealMember(row) ? [row.role] : []))
  const paths = new MembershipPaths(canBecome)
  const isSuperuser = (role: string): boolean => world.isSuperuser(role)
  const below = paths.leadingTo(roles, isSuperuser)
  return (role) => (below.has(role) ? [...paths.reachable(role)].find(isSuperuser) : undefined)
}

/** What is to protect something must exist, unless this is what makes it. */
const checkPreservedSchemas = (world: World, desired: readonly DesiredRole[]): void => {
  const asked = new Set(
    desired.flatMap(({ grants }) =>
      grants.flatMap((grant) =>
        grant.kind === 'ownership' && grant.object.kind === 'schema' ? grant.object.name : [],
      ),
    ),
  )
  for (const { role, preserveExistingGrantsInSchemas = [] } of desired)
    for (const schema of preserveExistingGrantsInSchemas)
      if (!asked.has(schema) && world.object({ kind: 'schema', name: [schema] }) === undefined)
        throw new InvalidGrantError({
          role,
          field: 'preserveExistingGrantsInSchemas',
          message: `cannot preserve what role ${describeName(role)} has in schema ${describeName(schema)}: it does not exist`,
        })
}

/** What a role keeps cannot become another’s. */
const checkPreserved = (world: World, desired: readonly DesiredRole[]): void => {
  checkPreservedSchemas(world, desired)
  const preserved = preservedSchemas(desired)
  for (const { role, grants } of desired)
    for (const grant of grants) {
      const owner = grant.kind === 'ownership' ? world.object(grant.object)?.owner : undefined
      if (grant.kind !== 'ownership' || owner === undefined || owner === role) continue
      if (isPreservedIn({ preserved }, owner, schemaOf(grant.object)))
        throw new InvalidGrantError({
          role,
          field: 'object',
          message: `cannot grant ${describeGrant(grant)} to role ${describeName(role)}: role ${describeName(owner)} keeps what it has in that schema`,
        })
    }
}

const checkRoles = (world: World, { desired, options }: SyncRequest): void => {
  const superuserAbove = superusersAbove(
    world,
    desired.flatMap(({ grants }) =>
      grants.flatMap((grant) => (grant.kind === 'membership' ? [grant.role] : [])),
    ),
  )
  const { actingRole, sessionRole, bootstrapRole } = world.server
  for (const { role, grants } of desired) {
    const forbid = (why: string): never => {
      throw new ForbiddenRoleError(role, `cannot sync role ${describeName(role)}: ${why}`)
    }
    if (role === bootstrapRole)
      forbid('it is the bootstrap superuser, of which the catalogs do not record what it has')
    if (!options.allowSelf && (role === actingRole || role === sessionRole))
      forbid('it is the role that syncs; set allowSelf to allow that')
    if (options.allowSuperuser) continue
    if (world.isSuperuser(role)) forbid('it is a superuser; set allowSuperuser to allow that')
    if (grants.some((grant) => grant.kind === 'attribute' && grant.attribute === 'SUPERUSER'))
      forbid('it would become a superuser; set allowSuperuser to allow that')
    for (const grant of grants) {
      if (grant.kind !== 'membership') continue
      const superuser = superuserAbove(grant.role)
      if (superuser === undefined) continue
      const why =
        superuser === grant.role
          ? 'it is a superuser'
          : `it is a member of superuser ${describeName(superuser)}`
      throw new ForbiddenRoleError(
        role,
        `cannot grant membership in role ${describeName(grant.role)} to role ${describeName(role)}: ${why}; set allowSuperuser to allow that`,
      )
    }
  }
  checkPreserved(world, desired)
  const { reassignOwnedTo } = options
  if (reassignOwnedTo !== undefined && !world.roles.has(reassignOwnedTo))
    throw new InvalidGrantError({
      field: 'reassignOwnedTo',
      message: `cannot reassign ownership to role ${describeName(reassignOwnedTo)}: it does not exist`,
    })
}

/** Goes through the phases, each in the world that the ones before have made. */
const fold = (world: World, wanted: Wanted, groups: readonly (readonly Phase[])[]): readonly Operation[] =>
  groups.flatMap((group) =>
    withLoans(world, (run) => {
      for (const phase of group) for (const operation of phase(world, wanted)) run(operation)
    }),
  )

/**
 * The transactions that lead where it should, and the world as it will be then.
 * @param before the world as the first of them finds it
 * @param isDivided whether one would lock more than its share, as far as that is known
 * @param divide goes there in several; told, if it asks, how much one would lock as a share of what it should
 */
const transactionsFor = (
  before: World,
  wanted: Wanted,
  groups: readonly (readonly Phase[])[],
  isDivided: boolean,
  divide: (world: World, share: () => number) => Plan['transactions'],
): readonly [transactions: Plan['transactions'], outcome: World] => {
  const whole = once(() => {
    const world = new World(before)
    const operations = fold(world, wanted, groups)
    return { world, operations, share: lockShare(world.server, operations) }
  })
  if (!isDivided) {
    const { world, operations, share } = whole()
    if (operations.length === 0) return [[], before]
    if (share <= 1) return [[withRoleLocks(before, operations)], world]
  }
  const outcome = new World(before)
  const transactions = divide(new World(before), () => whole().share)
    .filter(({ length }) => length > 0)
    .map((part) => {
      const locking = withRoleLocks(outcome, part)
      for (const operation of part) apply(outcome, operation)
      return locking
    })
  return [transactions, outcome]
}

/** A plan that its own outcome does not satisfy is a bug of the planner: it must not reach a server. */
const checkOutcome = (world: World, wanted: Wanted, groups: readonly (readonly Phase[])[]): void => {
  for (const phase of groups.flat())
    for (const operation of phase(world, wanted))
      if (operation.kind !== 'setPassword')
        throw new PlanningError(
          `cannot plan: the plan does not lead where it should: it would still have to ${describeOperation(operation)}`,
        )
}

const planSync = (snapshot: Snapshot, request: SyncRequest, isDivided: boolean): Plan => {
  const before = new World(snapshot)
  checkSupported(snapshot.server.version, request)
  checkRoles(before, request)
  const wanted = resolve(before, request)
  const isMuch = isDivided || needsPreparation(before, wanted)
  const [transactions, world] = transactionsFor(before, wanted, phases, isMuch, (divided) => [
    ...preparationsFor(divided, wanted),
    fold(divided, wanted, phases),
  ])
  if (transactions.length > 0) checkOutcome(world, wanted, phases)
  return {
    format: 1,
    request,
    actingRole: world.server.actingRole,
    transactions,
    effects: effectsOf(before, world, wanted, transactions.flat()),
    skipped: wanted.skipped,
    residue: residueOf(world, wanted),
    unmanaged: unmanagedOf(world, wanted),
  }
}

const planDropRequest = (snapshot: Snapshot, isDivided: boolean): Plan => {
  const before = new World(snapshot)
  const { wanted, residue } = unusedRoles(before)
  // To drop some of the roles and not yet the others does no harm.
  const [transactions, world] = transactionsFor(before, wanted, phasesOfDrop, isDivided, (divided, share) =>
    inParts(wanted.roles, share()).map((roles) =>
      fold(divided, { ...wanted, roles, desired: new Set(roles) }, phasesOfDrop),
    ),
  )
  if (transactions.length > 0) checkOutcome(world, wanted, phasesOfDrop)
  return {
    format: 1,
    request: dropRequest,
    actingRole: world.server.actingRole,
    transactions,
    effects: effectsOf(before, world, wanted, transactions.flat()),
    skipped: [],
    residue,
    unmanaged: [],
  }
}

/**
 * Plans what a checked request asks for.
 * @param isDivided whether some transactions of a plan of several have been executed already: then what is left comes out
 * as it was in that plan, even where it would fit into one transaction by now
 */
export const planRequest = (snapshot: Snapshot, request: Request, isDivided = false): Plan => {
  try {
    checkServer(snapshot)
    checkCovered(snapshot, request)
    switch (request.kind) {
      case 'sync':
        return planSync(snapshot, request, isDivided)
      case 'drop unused roles':
        return planDropRequest(snapshot, isDivided)
    }
    throw new InvalidGrantError({ field: 'request', message: 'cannot plan: what was given is no request' })
  } catch (error) {
    if (isTagged(error)) throw error
    checkGiven(snapshot, request)
    throw new PlanningError('cannot plan: the planner contradicts itself, or the snapshot does', {
      cause: error,
    })
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

/** Looks for what is wrong with what was given, where something went wrong with it. */
const checkGiven = (snapshot: Snapshot, request: Request): void => {
  onGiven('snapshot', 'cannot plan: the snapshot holds something that cannot be read', () =>
    checkSnapshot(snapshot),
  )
  onGiven('request', 'cannot plan: what was given is no request', () => {
    if (request.kind !== 'sync') return
    if (!isObject(request.options)) throw new TypeError('its options are none')
    requestOf(request.desired, { ...request.options, seed: request.seed })
  })
}

/**
 * Works out which intermediate roles serve nothing any more, and what has to be done to drop them. Pure.
 * @param snapshot read within `scopeOfRequest(dropRequest)`
 * @throws UnsupportedServerError, SnapshotScopeError
 */
export const planDrop = (snapshot: Snapshot): Plan => {
  checkGiven(snapshot, dropRequest)
  return planRequest(snapshot, dropRequest)
}

/**
 * Works out what has to be done so that the desired roles have exactly what is asked for. Pure: the same snapshot,
 * roles and seed give the same plan, and the order in which roles and grants are given does not matter.
 * @param snapshot read within `scopeOf(desired, options)`, or more
 * @throws InvalidGrantError, ForbiddenRoleError, UnsupportedServerError, SnapshotScopeError
 */
export const plan = (
  snapshot: Snapshot,
  desired: DesiredRole | readonly DesiredRole[],
  options: PlanOptions & { readonly seed: string },
): Plan => {
  const request = requestOf(desired, options)
  checkGiven(snapshot, dropRequest)
  return planRequest(snapshot, request)
}

/** The snapshot as it will be once the plan, or some operations, have been executed. */
export const outcomeOf = (snapshot: Snapshot, from: Plan | readonly Operation[]): Snapshot => {
  const world = new World(snapshot)
  for (const operation of 'transactions' in from ? operationsOf(from) : from) apply(world, operation)
  return world.snapshot()
}
