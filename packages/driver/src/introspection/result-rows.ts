import type { ObjectKind } from '@pgsr/planner'

/** A value of a row, and its type. */
interface Column<T> {
  readonly type?: T
}

const column = <T>(): Column<T> => ({})

/**
 * The lists that the query answers, and the columns of each, in order. `answer.ts` writes arrays in this order, and
 * `readRows` reads them.
 */
export const columns = {
  server: {
    version: column<number>(),
    database: column<string>(),
    databaseOid: column<string>(),
    actingRole: column<string>(),
    sessionRole: column<string>(),
    bootstrapRole: column<string>(),
    databaseOwner: column<string>(),
    createsSchemas: column<boolean>(),
    maxLocksPerTransaction: column<number>(),
    lockTableSize: column<number>(),
    predicateLockTableSize: column<number>(),
    transactionOpen: column<boolean>(),
    readOnly: column<'replica' | 'transaction' | null>(),
    readsPasswords: column<boolean>(),
  },
  roles: {
    name: column<string>(),
    oid: column<string>(),
    login: column<boolean>(),
    superuser: column<boolean>(),
    inherit: column<boolean>(),
    createRole: column<boolean>(),
    createDb: column<boolean>(),
    replication: column<boolean>(),
    bypassRls: column<boolean>(),
    validUntil: column<string>(),
    elsewhere: column<number>(),
    servesOthers: column<boolean>(),
    administeredByOthers: column<boolean>(),
    administers: column<number | null>(),
  },
  memberships: {
    role: column<string>(),
    member: column<string>(),
    grantor: column<string>(),
    admin: column<boolean>(),
    inherit: column<boolean>(),
    set: column<boolean>(),
  },
  objects: {
    kind: column<ObjectKind>(),
    name: column<readonly string[]>(),
    oid: column<string>(),
    owner: column<string>(),
    acl: column<readonly string[]>(),
    follows: column<readonly string[] | null>(),
    inert: column<boolean | null>(),
    wrapper: column<string | null>(),
    ownedBySuperusers: column<boolean>(),
    indexes: column<number | null>(),
    columns: column<readonly string[] | null>(),
    foreignKey: column<boolean | null>(),
    runsCodeWhenOpened: column<boolean | null>(),
  },
  defaultPrivileges: {
    owner: column<string>(),
    schema: column<string | null>(),
    on: column<string>(),
    acl: column<readonly string[]>(),
  },
  unmanaged: {
    role: column<string>(),
    kind: column<string>(),
    description: column<string>(),
  },
  mayBeUnused: {
    role: column<string>(),
  },
} as const

type Columns = typeof columns

/** A list of the answer. */
export type List = keyof Columns

/** A row of a list. */
export type Row<Name extends List> = {
  readonly [Field in keyof Columns[Name]]: Columns[Name][Field] extends Column<infer T> ? T : never
}

/** The rows of each list. The server is a list of one row. */
export type Rows = { readonly [Name in List]: readonly Row<Name>[] }

/** Reads the JSON text that the query answers. */
export const readRows = (text: string): Rows => {
  const lists = JSON.parse(text) as readonly (readonly (readonly unknown[])[])[]
  const rows = Object.entries(columns).map(([name, of], index) => {
    const fields = Object.keys(of)
    const rowOf = (values: readonly unknown[]): object => {
      const row: Record<string, unknown> = {}
      for (const [position, field] of fields.entries()) row[field] = values[position]
      return row
    }
    return [name, lists[index]!.map(rowOf)]
  })
  return Object.fromEntries(rows) as Rows
}
