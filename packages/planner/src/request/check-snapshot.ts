import { InvalidGrantError } from '../model/invalid-grant.ts'
import type { Membership } from '../model/membership.ts'
import type { Mentions, OtherDatabase, Policy, UserMapping } from '../model/mentions.ts'
import type { KnownSetting, RoleProperty } from '../model/role-property.ts'
import type {
  DatabaseObject,
  DefaultPrivileges,
  Role,
  Server,
  Snapshot,
  Unmanaged,
} from '../model/snapshot.ts'
import { isFutureObjects } from '../postgres/default-privileges.ts'
import { isObjectKind } from '../postgres/object-kind.ts'

/** Where in a value something is wrong, from the outside in, and what it should be there. */
interface Wrong {
  readonly path: readonly (string | number)[]
  readonly problem: string
}

/** Says what is wrong with a value; `undefined` if all is well. */
type Shape = (value: unknown) => Wrong | undefined

const wrong = (problem: string): Wrong => ({ path: [], problem })

const within = (part: string | number, { path, problem }: Wrong): Wrong => ({
  path: [part, ...path],
  problem,
})

const is =
  (what: string, test: (value: unknown) => boolean): Shape =>
  (value) =>
    test(value) ? undefined : wrong(`must be ${what}`)

const text = is('a text', (value) => typeof value === 'string')
const number = is('a number', (value) => typeof value === 'number' && Number.isFinite(value))
const flag = is('true or false', (value) => typeof value === 'boolean')

const orNull =
  (shape: Shape): Shape =>
  (value) =>
    value === null ? undefined : shape(value)

const optional =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined ? undefined : shape(value)

const orWord =
  (words: readonly string[], shape: Shape): Shape =>
  (value) =>
    words.includes(value as string) ? undefined : shape(value)

const list =
  (shape: Shape): Shape =>
  (value) => {
    if (!Array.isArray(value)) return wrong('must be an array')
    for (let index = 0; index < value.length; index++) {
      const problem = shape(value[index])
      if (problem !== undefined) return within(index, problem)
    }
    return undefined
  }

/** Checks the given fields of an object. Others are ignored. */
const fields = <T>(shapes: { readonly [Field in keyof Required<T>]: Shape }): Shape => {
  const entries = Object.entries<Shape>(shapes)
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('must be an object')
    for (const [field, shape] of entries) {
      const problem = shape((value as Record<string, unknown>)[field])
      if (problem !== undefined) return within(field, problem)
    }
    return undefined
  }
}

const objectName = fields<Pick<DatabaseObject, 'kind' | 'name'>>({
  kind: is('a kind of object', isObjectKind),
  name: list(text),
})

const acl = list(fields<DatabaseObject['acl'][number]>({ grantee: text, grantor: text, privileges: text }))

const snapshot = fields<Snapshot>({
  format: is('1', (value) => value === 1),
  scope: optional(
    fields<NonNullable<Snapshot['scope']>>({
      desired: list(text),
      roles: list(text),
      objects: list(objectName),
      owned: list(objectName),
      patterns: list(fields<{ kind: unknown; schema: unknown }>({ kind: text, schema: text })),
      defaultsOf: list(text),
      properties: optional(list(text)),
      members: optional(list(text)),
      settings: optional(list(text)),
      absent: optional(list(text)),
      unusedRoles: flag,
      access: optional(
        fields<NonNullable<NonNullable<Snapshot['scope']>['access']>>({
          roles: orWord(['all', 'holders'], list(text)),
          objects: orWord(['all'], list(objectName)),
          besides: optional(list(objectName)),
        }),
      ),
    }),
  ),
  server: fields<Server>({
    version: number,
    database: text,
    databaseOid: text,
    databaseOwner: text,
    createsSchemas: flag,
    actingRole: text,
    sessionRole: text,
    maxLocksPerTransaction: number,
    lockTableSize: number,
    predicateLockTableSize: number,
    bootstrapRole: text,
    largeObjectsForAll: optional(flag),
  }),
  roles: list(
    fields<Role>({
      name: text,
      oid: orNull(text),
      login: flag,
      superuser: flag,
      inherit: flag,
      createRole: flag,
      createDb: flag,
      replication: flag,
      bypassRls: flag,
      validUntil: text,
      elsewhere: number,
      servesOthers: flag,
      administeredByOthers: optional(flag),
      administers: optional(number),
      hasPassword: optional(flag),
      passwordUnchanged: optional(flag),
    }),
  ),
  memberships: list(
    fields<Membership>({ role: text, member: text, grantor: text, admin: flag, inherit: flag, set: flag }),
  ),
  objects: list(
    fields<DatabaseObject>({
      kind: is('a kind of object', isObjectKind),
      name: list(text),
      oid: orNull(text),
      owner: text,
      acl,
      ownerFollows: optional(objectName),
      inert: optional(flag),
      columns: optional(list(text)),
      foreignKey: optional(flag),
      runsCodeWhenOpened: optional(flag),
      wrapper: optional(objectName),
      ownedBySuperusers: optional(flag),
      indexes: optional(number),
      part: optional(flag),
      access: optional(fields<object>({})),
    }),
  ),
  defaultPrivileges: list(
    fields<DefaultPrivileges>({
      owner: text,
      schema: orNull(text),
      on: is('what default privileges are on', isFutureObjects),
      acl,
    }),
  ),
  unmanaged: list(fields<Unmanaged>({ role: text, kind: text, description: text })),
  properties: optional(
    list(
      fields<RoleProperty>({
        role: text,
        property: text,
        setting: optional(text),
        database: optional(text),
        value: text,
      }),
    ),
  ),
  settings: optional(list(fields<KnownSetting>({ setting: text, context: orNull(text), mayBeSet: flag }))),
  mentions: optional(
    fields<Mentions>({
      policies: list(fields<Policy>({ policy: text, table: objectName, owner: text, roles: list(text) })),
      userMappings: list(fields<UserMapping>({ role: text, server: text, owner: text })),
      otherDatabases: list(fields<OtherDatabase>({ role: text, database: text })),
    }),
  ),
  mayBeUnused: optional(list(text)),
})

/**
 * Checks the types of everything in a snapshot.
 * @throws InvalidGrantError with the path of the wrong field
 */
export const checkSnapshot = (given: Snapshot): void => {
  const found = snapshot(given)
  if (found === undefined) return
  const { path, problem } = found
  const where = path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .slice(1)
  throw new InvalidGrantError({
    field: where === '' ? 'snapshot' : where,
    message: `cannot plan: ${where === '' ? 'the snapshot' : `${where} of the snapshot`} ${problem}`,
  })
}
