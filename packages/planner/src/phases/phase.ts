import type { Catalog } from '../catalog/catalog.ts'
import type { Operation } from '../model/operation.ts'
import type { Goal } from '../resolve/target-state.ts'

/** One step of planning: the operations that bring one aspect of a catalog to the target state. */
export type Phase = (catalog: Catalog, goal: Goal) => readonly Operation[]

/** A phase, or several that are run again until none finds anything: what one does may make possible what was not. */
export type Step = Phase | readonly Phase[]
