import { type Operation, type Plan } from '@pgsr/planner'
import {
  flat,
  type Group,
  groupsOf,
  once,
  passwordStatement,
  statementOfGroup,
  stepsOf,
} from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import type { Passwords } from '../passwords/passwords.ts'
import { inSpan } from '../span.ts'

/** What is sent for the password of each role: a secret, which nobody else may see. */
export type SentPasswords = ReadonlyMap<string, string>

/** Hashes the passwords that some operations set. */
export const sentPasswords = (
  operations: readonly Operation[],
  passwords: Passwords,
  version: number,
): Effect.Effect<SentPasswords> => {
  const roles = operations.filter((operation) => operation.kind === 'setPassword').map(({ role }) => role)
  const sent = Effect.promise(() =>
    Promise.all(roles.map(async (role) => [role, await passwords.sent(role, version)] as const)),
  )
  return inSpan('pgsr.hashPasswords')(Effect.map(sent, (entries) => new Map(entries)))
}

/** Groups of operations that are sent in one message. */
export interface Batch {
  readonly groups: readonly Group[]
  /** The current role before the message, and after it. */
  readonly before: string
  readonly after: string
  /** The statements, written when they are first needed. */
  readonly text: () => string
  /** The passwords in the text. */
  readonly sent: SentPasswords
}

/** The number of operations in one message. A statement that does many operations may exceed it. */
const batchSize = 5000

const statementFor = (group: Group, sent: SentPasswords): string => {
  const [first] = group
  return first.kind === 'setPassword'
    ? passwordStatement(first.role, sent.get(first.role)!)
    : statementOfGroup(group as Group<typeof first>)
}

const textOf = ({ groups, before, after, sent }: Omit<Batch, 'text'>): string => {
  const { steps, last } = stepsOf(groups, before, after)
  const texts = steps.map(({ operations, setRole }) => {
    const statement = statementFor(operations, sent)
    return setRole === undefined ? statement : `${setRole};${statement}`
  })
  return [...texts, ...(last === undefined ? [] : [last])].join(';')
}

const withText = (batch: Omit<Batch, 'text'>): Batch => ({ ...batch, text: once(() => textOf(batch)) })

/**
 * A password in plain text is sent in a message of its own: code that runs in the same message, such as event triggers, could
 * read it.
 */
const hasPlainPassword = ([first]: Group): boolean =>
  first.kind === 'setPassword' && first.hashedBy === 'server'

export const operationsIn = ({ groups }: Batch): readonly Operation[] => flat(groups)

/**
 * The messages that execute some transactions. The first one begins as the acting role, and the last one ends as it.
 * @param unlockableRoles the roles that are not locked
 */
export const batchesOf = (
  transactions: Plan['transactions'],
  actingRole: string,
  sent: SentPasswords,
  unlockableRoles: ReadonlySet<string>,
): readonly Batch[] => {
  const groups = groupsOf(
    flat(transactions).filter(
      (operation) => operation.kind !== 'lockRole' || !unlockableRoles.has(operation.role),
    ),
  )
  const batches: Group[][] = []
  let size = batchSize
  for (const group of groups) {
    const isAlone = hasPlainPassword(group)
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

/** The first message is written before its transaction has begun, and each other one while the server executes the one before. */
export const writtenFirst = (batches: readonly Batch[]): readonly Batch[] => {
  batches[0]?.text()
  return batches
}

/** Some operations of a batch, as a batch of their own. */
const partOf = (batch: Batch, from: number, to: number): Batch => {
  const operations = operationsIn(batch)
  const before = from === 0 ? batch.before : operations[from - 1]!.as
  const after = to >= operations.length ? batch.after : operations[to - 1]!.as
  return withText({ ...batch, groups: groupsOf(operations.slice(from, to)), before, after })
}

/** A batch in two halves. */
export const halvesOf = (batch: Batch): readonly Batch[] => {
  const { length } = operationsIn(batch)
  if (length < 2) return []
  const middle = Math.ceil(length / 2)
  return [partOf(batch, 0, middle), partOf(batch, middle, length)]
}

/** A batch in its statements. */
export const statementsOf = (batch: Batch): readonly Batch[] => {
  if (batch.groups.length < 2) return []
  let from = 0
  return batch.groups.map(({ length }) => {
    const part = partOf(batch, from, from + length)
    from += length
    return part
  })
}
