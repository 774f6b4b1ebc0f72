import {
  describeEffect,
  describeGrant,
  describeName,
  describeNameOf,
  describeOperation,
  describeProperty,
  describeProvided,
  describeRequest,
  describeUnmanaged,
} from '../model/describe.ts'
import { isCaretakerName, isDelegateName, isIntermediateName } from '../model/managed-role.ts'
import type { LockRole, Operation, Reason, SetAttribute } from '../model/operation.ts'
import type { Plan } from '../model/plan.ts'
import { sessionsEndedBy } from '../model/request.ts'
import { quoteGivenIdent, quoteIdent } from '../postgres/identifier.ts'
import { type Group, groupsOf } from './group-statements.ts'
import { noSelfGrantStatement, statementOfGroup } from './statement.ts'
import { warningsOf } from './warnings.ts'
import { countIn, flatMap } from '../util/collections.ts'

/** The operations of one statement, with a change of role if the statement before ran as another role. */
export interface Step {
  readonly operations: Group
  /** `SET LOCAL ROLE …`, or `undefined` if the role stays the same. */
  readonly setRole: string | undefined
}

/**
 * Groups of operations with the changes of role that they need.
 * @param before the role that is current before them
 * @param after the role that is to be current after them
 */
export const stepsOf = (
  groups: readonly Group[],
  before: string,
  after: string,
): { readonly steps: readonly Step[]; readonly last: string | undefined } => {
  let current = before
  const become = (role: string): string | undefined => {
    if (role === current) return undefined
    current = role
    return `SET LOCAL ROLE ${quoteIdent(role)}`
  }
  const steps = groups.map((operations) => ({ operations, setRole: become(operations[0].as) }))
  return { steps, last: become(after) }
}

const temporary: Readonly<Record<NonNullable<Reason['temporary']>, string>> = {
  borrow: 'borrowed for this transaction',
  'give back': 'given back',
  lend: 'lent for this transaction',
  'take back': 'taken back',
  pause: 'suspended for this transaction',
  resume: 'restored',
  hold: 'keeps the old owner from granting on the columns while the owner changes',
  'let go': 'restored',
}

const lockedFor: Readonly<Record<LockRole['mode'], string>> = {
  exclusive: 'locks the role: syncs of it in other databases wait until COMMIT',
  share: 'locks the role: nobody drops it before COMMIT',
}

/** The delegate that an operation makes or drops. */
const delegateOf = (operation: Operation): string | undefined => {
  switch (operation.kind) {
    case 'createRole':
    case 'dropRole':
    case 'setAttribute':
      return isDelegateName(operation.role) ? operation.role : undefined
    case 'grantMembership':
      return isDelegateName(operation.role) && operation.member === operation.as ? operation.role : undefined
    default:
      return undefined
  }
}

/** The option of a privilege or membership that is revoked while the rest stays. */
const optionTaken = (operation: Operation): string | undefined => {
  if ('grantOptionOnly' in operation && operation.grantOptionOnly) return 'the grant option'
  return operation.kind === 'revokeMembership' && operation.option !== null
    ? `the ${operation.option} option`
    : undefined
}

/** The role that something is taken from. */
const loserOf = (operation: Operation): string => {
  if (operation.kind === 'revokePrivilege') return operation.grantee
  return operation.kind === 'revokeMembership' ? operation.member : operation.reason.role
}

/** Says what a role loses because no grant asks for it, or that another role had this from it. */
const lossOf = (operation: Operation, provided: string | undefined): string => {
  const { role } = operation.reason
  const who = describeNameOf(role)
  if (loserOf(operation) !== role) return `granted by ${who}, which may no longer grant it`
  const what = operation.kind === 'setOwner' ? 'the ownership' : 'it'
  return `${who}: no grant asks for ${provided ?? optionTaken(operation) ?? what}`
}

const inheritText = ({ value }: SetAttribute): string => (value ? 'INHERIT' : 'NOINHERIT')

/** The kinds of operation that ordinary roles meet only if they should not exist. */
const onlyForAbsent: ReadonlySet<Operation['kind']> = new Set([
  'dropRole',
  'setPolicyRoles',
  'dropPolicy',
  'dropUserMapping',
])

/** A statement as it is, or escaped if a name in it could end the comment or mislead. */
const inComment = (statement: string): string => {
  const escaped = describeName(statement)
  return escaped === JSON.stringify(statement) && !/\p{Cc}/u.test(statement) ? statement : escaped
}

