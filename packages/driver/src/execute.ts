import {
  describeOperation,
  type Group,
  groupsOf,
  type Operation,
  operationsOf,
  passwordStatement,
  type Plan,
  quoteLiteral,
  statementOfGroup,
  stepsOf,
} from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { type DatabaseError, databaseError, StatementError } from './errors.ts'
import { type Listener, tell } from './event.ts'
import { inSpan } from './in-span.ts'
import type { Passwords } from './passwords.ts'
import type { Patience } from './patience.ts'
import type { Progress } from './progress.ts'
import { isForbidden } from './retry.ts'
import { Session } from './session.ts'

/** By role: what is sent for its password, which nobody else may see. */
export type Sent = ReadonlyMap<string, string>

const rolesWithNewPasswords = (operations: readonly Operation[]): readonly string[] =>
  operations.flatMap((operation) => (operation.kind === 'setPassword' ? [operation.role] : []))

/** What is sent for the passwords that some operations set. */
export const sentFor = (
  operations: readonly Operation[],
  passwords: Passwords,
  version: number,
): Effect.Effect<Sent> =>
  Effect.map(
    Effect.forEach(
      rolesWithNewPasswords(operations),
      (role) => Effect.promise(async () => [role, await passwords.sent(role, version)] as const),
      { concurrency: 'unbounded' },
    ),
    (entries) => new Map(entries),
  ).pipe(inSpan('pgsr.hash'))

/** How many operations are sent in one message, or a few more where one statement does many. */
const batchSize = 5000

const statementFor = (group: Group, sent: Sent): string => {
  const [first] = group
  return first.kind === 'setPassword'
    ? passwordStatement(first.role, sent.get(first.role)!)
    : statementOfGroup(group as Group<typeof first>)
}

/** Groups that are sent in one message, between two roles that are current before and after it. */
export interface Batch {
  readonly groups: readonly Group[]
  readonly before: string
  readonly after: string
  /** Its statements. */
  readonly text: string
  /** What stands in it for passwords. */
  readonly sent: Sent
}

const textOf = ({ groups, before, after, sent }: Omit<Batch, 'text'>): string => {
  const { steps, last } = stepsOf(groups, before, after)
  const texts = steps.map(({ operations, setRole }) => {
    const statement = statementFor(operations, sent)
    return setRole === undefined ? statement : `${setRole};${statement}`
  })
  return [...texts, ...(last === undefined ? [] : [last])].join(';')
}

const withText = (batch: Omit<Batch, 'text'>): Batch => ({ ...batch, text: textOf(batch) })

/** A message with a password as it is has nothing else in it: what runs beside it, as event triggers do, could read it. */
const hasPassword = ([first]: Group): boolean => first.kind === 'setPassword' && first.hashedBy === 'server'

/** The roles that a server does not let us lock: something in it reserves them. */
export type Unlockable = Set<string>

/**
 * The messages that execute some transactions. The last one ends as the acting role, as which the first one begins.
 * @param unlockable the roles whose locks are left out
 */
export const batchesOf = (
  transactions: Plan['transactions'],
  actingRole: string,
  sent: Sent,
  unlockable: ReadonlySet<string>,
): readonly Batch[] => {
  const groups = groupsOf(
    transactions
      .flat()
      .filter((operation) => operation.kind !== 'lockRole' || !unlockable.has(operation.role)),
  )
  const batches: Group[][] = []
  let size = batchSize
  for (const group of groups) {
    const isAlone = hasPassword(group)
    if (size >= batchSize || isAlone) {
      batches.push([])
      size = 0
    }
    batches.at(-1)!.push(group)
    size = isAlone ? batchSize : size + group.length
  }
  const lastRole = (batch: readonly Group[] | undefined): string => batch?.at(-1)?.[0].as ?? actingRole
  return batches.map((batch, index) => {
    const before = lastRole(batches[index - 1])
    const after = index === batches.length - 1 ? actingRole : lastRole(batch)
    return withText({ groups: batch, before, after, sent })
  })
}

/** Some operations of a batch, as one of their own. */
const partOf = (batch: Batch, from: number, to: number): Batch => {
  const operations = batch.groups.flat()
  const before = from === 0 ? batch.before : operations[from - 1]!.as
  const after = to >= operations.length ? batch.after : operations[to - 1]!.as
  return withText({ ...batch, groups: groupsOf(operations.slice(from, to)), before, after })
}

const halvesOf = (batch: Batch): readonly Batch[] => {
  const count = batch.groups.flat().length
  const middle = Math.ceil(count / 2)
  return [partOf(batch, 0, middle), partOf(batch, middle, count)]
}

const statementsOf = (batch: Batch): readonly Batch[] => {
  let from = 0
  return batch.groups.map(({ length }) => {
    const part = partOf(batch, from, from + length)
    from += length
    return part
  })
}

/**
 * In which parts a batch is sent again, to find what failed, or none where that is found. What took too long must not
 * take so long for each half that it is in.
 */
const partsOf = (batch: Batch, { sqlState }: StatementError): readonly Batch[] => {
  if (sqlState === '57014') return batch.groups.length > 1 ? statementsOf(batch) : []
  return batch.groups.flat().length > 1 ? halvesOf(batch) : []
}

const inWords = ({ groups }: Batch): string => {
  const [first, ...others] = groups.flat()
  return `${describeOperation(first!)}${others.length === 0 ? '' : `, and ${others.length} more like it`}`
}

