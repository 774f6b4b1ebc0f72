import { operationsOf, type Plan, type Snapshot } from '@pgsr/planner'
import { countIn, type SyncRequest } from '@pgsr/planner/internal'
import type { Workload } from '../connection/deadline.ts'
import type { Batch } from './batches.ts'

/** Something of which the size is not known before it is gone through. */
export const anySize: Workload = { size: Infinity, matches: true }

const grantsIn = (desired: readonly { readonly grants: readonly unknown[] }[]): number =>
  desired.reduce((sum, { grants }) => sum + grants.length, desired.length)

/** To go through what the caller asks for. */
export const requestWorkload = (desired: SyncRequest['desired']): Workload => ({
  size: desired.every((one) => Array.isArray(one?.grants)) ? grantsIn(desired) : 0,
  matches: false,
})

const itemsOf = (all: readonly { readonly acl: readonly unknown[] }[]): number =>
  all.reduce((sum, { acl }) => sum + acl.length, all.length)

/** To make a plan. */
export const planWorkload = (snapshot: Snapshot, { desired }: Pick<SyncRequest, 'desired'>): Workload => {
  const { scope, objects, roles, memberships, defaultPrivileges } = snapshot
  return {
    size:
      grantsIn(desired) + roles.length + memberships.length + itemsOf(objects) + itemsOf(defaultPrivileges),
    // A snapshot without a scope comes from a test, and says nothing of patterns.
    matches: scope === undefined || scope.patterns.length > 0,
  }
}

/** To go through the operations of a plan. */
export const operationsWorkload = (plan: Plan): Workload => ({
  size: operationsOf(plan).length,
  matches: false,
})

/** To write the statements of a batch. */
export const batchWorkload = ({ groups }: Batch): Workload => ({ size: countIn(groups), matches: false })