/** Why an operation is done, and for an intermediate role, what it gives. */
const commentOn = (operation: Operation): string => {
  const { kind, reason } = operation
  const who = describeNameOf(reason.role)
  if (kind === 'lockRole') return lockedFor[operation.mode]
  const provided =
    'provides' in operation && operation.provides ? describeProvided(operation.provides) : undefined
  const delegate = delegateOf(operation)
  if (delegate !== undefined)
    return kind === 'dropRole'
      ? `${describeName(delegate)} administers nothing any more`
      : `administers intermediate roles for ${describeName(operation.as)}`
  if (reason.keeps === reason.role) return `${who} keeps what goes with the privilege on the table`
  if (reason.keeps !== undefined) return `${describeNameOf(reason.keeps)} keeps what ${who} had passed on`
  if (reason.temporary !== undefined) return `${who}: ${temporary[reason.temporary]}`
  if ('role' in operation && isCaretakerName(operation.role) && kind === 'createRole')
    return `owns what ${who} loses, and can do nothing else`
  if (isCaretakerName(reason.role)) return `${who} owns nothing any more`
  if (kind === 'grantPrivilege' && isCaretakerName(operation.grantee))
    return 'foreign keys are checked as the owner of the table that is read'
  if (isIntermediateName(reason.role))
    return kind === 'dropRole' ? `nothing needs ${who} any more` : `nobody is a member of ${who}`
  if (onlyForAbsent.has(kind)) return `${who} should not exist`
  if (reason.again === true && kind === 'revokePrivilege')
    return `${who}: granted by ${describeName(operation.grantor)}, granted again by the owner`
  if (kind === 'setProperty')
    return `${who}: ${operation.value === null ? 'nothing asks for the ' : ''}${describeProperty(operation)}`
  if (kind === 'setAttribute' && operation.attribute === 'INHERIT') return `${who}: ${inheritText(operation)}`
  if (reason.grant === null && kind !== 'createRole') return lossOf(operation, provided)
  if (provided !== undefined) return `${who}: ${provided}`
  if (kind === 'createRole') return `${describeName(operation.role)} does not exist`
  return `${who}: ${describeGrant(reason.grant!)}`
}

/** A statement with its comments: a single one beside it, several above it. */
const renderStep = ({ operations, setRole }: Step): readonly string[] => {
  const become = setRole === undefined ? [] : [`${setRole};`]
  const [first] = operations
  if (first.kind === 'setPassword')
    return [...become, `-- here pgsr ${describeOperation(first).replace(/^set /, 'sets ')}`]
  const statement = `${statementOfGroup(operations as Group<typeof first>)};`
  const comments = [...new Set(operations.map(commentOn))]
  return comments.length === 1
    ? [...become, `${statement}  -- ${comments[0]}`]
    : [...become, ...comments.map((comment) => `-- ${comment}`), statement]
}

export interface RenderOptions {
  /** The key of the advisory lock, as given to `syncRoles`. Default: 1. */
  readonly lockKey?: bigint | number
  /** The role to act as, if one was given to `planRoles`. Default: the current role of whoever runs the script. */
  readonly actAs?: string
}

const renderTransaction = (
  operations: readonly Operation[],
  actingRole: string,
  { lockKey = 1, actAs }: RenderOptions,
): string => {
  const { steps, last } = stepsOf(groupsOf(operations), actingRole, actingRole)
  const createsRoles = operations.some(({ kind }) => kind === 'createRole')
  return [
    'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;',
    "SET LOCAL client_encoding = 'UTF8';",
    'SET LOCAL search_path = pg_catalog, pg_temp;',
    ...(actAs === undefined ? [] : [`SET LOCAL ROLE ${quoteGivenIdent(actAs)};`]),
    `SELECT pg_catalog.pg_advisory_xact_lock(${lockKey});`,
    ...(createsRoles ? [`${noSelfGrantStatement};`] : []),
    ...flatMap(steps, renderStep),
    ...(last === undefined ? [] : [`${last};`]),
    'COMMIT;',
  ].join('\n')
}

const renderFindings = (plan: Plan): readonly string[] => {
  const { request, effects, skipped, residue, kept, throughPublic, unmanaged } = plan
  return [
    ...warningsOf(plan).map((warning) => `-- WARNING: ${warning}`),
    ...effects.map((effect) => `-- effect: ${describeEffect(effect)}`),
    ...sessionsEndedBy(request).map(
      (role) => `-- after COMMIT pgsr ends the sessions of role ${describeName(role)}`,
    ),
    ...skipped.map(({ message }) => `-- skipped: ${message}`),
    ...residue.map(
      ({ message, statement, by }) => `-- residue: ${message}; to end it: ${inComment(statement)}, by ${by}`,
    ),
    ...kept.map(({ message }) => `-- kept: ${message}`),
    ...throughPublic.map(({ message }) => `-- only through PUBLIC: ${message}`),
    ...unmanaged.map((one) => `-- unmanaged: ${describeUnmanaged(one)}`),
  ]
}

/** A plan as a script that psql can run as it is. The script takes the same lock as pgsr, and contains no passwords. */
export const renderSql = (plan: Plan, options: RenderOptions = {}): string => {
  const { lockKey = 1 } = options
  if (typeof lockKey !== 'bigint' && !Number.isSafeInteger(lockKey))
    throw new RangeError('cannot render the plan: lockKey must be a whole number')
  if (!Array.isArray((plan as Partial<Plan>).transactions))
    throw new TypeError(
      'cannot render: this is not a plan; was the await forgotten, or is the plan in the field plan?',
    )
  const { request, transactions, actingRole } = plan
  const count = countIn(transactions)
  const title =
    count === 0
      ? 'nothing to do'
      : `${count} operation${count === 1 ? '' : 's'}, run as ${describeName(actingRole)}`
  return [
    [`-- pgsr ${describeRequest(request)}: ${title}`, ...renderFindings(plan)].join('\n'),
    ...transactions.map((operations) => renderTransaction(operations, actingRole, options)),
    '',
  ].join('\n')
}