/** What executing one call is done with. */
export interface Means {
  readonly patience: Patience
  readonly unlockable: Unlockable
  readonly progress: Pick<Progress<unknown>, 'awaits'>
}

interface Trying extends Means {
  readonly attempt: number
}

/** Whether a lock was not to be had in time. */
export const isLockTimeout = ({ sqlState }: StatementError): boolean => sqlState === '55P03'

/** How long each lock of a batch is waited for, while others may already be held, in milliseconds. */
const glance = 50

const sendBatch = (batch: Batch, { patience }: Means, lockTimeout: number) =>
  Effect.flatMap(Session, (session) =>
    session.send(
      [
        'savepoint pgsr_batch',
        `set local lock_timeout = ${lockTimeout}`,
        batch.text,
        // What COMMIT does may wait, too.
        `set local lock_timeout = ${patience.lockTimeout()}`,
        'release savepoint pgsr_batch',
      ].join(';'),
    ),
  ).pipe(Effect.mapError((refused) => withoutSecrets(refused, batch.sent)))

const redacted = '[redacted]'

/** What a server says may quote what it was sent, as it is or as a literal. */
const withoutSecrets = (refused: StatementError, sent: Sent): StatementError => {
  const secrets = [...sent.values()].flatMap((secret) => [quoteLiteral(secret).replace(/^ E/, ''), secret])
  const without = (text: string | undefined): string | undefined =>
    secrets.reduce((rest, secret) => rest?.replaceAll(secret, redacted), text)
  const { message, detail, hint, sqlState } = refused
  const said = { message: without(message)!, detail: without(detail), hint: without(hint), sqlState }
  return sent.size === 0 ? refused : new StatementError(said)
}

const undoBatch = (failed: (refused: StatementError) => DatabaseError, refused: StatementError) =>
  Effect.flatMap(Session, (session) =>
    session.send('rollback to savepoint pgsr_batch').pipe(Effect.mapError(() => failed(refused))),
  )

/** Waits for the lock that one operation needs, as long as is left for that. */
const waitAndExecute = (batch: Batch, trying: Trying, refused: StatementError) =>
  Effect.suspend(() => {
    const { patience, progress, attempt } = trying
    const failed = databaseError(inWords(batch), attempt)
    if (patience.isOver) return Effect.fail(failed(refused))
    progress.awaits = `a lock to ${inWords(batch)}`
    const began = performance.now()
    return sendBatch(batch, trying, patience.lockTimeout()).pipe(
      Effect.ensuring(Effect.sync(() => patience.spend(performance.now() - began))),
      Effect.mapError(failed),
    )
  })

/**
 * Sends a batch as one message. PostgreSQL does not say which statement of a message failed, nor which part of a list; so on
 * an error parts of the batch are sent by themselves, from where it began, until the operation that fails is found. One
 * that needs a lock which somebody else holds is waited for then, and only then for long.
 */
const executeBatch = (
  batch: Batch,
  trying: Trying,
  lockTimeout: number = trying.patience.lockTimeout(glance),
): Effect.Effect<void, DatabaseError, Session> =>
  sendBatch(batch, trying, lockTimeout).pipe(
    Effect.catch((refused) =>
      Effect.gen(function* () {
        const { attempt, patience, unlockable } = trying
        yield* undoBatch(databaseError('execute the plan', attempt), refused)
        if (isLockTimeout(refused)) patience.spend(lockTimeout)
        const parts = partsOf(batch, refused)
        // Which lock it is can be seen at once.
        for (const part of parts) yield* executeBatch(part, trying, isLockTimeout(refused) ? 1 : lockTimeout)
        if (parts.length > 0) return
        const operation = batch.groups[0]![0]
        if (operation.kind === 'lockRole' && isForbidden(refused)) unlockable.add(operation.role)
        else if (isLockTimeout(refused)) yield* waitAndExecute(batch, trying, refused)
        else yield* Effect.fail(databaseError(inWords(batch), attempt)(refused))
      }),
    ),
    Effect.asVoid,
  )

interface Executing extends Trying {
  /** What of the plan is executed now. */
  readonly transactions: Plan['transactions']
  readonly batches: readonly Batch[]
  readonly onEvent: Listener | undefined
  /** What has been executed before. */
  readonly executed: Plan['transactions']
}

/** Executes some of a plan inside the transaction that is open. */
export const execute = Effect.fnUntraced(function* (plan: Plan, executing: Executing) {
  const { transactions, batches, onEvent, executed, unlockable, progress } = executing
  const of = executed.flat().length + operationsOf(plan).length
  const groups = batches.flatMap((batch) => batch.groups)
  const count = groups.reduce((sum, { length }) => sum + length, 0)
  yield* Effect.annotateCurrentSpan({
    'pgsr.operations': count,
    'pgsr.statements': groups.length,
    'pgsr.batches': batches.length,
  })
  // What is left out counts as done.
  let number = executed.flat().length + transactions.flat().length - count
  for (const batch of batches) {
    const operations = batch.groups.flat()
    progress.awaits = `operations ${number + 1} to ${number + operations.length} of ${of}`
    yield* executeBatch(batch, executing)
    for (const operation of operations) {
      number++
      if (operation.kind === 'lockRole' && unlockable.has(operation.role)) continue
      tell(onEvent, { kind: 'executed', operation, number, of })
    }
  }
}, inSpan('pgsr.execute'))
