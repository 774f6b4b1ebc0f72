import type { AccessTraits, ObjectKind, PropertyName } from '@pgsr/planner'
import type { RawBuilder } from 'kysely'
import { parse } from 'postgres-array'

/** Reads a value of a row from the text that PostgreSQL sent. */
type Reader<T> = (text: string) => T

const text: Reader<string> = (value) => value
const number: Reader<number> = Number
/** As PostgreSQL sends a boolean, or the text that one is cast to. */
const boolean: Reader<boolean> = (value) => value === 't' || value === 'true'
const accessTraits: Reader<AccessTraits> = (value) => JSON.parse(value) as AccessTraits
/** An array. Most hold nothing that is quoted, and can be split; the library goes through them letter by letter. */
const texts: Reader<readonly string[]> = (value) =>
  /^\{[^"\\{}]+\}$/.test(value) && !value.includes('NULL') ? value.slice(1, -1).split(',') : parse(value)

/** The same, of a value that may be null. */
const orNull = <T>(read: Reader<T>): Reader<T | null> => read

const readOnly = text as Reader<'replica' | 'transaction'>
const kind = text as Reader<ObjectKind>
const property = text as Reader<PropertyName['property']>

/** The attributes of a role. */
const attributes = {
  login: boolean,
  superuser: boolean,
  inherit: boolean,
  createRole: boolean,
  createDb: boolean,
  replication: boolean,
  bypassRls: boolean,
  validUntil: orNull(text),
  servesOthers: boolean,
  administeredByOthers: boolean,
  administers: orNull(number),
} as const

/** By whom a member has a membership, and with which options. */
const options = { grantor: text, admin: boolean, inherit: boolean, set: boolean } as const

/** What the statements answer: lists, and the columns of their rows in order. They are the same in all versions. */
const lists = {
  /** One row. */
  server: {
    version: number,
    database: text,
    databaseOid: text,
    actingRole: orNull(text),
    sessionRole: text,
    bootstrapRole: text,
    databaseOwner: text,
    createsSchemas: boolean,
    maxLocksPerTransaction: number,
    maxPredicateLocksPerTransaction: number,
    maxConnections: number,
    maxPreparedTransactions: number,
    maxWorkerProcesses: number,
    maxAutovacuumWorkers: number,
    maxWalSenders: number,
    readOnly: orNull(readOnly),
    readsPasswords: boolean,
  },
  roles: { name: text, oid: text, ...attributes },
  /** The same, in one row for all roles with the same attributes. */
  rolesAlike: { names: texts, oids: texts, ...attributes },
  memberships: { role: text, member: text, ...options },
  /** The same, in one row for members that are members of the same roles in the same way. */
  membershipsAlike: { roles: texts, members: texts, ...options },
  objects: {
    kind,
    name: texts,
    oid: text,
    owner: text,
    acl: texts,
    follows: orNull(texts),
    inert: orNull(boolean),
    wrapper: orNull(text),
    ownedBySuperusers: boolean,
    indexes: orNull(number),
    columns: orNull(texts),
    foreignKey: orNull(boolean),
    runsCodeWhenOpened: orNull(boolean),
  },
  /** The objects of the usual kinds. */
  usualObjects: { kind, name: texts, oid: text, owner: text, acl: texts },
  defaultPrivileges: { owner: text, schema: orNull(text), on: text, acl: texts },
  unmanaged: { role: text, kind: text, description: text },
  properties: { role: text, property, setting: orNull(text), database: orNull(text), value: text },
  settings: { setting: text, context: orNull(text), mayBeSet: boolean },
  policies: { policy: text, schema: text, table: text, owner: text, roles: texts },
  userMappings: { role: text, server: text, owner: text },
  otherDatabases: { role: text, database: text },
  mayBeUnused: { role: text },
  /** At most one row, for a role that is no superuser: whether roles have to be read that the acting role may reach. */
  reach: { isWider: boolean },
  /** How often tracked roles have something elsewhere, by role, and of which sort they have something here. */
  dependencies: {
    role: orNull(text),
    catalog: text,
    how: text,
    onColumn: boolean,
    count: number,
    /** The oids of what is here, if only what the scope names was read. */
    oids: orNull(texts),
  },
  /** Of the schemas whose objects are to be owned: what belongs to an extension, or was made with a range type. */
  parts: { catalog: text, oid: text },
  /** One row. */
  accessServer: { databaseOwner: text, largeObjectsForAll: boolean },
  /** The objects on which access is explained. */
  accessObjects: {
    kind,
    name: texts,
    oid: text,
    owner: text,
    acl: texts,
    follows: orNull(texts),
    traits: accessTraits,
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Reader<unknown>>>>>

type Lists = typeof lists

export type ListName = keyof Lists

type ColumnName<Name extends ListName> = keyof Lists[Name] & string

/** The SQL of each column of a list. */
export type ColumnsOf<Name extends ListName> = Readonly<Record<ColumnName<Name>, RawBuilder<unknown>>>

/** A row of a list. */
export type RowOf<Name extends ListName> = {
  readonly [Column in keyof Lists[Name]]: Lists[Name][Column] extends Reader<infer T> ? T : never
}

type AnyList = Readonly<Record<string, Reader<unknown>>>

/** The names of the columns of a list, in order. */
export const columnsOf = <Name extends ListName>(list: Name): readonly ColumnName<Name>[] =>
  Object.keys(lists[list]) as ColumnName<Name>[]

/** Maps the rows of a list, of which each one exists only while it is mapped. */
export type Rows<Name extends ListName> = <T>(map: (row: RowOf<Name>) => T) => readonly T[]

/** The rows of a list, from the values of their columns. */
const rowsFrom = <Name extends ListName>(
  list: Name,
  all: readonly (readonly unknown[])[],
  valueOf: (value: unknown, column: number) => unknown,
): Rows<Name> => {
  const columns = columnsOf(list)
  const rowOf = (values: readonly unknown[]): RowOf<Name> => {
    const row: Record<string, unknown> = {}
    for (let index = 0; index < columns.length; index++) row[columns[index]!] = valueOf(values[index], index)
    return row as RowOf<Name>
  }
  return (map) => all.map((values) => map(rowOf(values)))
}

/** The rows of a list that a statement answered as rows. */
export const rowsFromTexts = <Name extends ListName>(
  list: Name,
  rows: readonly (readonly (string | null)[])[],
): Rows<Name> => {
  const readers = Object.values<Reader<unknown>>(lists[list] as AnyList)
  return rowsFrom(list, rows, (value, column) => (value === null ? null : readers[column]!(value as string)))
}

/** The rows of a list that a statement answered as JSON, in which values have their types. */
export const rowsFromJson = <Name extends ListName>(
  list: Name,
  rows: readonly (readonly unknown[])[],
): Rows<Name> => rowsFrom(list, rows, (value) => value)
