import { type AclItem, parseAclItem } from '../postgres/acl-item.ts'
import { type FutureObjects, futureObjects } from '../postgres/default-privileges.ts'
import {
  type NameParts,
  objectKey,
  type ObjectKind,
  objectKinds,
  type ObjectName,
  schemaOf,
} from '../postgres/object-kind.ts'
import { formatPrivileges, type Privilege, privilegesSince } from '../postgres/privilege.ts'
import { typeName } from '../postgres/type-name.ts'
import { describeName, describeObject } from './describe.ts'
import { InvalidGrantError } from './invalid-grant.ts'
import type { Membership } from './membership.ts'
import { newRole } from './new-role.ts'
import { checkOptionNames } from './option-names.ts'
import type { DatabaseObject, Role, Server, Snapshot } from './snapshot.ts'
import { onGiven } from './unchecked-input.ts'
import { flatMap } from '../util/collections.ts'

/** The server of a snapshot that is built, as far as a test cares. */
export interface SnapshotOptions {
  /** As in `server_version_num`: 150000 is 15.0. Default: 180000. */
  readonly version?: number
  /** The database. Default: `postgres`. Its owner is by default the acting role. */
  readonly database?: string
  readonly databaseOwner?: string
  /** The role that connects. Default: `postgres`, the bootstrap superuser. Another one has to be added with `role`. */
  readonly actingRole?: string
}

/** Privileges by role. */
type Held = Readonly<Record<string, readonly Privilege[]>>

/** Who has what on an object or on future objects. */
export interface AclOptions {
  /** What the owner has granted, by role; `public` is PUBLIC. */
  readonly privileges?: Held
  /** More items, as PostgreSQL prints them: `analyst=r*w/migrator`. */
  readonly acl?: readonly string[]
}

/** What is special about an object. */
export interface ObjectOptions extends AclOptions, Partial<Omit<DatabaseObject, 'kind' | 'name' | 'acl'>> {}

