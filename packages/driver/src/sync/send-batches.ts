import { describeOperation, quoteLiteral, type Snapshot } from '@pgsr/planner'
import { countIn, flatMap } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import { Session } from '../connection/session.ts'
import { databaseError, StatementError } from '../errors.ts'
import { emit } from '../events.ts'
import { inSpan } from '../span.ts'
import { type Batch, halvesOf, operationsIn, type SentPasswords, statementsOf } from './batches.ts'
import type { Call } from './call.ts'
import type { NextTransaction } from './next-transaction.ts'
import { overlap } from './overlap.ts'
import { isLockTimeout, type ReadBehind, type ReadingError } from './read-under-lock.ts'
import { isRefusal } from './retry.ts'
import { batchWorkload } from './workload.ts'

/**
 * The parts in which a batch is sent again to find the statement that failed; none if the batch is that statement. After a
 * statement timeout these are its statements, so that each statement is waited for only once more.
 * @param wasRead whether the catalogs were read in the same message, which may be what failed
 */
const partsOf = (batch: Batch, { sqlState }: StatementError, wasRead: boolean): readonly Batch[] => {
  if (sqlState === '57014') return statementsOf(batch)
  const halves = halvesOf(batch)
  return halves.length === 0 && wasRead ? [batch] : halves
}

const describeBatch = (batch: Batch): string => {
  const [first, ...others] = operationsIn(batch)
  return `${describeOperation(first!)}${others.length === 0 ? '' : ` (and ${others.length} more operations in the same statement)`}`
}

/** The first wait for each lock of a batch, while other locks of the transaction may already be held, in milliseconds. */
const firstLockTimeout = 50

const redacted = '[redacted]'

/** Removes passwords from what the server said, which may quote them as they are or as literals. */
const withoutSecrets = (refused: StatementError, sent: SentPasswords): StatementError => {
  if (sent.size === 0) return refused
  const secrets = flatMap(sent.values(), (secret) => [quoteLiteral(secret).replace(/^ E/, ''), secret])
  const without = (text: string | undefined): string | undefined =>
    secrets.reduce((rest, secret) => rest?.replaceAll(secret, redacted), text)
  const { message, detail, hint, sqlState } = refused
  return new StatementError({
    message: without(message)!,
    detail: without(detail),
    hint: without(hint),
    sqlState,
  })
}

interface Sender extends Pick<Call, 'lockBudget' | 'unlockableRoles' | 'status'> {
  readonly attempt: number
}

const sendBatch = (batch: Batch, { lockBudget }: Sender, lockTimeout: number, read: ReadBehind) =>
  read(
    [
      'savepoint pgsr_batch',
      `set local lock_timeout = ${lockTimeout}`,
      batch.text(),
      // COMMIT may wait for locks, too.
      `set local lock_timeout = ${lockBudget.lockTimeout()}`,
    ],
    ['release savepoint pgsr_batch'],
  ).pipe(Effect.catchTag('StatementError', (refused) => Effect.fail(withoutSecrets(refused, batch.sent))))

const readNothing: ReadBehind = (before, behind) =>
  Effect.flatMap(Session, (session) => Effect.as(session.send([...before, ...behind].join(';')), undefined))

const undoBatch = (refused: StatementError, attempt: number) =>
  Effect.flatMap(Session, (session) =>
    session
      .send('rollback to savepoint pgsr_batch')
      .pipe(Effect.mapError(() => databaseError('execute the plan', attempt)(refused))),
  )

/** Sends a statement again, and waits for its lock as long as the call may still wait for locks. */
const waitAndSend = (batch: Batch, sender: Sender, refused: StatementError) =>
  Effect.suspend(() => {
    const { lockBudget, status, attempt } = sender
    const failed = databaseError(describeBatch(batch), attempt)
    if (lockBudget.isSpent) return Effect.fail(failed(refused))
    status.awaits = `a lock to ${describeBatch(batch)}`
    const began = performance.now()
    return sendBatch(batch, sender, lockBudget.lockTimeout(), readNothing).pipe(
      Effect.ensuring(Effect.sync(() => lockBudget.spend(performance.now() - began))),
      Effect.catchTag('StatementError', (again) => Effect.fail(failed(again))),
    )
  })

/**
 * Sends a batch as one message. PostgreSQL does not say which statement of a message failed, nor which item of a list. After
 * an error, the batch is undone and its parts are sent one by one, until the operation that fails is found. Only the
 * statement that needs a lock of somebody else waits for it for long.
 * @returns what was read behind the batch; `undefined` if its parts were sent, behind which nothing is read
 */
const executeBatch = (
  batch: Batch,
  sender: Sender,
  read: ReadBehind,
  lockTimeout: number = sender.lockBudget.lockTimeout(firstLockTimeout),
): Effect.Effect<Snapshot | undefined, ReadingError, Session> =>
  sendBatch(batch, sender, lockTimeout, read).pipe(
    Effect.catchTag('StatementError', (refused) =>
      Effect.gen(function* () {
        const { attempt, lockBudget, unlockableRoles } = sender
        yield* undoBatch(refused, attempt)
        if (isLockTimeout(refused)) lockBudget.spend(lockTimeout)
        const parts = partsOf(batch, refused, read !== readNothing)
        // A part fails at once if it needs the lock.
        const timeoutOfPart = isLockTimeout(refused) ? 1 : lockTimeout
        for (const part of parts) yield* executeBatch(part, sender, readNothing, timeoutOfPart)
        if (parts.length > 0) return undefined
        const operation = batch.groups[0]![0]
        if (operation.kind === 'lockRole' && isRefusal(refused)) unlockableRoles.add(operation.role)
        else if (isLockTimeout(refused)) yield* waitAndSend(batch, sender, refused)
        else yield* Effect.fail(databaseError(describeBatch(batch), attempt)(refused))
        return undefined
      }),
    ),
  )

/**
 * Executes the operations of a transaction, which has begun.
 * @param read reads the catalogs in the message of the last batch
 * @returns what it read; `undefined` if the last batch could not be sent in one message
 */
export const sendBatches = Effect.fnUntraced(function* (
  { progress, plan, batches }: NextTransaction,
  call: Call,
  attempt: number,
  read: ReadBehind,
) {
  const { settings, status, unlockableRoles } = call
  const done = countIn(progress.executed)
  const of = done + countIn(progress.left.transactions)
  const count = batches.reduce((sum, { groups }) => sum + countIn(groups), 0)
  yield* Effect.annotateCurrentSpan({
    'pgsr.operations': count,
    'pgsr.statements': batches.reduce((sum, { groups }) => sum + groups.length, 0),
    'pgsr.batches': batches.length,
  })
  // Operations that are left out count as executed.
  let number = done + countIn(plan.transactions) - count
  let found: Snapshot | undefined
  for (const [index, batch] of batches.entries()) {
    const after = batches[index + 1]
    const operations = operationsIn(batch)
    status.awaits = `operations ${number + 1} to ${number + operations.length} of ${of}`
    const execute = executeBatch(batch, { ...call, attempt }, after === undefined ? read : readNothing)
    found =
      after === undefined
        ? yield* execute
        : (yield* overlap(execute, after.text, batchWorkload(after), settings))[0]
    for (const operation of operations) {
      number++
      if (operation.kind === 'lockRole' && unlockableRoles.has(operation.role)) continue
      emit(settings.onEvent, { kind: 'executed', operation, number, of })
    }
  }
  return found
}, inSpan('pgsr.execute'))
