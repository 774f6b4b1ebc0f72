import {
  describeOperation,
  type Group,
  groupsOf,
  type Operation,
  operationsOf,
  passwordStatement,
  type Plan,
  statementOfGroup,
  stepsOf,
} from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { type DatabaseError, databaseError } from './errors.ts'
import { type Listener, tell } from './event.ts'
import { inSpan } from './in-span.ts'
import { Session } from './session.ts'

/** By role: what is sent in place of its password. */
export type Verifiers = ReadonlyMap<string, string>

/** How many operations are sent in one message, or a few more where one statement does many. */
const batchSize = 5000

const statementFor = (group: Group, verifiers: Verifiers): string => {
  const [first] = group
  return first.kind === 'setPassword'
    ? passwordStatement(first.role, verifiers.get(first.role)!)
    : statementOfGroup(group as Group<typeof first>)
}

/** Groups that are sent in one message, between two roles that are current before and after it. */
interface Batch {
  readonly groups: readonly Group[]
  readonly before: string
  readonly after: string
}

const textsOf = ({ groups, before, after }: Batch, verifiers: Verifiers): readonly string[] => {
  const { steps, last } = stepsOf(groups, before, after)
  const texts = steps.map(({ operations, setRole }) => {
    const statement = statementFor(operations, verifiers)
    return setRole === undefined ? statement : `${setRole};${statement}`
  })
  return last === undefined ? texts : [...texts, last]
}

/** The last one ends as the acting role, as which the first one begins. */
const batchesOf = (groups: readonly Group[], actingRole: string): readonly Batch[] => {
  const batches: Group[][] = []
  let size = batchSize
  for (const group of groups) {
    if (size >= batchSize) {
      batches.push([])
      size = 0
    }
    batches.at(-1)!.push(group)
    size += group.length
  }
  const lastRole = (batch: readonly Group[] | undefined): string => batch?.at(-1)?.[0].as ?? actingRole
  return batches.map((batch, index) => ({
    groups: batch,
    before: lastRole(batches[index - 1]),
    after: index === batches.length - 1 ? actingRole : lastRole(batch),
  }))
}

/** The same, in two halves. */
const halvesOf = ({ groups, before, after }: Batch): readonly Batch[] => {
  const operations = groups.flat()
  const middle = Math.ceil(operations.length / 2)
  const between = operations[middle - 1]!.as
  return [
    { groups: groupsOf(operations.slice(0, middle)), before, after: between },
    { groups: groupsOf(operations.slice(middle)), before: between, after },
  ]
}

/**
 * Sends a batch as one message. PostgreSQL does not say which statement of a message failed, nor which part of a list; so on
 * an error each half of the batch is sent by itself, from where it began, until the operation that fails is found.
 */
const executeBatch = (
  batch: Batch,
  verifiers: Verifiers,
  attempt: number,
): Effect.Effect<void, DatabaseError, Session> =>
  Effect.gen(function* () {
    const session = yield* Session
    const failed = databaseError('execute the plan', attempt)
    const message = ['savepoint pgsr_batch', ...textsOf(batch, verifiers), 'release savepoint pgsr_batch']
    yield* session.send(message.join(';')).pipe(
      Effect.catch((refused) =>
        Effect.gen(function* () {
          yield* session.send('rollback to savepoint pgsr_batch').pipe(Effect.mapError(() => failed(refused)))
          const [operation, ...others] = batch.groups.flat()
          if (others.length === 0)
            return yield* Effect.fail(databaseError(describeOperation(operation!), attempt)(refused))
          for (const half of halvesOf(batch)) yield* executeBatch(half, verifiers, attempt)
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
  const groups = groupsOf(transactions.flat())
  const batches = batchesOf(groups, plan.actingRole)
  let number = executed.flat().length
  const of = number + operationsOf(plan).length
  yield* Effect.annotateCurrentSpan({
    'pgsr.operations': transactions.flat().length,
    'pgsr.statements': groups.length,
    'pgsr.batches': batches.length,
  })
  for (const batch of batches) {
    yield* executeBatch(batch, verifiers, attempt)
    for (const operation of batch.groups.flat())
      tell(onEvent, { kind: 'executed', operation, number: ++number, of })
  }
}, inSpan('pgsr.execute'))
