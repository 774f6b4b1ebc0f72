import { applyOperation } from '../catalog/apply-operation.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Operation } from '../model/operation.ts'
import type { Plan } from '../model/plan.ts'
import type { Step } from '../phases/phase.ts'
import type { Goal } from '../resolve/target-state.ts'
import { withBorrowedRights } from '../temporary-rights/borrow.ts'
import { isWithinBudget, lockShare } from '../transaction/lock-budget.ts'
import { withRoleLocks } from '../transaction/role-locks.ts'
import { once } from '../util/once.ts'
import { flatMap } from '../util/collections.ts'

const runStep = (catalog: Catalog, goal: Goal, step: Step, run: (operation: Operation) => void): void => {
  const isRepeated = typeof step !== 'function'
  for (let found = true; found;) {
    found = false
    for (const phase of isRepeated ? step : [step])
      for (const operation of phase(catalog, goal)) {
        run(operation)
        found = isRepeated
      }
  }
}

/** Runs the phases in order, each on the catalog that those before it have left. */
export const fold = (
  catalog: Catalog,
  goal: Goal,
  groups: readonly (readonly Step[])[],
): readonly Operation[] =>
  flatMap(groups, (group) =>
    withBorrowedRights(catalog, (run) => {
      for (const step of group) runStep(catalog, goal, step, run)
    }),
  )

/**
 * The transactions that reach the goal, and the catalog after them.
 * @param before the catalog before the first of them
 * @param isDivided whether one transaction is already known to need too many locks
 * @param divide makes several transactions; `share` tells how many locks one would need, as a share of the budget
 */
export const transactionsFor = (
  before: Catalog,
  goal: Goal,
  groups: readonly (readonly Step[])[],
  isDivided: boolean,
  divide: (catalog: Catalog, share: () => number) => Plan['transactions'],
): readonly [transactions: Plan['transactions'], outcome: Catalog] => {
  const whole = once(() => {
    const catalog = before.fork()
    return { catalog, operations: fold(catalog, goal, groups) }
  })
  if (!isDivided) {
    const { catalog, operations } = whole()
    if (operations.length === 0) return [[], before]
    if (isWithinBudget(catalog.server, operations)) return [[withRoleLocks(before, operations)], catalog]
  }
  const outcome = before.fork()
  const transactions = divide(before.fork(), () => lockShare(before.server, whole().operations))
    .filter(({ length }) => length > 0)
    .map((part) => {
      const locking = withRoleLocks(outcome, part)
      for (const operation of part) applyOperation(outcome, operation)
      return locking
    })
  return [transactions, outcome]
}
