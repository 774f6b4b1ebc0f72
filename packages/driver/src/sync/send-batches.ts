import { describeOperation, quoteLiteral } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { Session } from '../connection/session.ts'
import { type DatabaseError, databaseError, StatementError } from '../errors.ts'
import { emit } from '../events.ts'
import { inSpan } from '../span.ts'
import { type Batch, halvesOf, operationsIn, type SentPasswords, statementsOf } from './batches.ts'
import type { Call } from './call.ts'
import type { NextTransaction } from './next-transaction.ts'
import { isLockTimeout } from './read-under-lock.ts'
import { isRefusal } from './retry.ts'

/**
 * The parts in which a batch is sent again to find the statement that failed; none if the batch is that statement. After a
 * statement timeout these are its statements, so that each statement is waited for only once more.
 */
const partsOf = (batch: Batch, { sqlState }: StatementError): readonly Batch[] =>
  sqlState === '57014' ? statementsOf(batch) : halvesOf(batch)

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
  const secrets = [...sent.values()].flatMap((secret) => [quoteLiteral(secret).replace(/^ E/, ''), secret])
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

const sendBatch = (batch: Batch, { lockBudget }: Sender, lockTimeout: number) =>
  Effect.flatMap(Session, (session) =>
    session.send(
      [
        'savepoint pgsr_batch',
        `set local lock_timeout = ${lockTimeout}`,
        batch.text,
        // COMMIT may wait for locks, too.
        `set local lock_timeout = ${lockBudget.lockTimeout()}`,
        'release savepoint pgsr_batch',
      ].join(';'),
    ),
  ).pipe(Effect.mapError((refused) => withoutSecrets(refused, batch.sent)))

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
    return sendBatch(batch, sender, lockBudget.lockTimeout()).pipe(
      Effect.ensuring(Effect.sync(() => lockBudget.spend(performance.now() - began))),
      Effect.mapError(failed),
    )
  })

/**
 * Sends a batch as one message. PostgreSQL does not say which statement of a message failed, nor which item of a list. After
 * an error, the batch is undone and its parts are sent one by one, until the operation that fails is found. Only the
 * statement that needs a lock of somebody else waits for it for long.
 */
const executeBatch = (
  batch: Batch,
  sender: Sender,
  lockTimeout: number = sender.lockBudget.lockTimeout(firstLockTimeout),
): Effect.Effect<void, DatabaseError, Session> =>
  sendBatch(batch, sender, lockTimeout).pipe(
    Effect.catch((refused) =>
      Effect.gen(function* () {
        const { attempt, lockBudget, unlockableRoles } = sender
        yield* undoBatch(refused, attempt)
        if (isLockTimeout(refused)) lockBudget.spend(lockTimeout)
        const parts = partsOf(batch, refused)
        // A part fails at once if it needs the lock.
        const timeoutOfPart = isLockTimeout(refused) ? 1 : lockTimeout
        for (const part of parts) yield* executeBatch(part, sender, timeoutOfPart)
        if (parts.length > 0) return
        const operation = batch.groups[0]![0]
        if (operation.kind === 'lockRole' && isRefusal(refused)) unlockableRoles.add(operation.role)
        else if (isLockTimeout(refused)) yield* waitAndSend(batch, sender, refused)
        else yield* Effect.fail(databaseError(describeBatch(batch), attempt)(refused))
      }),
    ),
    Effect.asVoid,
  )

/** Executes the operations of a transaction, which has begun. */
export const sendBatches = Effect.fnUntraced(function* (
  { progress, plan, batches }: NextTransaction,
  call: Call,
  attempt: number,
) {
  const { settings, status, unlockableRoles } = call
  const done = progress.executed.flat().length
  const of = done + progress.left.transactions.flat().length
  const count = batches.reduce((sum, batch) => sum + operationsIn(batch).length, 0)
  yield* Effect.annotateCurrentSpan({
    'pgsr.operations': count,
    'pgsr.statements': batches.reduce((sum, { groups }) => sum + groups.length, 0),
    'pgsr.batches': batches.length,
  })
  // Operations that are left out count as executed.
  let number = done + plan.transactions.flat().length - count
  for (const batch of batches) {
    const operations = operationsIn(batch)
    status.awaits = `operations ${number + 1} to ${number + operations.length} of ${of}`
    yield* executeBatch(batch, { ...call, attempt })
    for (const operation of operations) {
      number++
      if (operation.kind === 'lockRole' && unlockableRoles.has(operation.role)) continue
      emit(settings.onEvent, { kind: 'executed', operation, number, of })
    }
  }
}, inSpan('pgsr.execute'))
