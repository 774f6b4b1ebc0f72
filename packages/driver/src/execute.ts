import {
  describeOperation,
  type Operation,
  operationsOf,
  passwordStatement,
  type Plan,
  statementOf,
  type Step,
  stepsOf,
} from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { databaseError } from './errors.ts'
import { type Listener, tell } from './event.ts'
import { inSpan } from './in-span.ts'
import { Session } from './session.ts'

/** By role: what is sent in place of its password. */
export type Verifiers = ReadonlyMap<string, string>

/** How many operations are sent in one message. */
const batchSize = 1000

const textOf = ({ operation, setRole }: Step, verifiers: Verifiers): string => {
  const statement =
    operation.kind === 'setPassword'
      ? passwordStatement(operation.role, verifiers.get(operation.role)!)
      : statementOf(operation)
  return setRole === undefined ? statement : `${setRole};${statement}`
}

const batchesOf = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / batchSize) }, (_, index) =>
    all.slice(index * batchSize, (index + 1) * batchSize),
  )

/**
 * Sends a batch as one message. PostgreSQL does not say which statement of a message failed, so on an error they are
 * sent again one at a time, from where the batch began, to name the operation that fails.
 */
const executeBatch = (steps: readonly Step[], verifiers: Verifiers, attempt: number) =>
  Effect.gen(function* () {
    const session = yield* Session
    const texts = steps.map((step) => textOf(step, verifiers))
    const batch = ['savepoint pgsr_batch', ...texts, 'release savepoint pgsr_batch'].join(';')
    yield* session.send(batch).pipe(
      Effect.catch((refused) =>
        Effect.gen(function* () {
          const failed = databaseError('execute the plan', attempt)
          yield* session.send('rollback to savepoint pgsr_batch').pipe(Effect.mapError(() => failed(refused)))
          for (const [index, step] of steps.entries())
            yield* session
              .send(texts[index]!)
              .pipe(Effect.mapError(databaseError(describeOperation(step.operation), attempt)))
        }),
      ),
    )
  })

interface Executing {
  readonly verifiers: Verifiers
  readonly attempt: number
  readonly onEvent: Listener | undefined
  /** What has been executed before. */
  readonly executed: readonly (readonly Operation[])[]
}

/** Executes some transactions of a plan inside the transaction that is open. */
export const execute = Effect.fnUntraced(function* (
  plan: Plan,
  transactions: Plan['transactions'],
  { verifiers, attempt, onEvent, executed }: Executing,
) {
  const session = yield* Session
  const { steps, last } = stepsOf(transactions.flat(), plan.actingRole)
  const batches = batchesOf(steps)
  yield* Effect.annotateCurrentSpan({ 'pgsr.operations': steps.length, 'pgsr.batches': batches.length })
  let number = executed.flat().length
  const of = number + operationsOf(plan).length
  for (const batch of batches) {
    yield* executeBatch(batch, verifiers, attempt)
    for (const { operation } of batch) tell(onEvent, { kind: 'executed', operation, number: ++number, of })
  }
  if (last !== undefined)
    yield* session.send(last).pipe(Effect.mapError(databaseError('execute the plan', attempt)))
}, inSpan('pgsr.execute'))
