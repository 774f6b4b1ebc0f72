import { Catalog } from '../catalog/catalog.ts'
import type { Kept } from '../model/kept.ts'
import type { Operation } from '../model/operation.ts'
import { type Plan, planFormat } from '../model/plan.ts'
import type { SyncRequest } from '../model/request.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { phases } from '../phases/sync-phases.ts'
import { checkSupported } from '../request/check-version.ts'
import { type Resolved, resolve } from '../resolve/resolve.ts'
import { needsPreparation, preparationsFor } from '../transaction/split.ts'
import { checkRoles } from './check-roles.ts'
import { checkStars } from './check-stars.ts'
import { effectsOf } from './effects.ts'
import { keptOf } from './kept.ts'
import { withoutCycles } from './membership-cycles.ts'
import { residueOf } from './residue.ts'
import { checkOutcome } from './self-check.ts'
import { throughPublicOf } from './through-public.ts'
import { fold, transactionsFor } from './transactions.ts'
import { unmanagedOf } from './unmanaged.ts'
import { flat } from '../util/collections.ts'

const resolved = (before: Catalog, request: SyncRequest): Resolved =>
  withoutCycles(before, resolve(before, request))

/** What the same request would take from roles if its mode were `exact`. */
const keptFrom = (before: Catalog, request: SyncRequest, done: readonly Operation[]): readonly Kept[] => {
  const { mode: _, ...options } = request.options
  const { goal } = resolved(before, { ...request, options })
  const after = before.fork()
  return keptOf(before, fold(after, goal, phases), after, done)
}

export const planSync = (snapshot: Snapshot, request: SyncRequest, isDivided: boolean): Plan => {
  const before = new Catalog(snapshot)
  checkSupported(snapshot.server.version, request)
  checkRoles(before, request)
  checkStars(before, request)
  const { goal, skipped } = resolved(before, request)
  const isMuch = isDivided || needsPreparation(before, goal)
  const [transactions, catalog] = transactionsFor(before, goal, phases, isMuch, (divided) => [
    ...preparationsFor(divided, goal),
    fold(divided, goal, phases),
  ])
  if (transactions.length > 0) checkOutcome(catalog, goal, phases)
  const operations = flat(transactions)
  return {
    format: planFormat,
    request,
    actingRole: catalog.server.actingRole,
    transactions,
    effects: effectsOf(before, catalog, goal, operations),
    skipped,
    residue: residueOf(catalog, goal),
    kept: request.options.mode === 'additive' ? keptFrom(before, request, operations) : [],
    throughPublic: throughPublicOf(catalog, request),
    unmanaged: unmanagedOf(catalog, goal),
  }
}
