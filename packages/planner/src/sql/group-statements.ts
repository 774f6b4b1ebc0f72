import type { Operation } from '../model/operation.ts'
import type { ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { append, flat, flatMap, getOrMake, sortedUnique } from '../util/collections.ts'

/** At least one. */
export type Several<T> = readonly [T, ...T[]]

/** Operations that one statement does: GRANT and REVOKE take lists, and act on every combination. */
export type Group<O extends Operation = Operation> = Several<O>

/** The most combinations in one statement: work that is sent in pieces can be cancelled, and shows its progress. */
const mostInStatement = 1000

/** What a statement says about its operations, as values to compare. */
interface Shape<O> {
  /** What it says once; `undefined` if the operation needs a statement of its own. */
  readonly head: (operation: O) => Head | undefined
  /** What it says in lists, for every combination. */
  readonly lists: readonly ((operation: O) => string)[]
  /** Whether adjacent operations may change places even if they need different statements. */
  readonly isUnordered?: (operation: O) => boolean
}

type Of<K extends Operation['kind']> = Extract<Operation, { readonly kind: K }>

/** Changes that ALTER ROLE makes several of at once, as does CREATE ROLE to its new role. */
export type RoleAlteration = Of<'setAttribute' | 'setValidUntil' | 'clearPassword'>

const alteringRole: Shape<RoleAlteration | Of<'createRole'>> = {
  head: ({ role }) => [role],
  lists: [(operation) => (operation.kind === 'setAttribute' ? operation.attribute : operation.kind)],
}

const roleAndMember: Shape<Of<'grantMembership' | 'revokeMembership'>>['lists'] = [
  ({ role }) => role,
  ({ member }) => member,
]

interface OnObject {
  readonly object: ObjectName
  readonly privilege: Privilege
  readonly grantee: string
}

/** A column is named beside its privilege; as the object, the statement names the table. */
const objectGranteePrivilege: readonly ((operation: OnObject) => string)[] = [
  ({ object: { kind, name } }) => (kind === 'column' ? name.slice(0, 2) : name).join('\0'),
  ({ grantee }) => grantee,
  ({ object: { kind, name }, privilege }) => (kind === 'column' ? `${privilege} ${name[2]}` : privilege),
]

/**
 * PostgreSQL looks for one grantor for all privileges of a statement. A role that has the grant option for
 * some of them, and acts in the name of the owner for others, needs different statements.
 */
const isInOwnName = ({ as, grantor }: { readonly as: string; readonly grantor: string }): boolean =>
  as === grantor

const privilegeAndGrantee = [
  ({ privilege }: Of<'grantDefaultPrivilege' | 'revokeDefaultPrivilege'>): string => privilege,
  ({ grantee }: Of<'grantDefaultPrivilege' | 'revokeDefaultPrivilege'>): string => grantee,
] as const

/**
 * The kinds of operation that one statement can do several of. Adjacent operations with the same head do not
 * depend on each other: what a grantor needs is granted or revoked by another.
 */
const shapes: { readonly [K in Operation['kind']]?: Shape<Of<K>> } = {
  createRole: alteringRole,
  dropRole: { head: () => [], lists: [({ role }) => role] },
  setAttribute: alteringRole,
  setValidUntil: alteringRole,
  clearPassword: alteringRole,
  grantMembership: {
    head: ({ grantor, namesGrantor, admin, options }) => [
      grantor,
      namesGrantor,
      admin,
      options?.inherit,
      options?.set,
    ],
    lists: roleAndMember,
    isUnordered: ({ provides, reason }) => provides !== undefined && reason.temporary === undefined,
  },
  // A membership in an ordinary role may be what lets the acting role revoke the next one.
  revokeMembership: {
    head: ({ provides, grantor, option }) => provides && [grantor, option],
    lists: roleAndMember,
  },
  grantPrivilege: {
    head: ({ object, grantable, ...rest }) => [object.kind, grantable, isInOwnName(rest)],
    lists: objectGranteePrivilege,
    isUnordered: ({ reason }) => reason.temporary === undefined,
  },
  revokePrivilege: {
    head: ({ object, grantOptionOnly, ...rest }) => [object.kind, grantOptionOnly, isInOwnName(rest)],
    lists: objectGranteePrivilege,
  },
  grantDefaultPrivilege: {
    head: ({ owner, schema, on, grantable }) => [owner, schema, on, grantable],
    lists: privilegeAndGrantee,
  },
  revokeDefaultPrivilege: {
    head: ({ owner, schema, on, grantOptionOnly }) => [owner, schema, on, grantOptionOnly],
    lists: privilegeAndGrantee,
  },
}

const shapeOf = (operation: Operation): Shape<Operation> | undefined =>
  shapes[operation.kind] as Shape<Operation> | undefined

/** What all operations of a statement have in common. */
type Head = readonly (string | boolean | null | undefined)[]

/** The head of an operation; `undefined` if it needs a statement of its own. */
const headOf = (operation: Operation): Head | undefined => {
  const shape = shapeOf(operation)
  const head = shape?.head(operation)
  if (head === undefined) return undefined
  const { as, reason } = operation
  const kind = shape === alteringRole ? 'alterRole' : operation.kind
  return [kind, as, reason.temporary, ...head]
}

const isSameHead = (one: Head, other: Head): boolean =>
  one.length === other.length && one.every((value, index) => (value ?? null) === (other[index] ?? null))

const partsBy = <T>(all: readonly T[], key: (one: T) => string): readonly (readonly T[])[] => {
  const parts = new Map<string, T[]>()
  for (const one of all) append(parts, key(one), one)
  return [...parts.values()]
}

/** Operations that have a head each, by their heads. Most have that of the one before. */
const partsByHead = (all: readonly Operation[]): readonly (readonly Operation[])[] => {
  const parts = new Map<string, Operation[]>()
  let last: { readonly head: Head; readonly part: Operation[] } | undefined
  for (const one of all) {
    const head = headOf(one)!
    if (last === undefined || !isSameHead(head, last.head))
      last = { head, part: getOrMake(parts, head.join('\0'), () => []) }
    last.part.push(one)
  }
  return [...parts.values()]
}

/** Adjacent operations that can be done in any order. */
interface Run {
  readonly operations: Operation[]
  /** Whether they may have different heads. */
  readonly isUnordered: boolean
}

const runsOf = (operations: readonly Operation[]): readonly Run[] => {
  const runs: Run[] = []
  let last: Head | undefined
  for (const operation of operations) {
    const isUnordered = shapeOf(operation)?.isUnordered?.(operation) === true
    const head = isUnordered ? [operation.kind] : headOf(operation)
    if (head !== undefined && last !== undefined && isSameHead(head, last))
      runs.at(-1)!.operations.push(operation)
    else runs.push({ operations: [operation], isUnordered })
    last = head
  }
  return runs
}

/** Divides what a statement could hold into pieces of bounded size, each with every combination of what it has. */
const inPieces = (bundles: readonly (readonly Operation[])[]): readonly (readonly Operation[])[] => {
  const pieces: Operation[][] = []
  let size = mostInStatement
  for (const bundle of bundles) {
    if (size + bundle.length > mostInStatement) {
      pieces.push([])
      size = 0
    }
    for (const operation of bundle) pieces.at(-1)!.push(operation)
    size += bundle.length
  }
  return pieces
}

/**
 * Divides operations with the same head into statements. For each combination of the other lists, the values of the
 * last list are compared: combinations with the same values share a statement, and count as one for the lists before.
 */
const combinations = (
  bundles: readonly (readonly Operation[])[],
  lists: Shape<Operation>['lists'],
): readonly (readonly Operation[])[] => {
  const last = lists.at(-1)!
  const others = lists.slice(0, -1)
  const [key, ...more] = others
  if (key === undefined) return inPieces(bundles)
  const keyOf = ([first]: readonly Operation[]): string =>
    more.reduce((text, valueOf) => `${text}\0${valueOf(first!)}`, key(first!))
  const alike = partsBy(partsBy(bundles, keyOf), (part) =>
    sortedUnique(part.map(([first]) => last(first!))).join('\0'),
  )
  return flatMap(alike, (parts) =>
    combinations(
      parts.map((part) => flat(part)),
      others,
    ),
  )
}

/**
 * Divides operations into groups, in an order with the same result. Memberships in one role stay together:
 * from 16 on, each GRANT of a role costs a non-superuser much, but more members in its list cost nothing.
 */
export const groupsOf = (operations: readonly Operation[]): readonly Group[] =>
  flatMap(runsOf(operations), ({ operations: run, isUnordered }): readonly (readonly Operation[])[] => {
    const shape = shapeOf(run[0]!)
    if (shape === undefined || run.length === 1) return [run]
    const parts = isUnordered ? partsByHead(run) : [run]
    return flatMap(parts, (part) =>
      combinations(
        part.map((operation) => [operation]),
        shape.lists,
      ),
    )
  }).map((group) => group as Group)
