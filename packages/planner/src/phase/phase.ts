import type { Operation } from '../operation.ts'
import type { Wanted } from '../wanted.ts'
import type { World } from '../world.ts'

/** One step of the fold: what has to be done to bring one aspect of the world to what is wanted. */
export type Phase = (world: World, wanted: Wanted) => readonly Operation[]
