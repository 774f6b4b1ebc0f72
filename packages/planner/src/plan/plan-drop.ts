import { Access } from '../access/access.ts'
import { Catalog } from '../catalog/catalog.ts'
import { unusedRoles } from '../diff/unused-roles.ts'
import { type Plan, planFormat } from '../model/plan.ts'
import { dropRequest } from '../model/request.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { phasesOfDrop } from '../phases/drop-roles.ts'
import { type Goal, nothingFor } from '../resolve/target-state.ts'
import { inParts } from '../transaction/lock-budget.ts'
import { effectsOf } from './effects.ts'
import { checkOutcome } from './self-check.ts'
import { fold, transactionsFor } from './transactions.ts'
import { unusedResidue } from './unused-residue.ts'
import { flatMap, flat } from '../util/collections.ts'

export const planDropRequest = (snapshot: Snapshot, isDivided: boolean): Plan => {
  const before = new Catalog(snapshot)
  const now = new Access(before)
  const unused = unusedRoles(before, now)
  const residue = flatMap(unused, ([role, ties]) => unusedResidue(role, ties))
  const staying = new Set(residue.map(({ role }) => role))
  const dropped = [...unused.keys()].filter((role) => !staying.has(role))
  const access = { now, overContents: now, overPrivileges: now }
  const goal: Goal = { ...nothingFor(dropped), access }
  // Dropping only some of the roles does no harm.
  const [transactions, catalog] = transactionsFor(before, goal, phasesOfDrop, isDivided, (divided, share) =>
    inParts(goal.roles, share()).map((roles) =>
      fold(divided, { ...goal, roles, desired: new Set(roles) }, phasesOfDrop),
    ),
  )
  if (transactions.length > 0) checkOutcome(catalog, goal, phasesOfDrop)
  return {
    format: planFormat,
    request: dropRequest,
    actingRole: catalog.server.actingRole,
    transactions,
    effects: effectsOf(before, catalog, goal, flat(transactions)),
    skipped: [],
    residue,
    kept: [],
    throughPublic: [],
    unmanaged: [],
  }
}
