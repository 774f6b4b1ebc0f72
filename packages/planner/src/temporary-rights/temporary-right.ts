import type { Operation, Reason } from '../model/operation.ts'
import { flatMap } from '../util/collections.ts'

/** What is given to a role or taken out of the way before some operations, and what undoes that after them. */
export interface TemporaryRight {
  readonly before: readonly Operation[]
  readonly after: readonly Operation[]
}

/** Some operations surrounded by the rights that they need: what is given first is taken back last. */
export const around = (
  rights: readonly TemporaryRight[],
  operations: readonly Operation[],
): readonly Operation[] => [
  ...flatMap(rights, ({ before }) => before),
  ...operations,
  ...flatMap(rights.toReversed(), ({ after }) => after),
]

/** The reason for giving or taking something only for the transaction. */
export const temporarily = (temporary: NonNullable<Reason['temporary']>, role: string): Reason => ({
  role,
  grant: null,
  temporary,
})
