import * as Effect from 'effect/Effect'
import { UnexpectedCatalogError } from './errors.ts'
import type { Cells } from './session.ts'

/** Reads what the last statement of a text answered. */
export const readLastCell = <A>(
  cells: Cells,
  read: (text: string) => A,
): Effect.Effect<A, UnexpectedCatalogError> =>
  Effect.try({
    try: () => read(cells.at(-1) ?? ''),
    catch: (error) => new UnexpectedCatalogError((error as Error).message),
  })
