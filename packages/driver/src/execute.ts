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
import type { Passwords } from './passwords.ts'
import { Session } from './session.ts'

/** By role: what is sent in place of its password. */
export type Verifiers = ReadonlyMap<string, string>

const rolesWithNewPasswords = (operations: readonly Operation[]): readonly string[] =>
  operations.flatMap((operation) => (operation.kind === 'setPassword' ? [operation.role] : []))

/** What the passwords become that some operations set. */
export const verifiersFor = (
  operations: readonly Operation[],
  passwords: Passwords,
  version: number,
): Effect.Effect<Verifiers> =>
  Effect.map(
    Effect.forEach(
      rolesWithNewPasswords(operations),
      (role) => Effect.promise(async () => [role, await passwords.verifier(role, version)] as const),
      { concurrency: 'unbounded' },
    ),
    (entries) => new Map(entries),
  ).pipe(inSpan('pgsr.hash'))

/** How many operations are sent in one message, or a few more where one statement does many. */
const batchSize = 5000

const statementFor = (group: Group, verifiers: Verifiers): string => {
  const [first] = group
  return first.kind === 'setPassword'
    ? passwordStatement(first.role, verifiers.get(first.role)!)
    : statementOfGroup(group as Group<typeof first>)
}

/** Groups that are sent in one message, between two roles that are current before and after it. */
export interface Batch {
  readonly groups: readonly Group[]
  readonly before: string
  readonly after: string
  readonly message: string
  /** What stands in it for passwords. */
  readonly verifiers: Verifiers
}

const messageOf = ({ groups, before, after, verifiers }: Omit<Batch, 'message'>): string => {
  const { steps, last } = stepsOf(groups, before, after)
  const texts = steps.map(({ operations, setRole }) => {
    const statement = statementFor(operations, verifiers)
    return setRole === undefined ? statement : `${setRole};${statement}`
  })
  return [
    'savepoint pgsr_batch',
    ...texts,
    ...(last === undefined ? [] : [last]),
    'release savepoint pgsr_batch',
  ].join(';')
}

const withMessage = (batch: Omit<Batch, 'message'>): Batch => ({ ...batch, message: messageOf(batch) })

/** The messages that execute some transactions. The last one ends as the acting role, as which the first one begins. */
export const batchesOf = (
  transactions: Plan['transactions'],
  actingRole: string,
  verifiers: Verifiers,
): readonly Batch[] => {
  const groups = groupsOf(transactions.flat())
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
  return batches.map((batch, index) => {
    const before = lastRole(batches[index - 1])
    const after = index === batches.length - 1 ? actingRole : lastRole(batch)
    return withMessage({ groups: batch, before, after, verifiers })
  })
}

/** The same, in two halves. */
const halvesOf = ({ groups, before, after, verifiers }: Batch): readonly Batch[] => {
  const operations = groups.flat()
  const middle = Math.ceil(operations.length / 2)
  const between = operations[middle - 1]!.as
  return [
    withMessage({ groups: groupsOf(operations.slice(0, middle)), before, after: between, verifiers }),
    withMessage({ groups: groupsOf(operations.slice(middle)), before: between, after, verifiers }),
  ]
}

/**
 * Sends a batch as one message. PostgreSQL does not say which statement of a message failed, nor which part of a list; so on
 * an error each half of the batch is sent by itself, from where it began, until the operation that fails is found.
 */
const executeBatch = (batch: Batch, attempt: number): Effect.Effect<void, DatabaseError, Session> =>
  Effect.gen(function* () {
    const session = yield* Session
    const failed = databaseError('execute the plan', attempt)
    yield* session.send(batch.message).pipe(
      Effect.catch((refused) =>
        Effect.gen(function* () {
          yield* session.send('rollback to savepoint pgsr_batch').pipe(Effect.mapError(() => failed(refused)))
          const [operation, ...others] = batch.groups.flat()
          if (others.length === 0)
            return yield* Effect.fail(databaseError(describeOperation(operation!), attempt)(refused))
          for (const half of halvesOf(batch)) yield* executeBatch(half, attempt)
        }),
      ),
    )
  })

interface Executing {
  readonly batches: readonly Batch[]
  readonly attempt: number
  readonly onEvent: Listener | undefined
  /** What has been executed before. */
  readonly executed: readonly (readonly Operation[])[]
}

/** Executes some of a plan inside the transaction that is open. */
export const execute = Effect.fnUntraced(function* (
  plan: Plan,
  { batches, attempt, onEvent, executed }: Executing,
) {
  let number = executed.flat().length
  const of = number + operationsOf(plan).length
  const groups = batches.flatMap((batch) => batch.groups)
  yield* Effect.annotateCurrentSpan({
    'pgsr.operations': groups.reduce((count, { length }) => count + length, 0),
    'pgsr.statements': groups.length,
    'pgsr.batches': batches.length,
  })
  for (const batch of batches) {
    yield* executeBatch(batch, attempt)
    for (const operation of batch.groups.flat())
      tell(onEvent, { kind: 'executed', operation, number: ++number, of })
  }
}, inSpan('pgsr.execute'))
