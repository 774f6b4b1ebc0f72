import type { Catalog } from '../catalog/catalog.ts'
import { describeOperation } from '../model/describe.ts'
import { PlanningError } from '../model/errors.ts'
import type { Step } from '../phases/phase.ts'
import type { Goal } from '../resolve/target-state.ts'

/**
 * Checks that nothing is left to do after the plan. Otherwise the planner has a bug, and the plan must not be executed.
 */
export const checkOutcome = (catalog: Catalog, goal: Goal, groups: readonly (readonly Step[])[]): void => {
  for (const phase of groups.flat(2))
    for (const operation of phase(catalog, goal))
      if (operation.kind !== 'setPassword')
        throw new PlanningError(
          `cannot plan: the plan is incomplete: it would still have to ${describeOperation(operation)}`,
        )
}
