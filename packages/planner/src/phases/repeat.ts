import { applyOperation } from '../catalog/apply-operation.ts'
import type { Operation } from '../model/operation.ts'
import type { Phase } from './phase.ts'

/**
 * Runs phases, and again until they find nothing to do: what one of them does may make possible what was not. The catalog
 * is forked only if there is something to do at all.
 */
export const repeat =
  (...phases: readonly Phase[]): Phase =>
  (catalog, goal) => {
    const all: Operation[] = []
    let now = catalog
    for (let before = -1; before !== all.length;) {
      before = all.length
      for (const phase of phases)
        for (const operation of phase(now, goal)) {
          if (now === catalog) now = catalog.fork()
          applyOperation(now, operation)
          all.push(operation)
        }
    }
    return all
  }