type Camel<Text extends string> = Text extends `${infer Head}${' ' | '-'}${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Text

/** For each kind of object, a function that adds one by its name. */
type AddObject = {
  readonly [Kind in ObjectKind as Camel<Kind>]: (
    ...given: [...name: NameParts<Kind>, options?: ObjectOptions]
  ) => SnapshotBuilder
}

/** A snapshot, and functions that return a larger one. It does not change. */
export interface SnapshotBuilder extends Snapshot, AddObject {
  /** Adds a role. Roles have to be added before what they own or hold. */
  readonly role: (name: string, attributes?: Partial<Omit<Role, 'name'>>) => SnapshotBuilder
  /** Adds a membership, by default one that a superuser has granted without options. */
  readonly membership: (
    membership: Pick<Membership, 'role' | 'member'> & Partial<Membership>,
  ) => SnapshotBuilder
  /** Adds default privileges. */
  readonly defaultPrivilege: (
    future: AclOptions & { readonly owner: string; readonly schema?: string; readonly on: FutureObjects },
  ) => SnapshotBuilder
}

const bootstrapRole = 'postgres'

const bootstrapAttributes: Partial<Role> = {
  superuser: true,
  login: true,
  createRole: true,
  createDb: true,
  replication: true,
  bypassRls: true,
}

const serverOf = ({
  version = 180000,
  database = 'postgres',
  actingRole = bootstrapRole,
  databaseOwner = actingRole,
}: SnapshotOptions): Server => ({
  version,
  database,
  databaseOid: '16384',
  databaseOwner,
  createsSchemas: actingRole === bootstrapRole || actingRole === databaseOwner,
  actingRole,
  sessionRole: actingRole,
  maxLocksPerTransaction: 64,
  lockTableSize: 8064,
  predicateLockTableSize: 8064,
  bootstrapRole,
})

const roleOf = (name: string, oid: number, attributes: Partial<Role>): Role => ({
  ...newRole(name),
  oid: String(oid),
  ...attributes,
})

/** What PUBLIC has on a new object. */
const toPublic: Readonly<Partial<Record<ObjectKind, readonly Privilege[]>>> = {
  database: ['TEMPORARY', 'CONNECT'],
  function: ['EXECUTE'],
  procedure: ['EXECUTE'],
  type: ['USAGE'],
  language: ['USAGE'],
}

const itemOf = (grantee: string, grantor: string, privileges: readonly Privilege[]): AclItem => ({
  grantee,
  grantor,
  privileges: formatPrivileges(new Map(privileges.map((privilege) => [privilege, false]))),
})

/** What PostgreSQL grants on a new object. */
const usualOn = (kind: ObjectKind, owner: string, version: number): Held => ({
  [owner]: objectKinds[kind].privileges.filter((privilege) => (privilegesSince[privilege] ?? 0) <= version),
  public: toPublic[kind] ?? [],
})

const aclOf = (owner: string, usual: Held, { privileges = {}, acl = [] }: AclOptions): readonly AclItem[] => [
  ...flatMap(Object.entries({ ...usual, ...privileges }), ([grantee, held]) =>
    held.length === 0 ? [] : [itemOf(grantee, owner, held)],
  ),
  ...acl.map(parseAclItem),
]

const refuse = (field: string, problem: string): never => {
  throw new InvalidGrantError({ field, message: `cannot build a snapshot: ${problem}` })
}

/** Whatever is mentioned has to be there, so that a misspelt name in a test is found. */
const checkRoles = ({ roles }: Snapshot, names: readonly string[]): void => {
  for (const name of names)
    if (name !== 'public' && !roles.some((role) => role.name === name))
      refuse('role', `role ${describeName(name)} does not exist; add it before`)
}

const rolesIn = (acl: readonly AclItem[]): readonly string[] =>
  flatMap(acl, ({ grantee, grantor }) => [grantee, grantor])

/** The oids of what is added: they only have to differ. */
const nextOid = ({ roles, objects }: Snapshot): number => 20_000 + roles.length + objects.length

const withObject = (
  before: Snapshot,
  { kind, name }: ObjectName,
  { privileges, acl, owner: givenOwner, ...more }: ObjectOptions,
): Snapshot => {
  const { version } = before.server
  const find = (object: ObjectName): DatabaseObject | undefined =>
    before.objects.find((one) => objectKey(one) === objectKey(object))
  const existing = (object: ObjectName): DatabaseObject =>
    find(object) ?? refuse('name', `${describeObject(object)} does not exist; add it before`)
  if (find({ kind, name }) !== undefined) refuse('name', `${describeObject({ kind, name })} is added twice`)
  const schema = schemaOf({ kind, name })
  if (schema !== undefined) existing({ kind: 'schema', name: [schema] })
  const table: ObjectName | undefined =
    kind === 'column' ? { kind: 'table', name: name.slice(0, 2) } : undefined
  const owner = table === undefined ? (givenOwner ?? bootstrapRole) : existing(table).owner
  const usual = kind === 'column' ? {} : usualOn(kind, owner, version)
  const object: DatabaseObject = {
    kind,
    name,
    oid: String(nextOid(before)),
    owner,
    acl: aclOf(owner, usual, { ...(privileges && { privileges }), ...(acl && { acl }) }),
    ...(table !== undefined && { ownerFollows: table }),
    ...(kind === 'table' && { inert: true }),
    ...more,
  }
  checkRoles(before, [owner, ...rolesIn(object.acl)])
  return { ...before, objects: [...before.objects, object] }
}

const camel = (kind: ObjectKind): string =>
  kind.replaceAll(/[ -](\w)/g, (_, letter: string) => letter.toUpperCase())

/** The name and the options that a function for a kind of object is called with. */
const parsed = (kind: ObjectKind, given: readonly unknown[]): readonly [ObjectName, ObjectOptions] => {
  const { parts, more } = objectKinds[kind]
  const isRoutine = more !== undefined
  const name = parts.map((_, index) => given[index])
  const types: unknown = isRoutine ? given[parts.length] : []
  const all: readonly unknown[] = Array.isArray(types) ? [...name, ...types.map(spelled)] : [undefined]
  if (!all.every((part): part is string => typeof part === 'string'))
    return refuse(
      'name',
      `the name of a ${kind} is ${[...parts, ...(isRoutine ? ['its argument types'] : [])].join(', ')}`,
    )
  const options: unknown = given[parts.length + (isRoutine ? 1 : 0)] ?? {}
  return [{ kind, name: all }, options as ObjectOptions]
}

const spelled = (type: unknown): unknown => (typeof type === 'string' ? (typeName(type) ?? type) : type)

const safely = (work: () => Snapshot): SnapshotBuilder =>
  built(onGiven('snapshot', 'cannot build a snapshot: what was given cannot be read', work))

const built = (from: Snapshot): SnapshotBuilder => {
  const addObject = Object.fromEntries(
    (Object.keys(objectKinds) as ObjectKind[]).map((kind) => [
      camel(kind),
      (...given: readonly unknown[]) => safely(() => withObject(from, ...parsed(kind, given))),
    ]),
  ) as unknown as AddObject
  const add: Omit<SnapshotBuilder, keyof Snapshot> = {
    ...addObject,
    role: (name, attributes = {}) =>
      safely(() => {
        if (from.roles.some((role) => role.name === name))
          refuse('role', `role ${describeName(name)} is added twice`)
        return { ...from, roles: [...from.roles, roleOf(name, nextOid(from), attributes)] }
      }),
    membership: (membership) =>
      safely(() => {
        const row = { grantor: bootstrapRole, admin: false, inherit: true, set: true, ...membership }
        checkRoles(from, [row.role, row.member, row.grantor])
        return { ...from, memberships: [...from.memberships, row] }
      }),
    defaultPrivilege: ({ owner, schema = null, on, ...acls }) =>
      safely(() => {
        const kind = futureObjects[on].become[0]!
        const usual = schema === null ? usualOn(kind, owner, from.server.version) : {}
        const acl = aclOf(owner, usual, acls)
        checkRoles(from, [owner, ...rolesIn(acl)])
        return { ...from, defaultPrivileges: [...from.defaultPrivileges, { owner, schema, on, acl }] }
      }),
  }
  // Only the fields of a snapshot are its own, as `JSON.stringify`, spread and `structuredClone` see it.
  const builder: SnapshotBuilder = Object.assign(Object.create(add) as typeof add, from)
  return Object.freeze(builder)
}

/**
 * Builds a snapshot for a test, step by step: a server with the superuser `postgres`, to which roles and objects are
 * added. It is a snapshot itself after each step.
 * @example
 * ```ts
 * import { Grant, plan, renderSummary, snapshot } from '@pgsr/planner'
 *
 * const warehouse = snapshot()
 *   .role('analyst')
 *   .schema('sales')
 *   .table('sales', 'orders', { privileges: { analyst: ['SELECT', 'DELETE'] } })
 * console.log(renderSummary(plan(warehouse, { role: 'analyst', grants: [Grant.tableSelect('sales', 'orders', { direct: true })] })))
 * ```
 */
export const snapshot = (options: SnapshotOptions = {}): SnapshotBuilder =>
  safely(() => {
    const known = ['version', 'database', 'databaseOwner', 'actingRole']
    checkOptionNames(options, known, 'cannot build a snapshot')
    return {
      format: 1,
      server: serverOf(options),
      roles: [roleOf(bootstrapRole, 10, bootstrapAttributes)],
      memberships: [],
      objects: [],
      defaultPrivileges: [],
      unmanaged: [],
    }
  })
