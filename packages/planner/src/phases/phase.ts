import type { Catalog } from '../catalog/catalog.ts'
import type { Operation } from '../model/operation.ts'
import type { Goal } from '../resolve/target-state.ts'

/** One step of planning: the operations that bring one aspect of a catalog to the target state. */
export type Phase = (catalog: Catalog, goal: Goal) => readonly Operation[]
