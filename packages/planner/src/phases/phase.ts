import type { Catalog } from '../catalog/catalog.ts'
import type { Operation } from '../model/operation.ts'
import type { Goal } from '../resolve/target-state.ts'

/** One step of the fold: what has to be done to bring one aspect of the catalog to the target state. */
export type Phase = (catalog: Catalog, goal: Goal) => readonly Operation[]
