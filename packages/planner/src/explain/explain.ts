import { Catalog } from '../catalog/catalog.ts'
import { type CatalogObject, objectFrom } from '../catalog/catalog-object.ts'
import { columnsFor } from '../catalog/column.ts'
import { MembershipGraph } from '../catalog/membership-graph.ts'
import { describeName, describeObject } from '../model/describe.ts'
import { UnsupportedServerError } from '../model/errors.ts'
import type {
  AccessQuestion,
  AccessStep,
  ColumnAccess,
  Explanation,
  ExplainOptions,
} from '../model/explanation.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import { isNamed } from '../model/target.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { everybody } from '../postgres/acl-item.ts'
import { Acl } from '../postgres/acl.ts'
import {
  type GrantableKind,
  objectKey,
  objectKinds,
  type ObjectName,
  schemaOf,
} from '../postgres/object-kind.ts'
import { canonicalParameter } from '../postgres/parameter-name.ts'
import { typeName } from '../postgres/type-name.ts'
import { type Privilege, privilegesSince } from '../postgres/privilege.ts'
import { once } from '../util/once.ts'
import { AccessGraph } from './access-graph.ts'
import { notRead, roleNotRead, stepOf, unknownStep } from './steps.ts'
import { flatMap } from '../util/collections.ts'

/** How messages about questions begin. */
export const doing = 'cannot explain access: '

const refuse = (field: string, message: string): never => {
  throw new InvalidGrantError({ field, message: `${doing}${message}` })
}

/** A question about one object. */
export interface NamedQuestion extends Omit<AccessQuestion, 'role'> {
  readonly object: ObjectName<GrantableKind>
}

/** The same object, by the name that the catalogs have: arguments have types in their one spelling. */
export const spelled = ({ kind, name }: ObjectName<GrantableKind>): ObjectName<GrantableKind> => {
  const { parts, more } = objectKinds[kind]
  if (kind === 'parameter') return { kind, name: name.map(canonicalParameter) }
  const types = more === undefined ? name.length : parts.length
  return { kind, name: name.map((part, index) => (index < types ? part : (typeName(part) ?? part))) }
}

/**
 * Checks a question, which has to be about one object.
 * @throws InvalidGrantError, UnsupportedServerError
 */
export const checkedQuestion = (
  version: number,
  { privilege, object }: Omit<AccessQuestion, 'role'>,
): NamedQuestion => {
  if (!isNamed(object) || !Array.isArray(object.name))
    return refuse('object', 'expected one object by its name, not a pattern or all objects of a schema')
  checkQuestion(version, { privilege, object })
  const { kind, name } = object
  const { parts, more } = objectKinds[kind]
  if (name.length < parts.length || (more === undefined && name.length > parts.length))
    refuse('object', `the name of a ${kind} has these parts: ${parts.join(', ')}`)
  return { privilege, object: spelled(object) }
}

/** @throws InvalidGrantError, UnsupportedServerError */
export const checkQuestion = (version: number, { privilege, object }: NamedQuestion): void => {
  const { privileges, since = 0 } = Object.hasOwn(objectKinds, object.kind)
    ? objectKinds[object.kind]
    : refuse('object', 'the object has no kind')
  if (!privileges.includes(privilege))
    refuse(
      'privilege',
      privileges.length === 0
        ? `there are no privileges on ${describeObject(object)}`
        : `there is no privilege ${String(privilege)} on ${describeObject(object)}; expected one of ${privileges.join(', ')}`,
    )
  const first = Math.max(since, privilegesSince[privilege] ?? 0)
  if (version < first)
    throw new UnsupportedServerError(
      `cannot explain access: ${privilege} on ${describeObject(object)} exists from PostgreSQL ${first / 10000} on`,
    )
}

/**
 * Whether an object is read with all others, if it exists. What PostgreSQL itself brings along, parameters and row types are
 * read only if they have an ACL, and temporary objects never.
 */
const isReadWithAll = (object: ObjectName): boolean =>
  object.kind !== 'parameter' && object.kind !== 'type' && !isReadInPart(schemaOf(object) ?? '')

/** Whether only a part of what is in a schema is read, unless it is named. */
export const isReadInPart = (schema: string): boolean =>
  /^(pg_catalog|information_schema|pg_(toast|temp).*)$/.test(schema)

/** A snapshot, indexed to answer questions about access. */
export class AccessWorld {
  readonly catalog: Catalog
  readonly graph: AccessGraph
  readonly #isRead: () => ReadonlySet<string>
  /** All that roles are members of, whatever that is good for. */
  readonly #above = new MembershipGraph((member) =>
    this.catalog.memberships.ofMember(member).map(({ role }) => role),
  )

  constructor(from: Snapshot | Catalog) {
    this.catalog = from instanceof Catalog ? from : new Catalog(from)
    this.graph = new AccessGraph(this.catalog)
    this.#isRead = once(() => {
      const { objects = [], besides = [] } = this.catalog.scope?.access ?? {}
      const named = objects === 'all' ? besides : objects
      return new Set([...named, ...flatMap(named, this.#around)].map(objectKey))
    })
  }

  /** What is read together with an object. */
  readonly #around = (object: ObjectName): readonly ObjectName[] => {
    const schema = schemaOf(object)
    return [
      { kind: 'database', name: [this.catalog.server.database] },
      ...(schema === undefined ? [] : [{ kind: 'schema' as const, name: [schema] }]),
      ...(object.kind === 'column' ? [{ kind: 'table' as const, name: object.name.slice(0, 2) }] : []),
    ]
  }

  /** Why nothing can be said of a role; `undefined` if it can. */
  whyRoleUnknown(role: string): string | undefined {
    const { scope, roles } = this.catalog
    if (role === everybody) return undefined
    if (scope !== undefined) {
      const { access } = scope
      if (access === undefined) return 'the snapshot was not read to explain access'
      if (access.roles === 'holders' && !roles.has(role)) return roleNotRead(role)
      // The acting role is always there, but not all that it is a member of.
      if (Array.isArray(access.roles) && !this.#isReadWith(access.roles, role)) return roleNotRead(role)
    }
    return roles.has(role) ? undefined : refuse('role', `role ${describeName(role)} does not exist`)
  }

  /** Whether a role is one of some, or one that they are members of: all that such a role is a member of is read. */
  #isReadWith(asked: readonly string[], role: string): boolean {
    return asked.some((one) => this.#above.isReachable(one, role))
  }

  /** Whether a snapshot that does not have an object shows that there is none. */
  isKnown(object: ObjectName): boolean {
    const { scope } = this.catalog
    if (scope === undefined) return true
    const objects = scope.access?.objects
    if (objects === undefined) return false
    return (objects === 'all' && isReadWithAll(object)) || this.#isRead().has(objectKey(object))
  }

  /**
   * An object. A column without an ACL of its own has nothing but what its table gives.
   * @returns `undefined` if the snapshot was not read for it
   * @throws InvalidGrantError if it does not exist
   */
  object(name: ObjectName): CatalogObject | undefined {
    const found = this.find(name)
    if (found !== undefined) return found
    if (this.isKnown(name)) refuse('object', `${describeObject(name)} does not exist`)
    return undefined
  }

  /** An object, if the snapshot has it. */
  find(name: ObjectName): CatalogObject | undefined {
    return this.catalog.object(name) ?? this.#columnWithoutAcl(name)
  }

  /** Only columns that have an ACL, or were asked for, are read. */
  #columnWithoutAcl({ kind, name }: ObjectName): CatalogObject | undefined {
    const ownerFollows = { kind: 'table' as const, name: name.slice(0, 2) }
    const table = kind === 'column' ? this.catalog.object(ownerFollows) : undefined
    if (table === undefined || Array.isArray(this.catalog.scope?.access?.objects)) return undefined
    const { owner, oid } = table
    return objectFrom({ kind, name, oid, owner, ownerFollows }, new Acl(), {
      inert: false,
      ownedBySuperusers: false,
    })
  }

  step(role: string, privilege: Privilege, name: ObjectName, most: number): AccessStep {
    const object = this.object(name)
    return object === undefined
      ? unknownStep(name, privilege, notRead(name))
      : stepOf(this.graph, role, privilege, object, most)
  }
}

/** What a role needs besides a privilege on an object, from the outside in. */
export const neededAround = (
  database: string,
  { privilege, object }: NamedQuestion,
): readonly { readonly privilege: Privilege; readonly object: ObjectName }[] => {
  const schema = schemaOf(object)
  if (object.kind === 'database')
    return privilege === 'CONNECT'
      ? []
      : [{ privilege: 'CONNECT', object: { kind: 'database', name: object.name } }]
  if (objectKinds[object.kind].shared === true) return []
  return [
    { privilege: 'CONNECT', object: { kind: 'database', name: [database] } },
    ...(schema === undefined
      ? []
      : [{ privilege: 'USAGE' as const, object: { kind: 'schema' as const, name: [schema] } }]),
  ]
}

const isHeld = ({ verdict }: AccessStep): boolean | null =>
  verdict === 'unknown' ? null : verdict !== 'not granted'

const all = (steps: readonly AccessStep[]): boolean | null => {
  const held = new Set(steps.map(isHeld))
  return held.has(false) ? false : held.has(null) ? null : true
}

/** The columns of a table on which a role has what it does not have on the table. */
const columnAccess = (
  { catalog, graph }: AccessWorld,
  { role, privilege, object }: NamedQuestion & Pick<AccessQuestion, 'role'>,
  most: number,
): readonly ColumnAccess[] =>
  flatMap(columnsFor(catalog, object, privilege), (column) => {
    const { verdict, paths } = stepOf(graph, role, privilege, column, most)
    return verdict === 'not granted' ? [] : [{ column: column.name[2]!, paths }]
  })

/** What an object is in may not be in a snapshot that was made by hand. */
const aroundStep = (
  { graph, catalog }: AccessWorld,
  role: string,
  { privilege, object }: ReturnType<typeof neededAround>[number],
  most: number,
): AccessStep => {
  const found = catalog.object(object)
  return found === undefined
    ? unknownStep(object, privilege, notRead(object))
    : stepOf(graph, role, privilege, found, most)
}

/** The same over a snapshot that is indexed already. */
export const explainIn = (
  world: AccessWorld,
  question: AccessQuestion,
  { paths: most = 100 }: ExplainOptions = {},
): Explanation => {
  const { role } = question
  const { catalog } = world
  const named = checkedQuestion(catalog.server.version, question)
  const { privilege, object } = named
  const why = world.whyRoleUnknown(role)
  const login = role === everybody ? null : (catalog.roles.get(role)?.login ?? null)
  if (why !== undefined)
    return { role, login, around: [], usable: null, ...unknownStep(object, privilege, why) }
  const step = world.step(role, privilege, object, most)
  const around = neededAround(catalog.server.database, named).map((one) => aroundStep(world, role, one, most))
  const columns =
    object.kind === 'table' && step.verdict === 'not granted'
      ? columnAccess(world, { role, privilege, object }, most)
      : []
  return {
    role,
    login,
    ...step,
    around,
    usable: all([step, ...around]),
    ...(columns.length > 0 && { columns }),
  }
}

/**
 * Explains whether a role has a privilege on an object: by which ways, who granted each of them, what ends each of them; or
 * what it lacks. Pure: it takes a snapshot that was read to explain access, or one made by hand.
 *
 * @throws InvalidGrantError if the privilege, the role or the object does not exist
 * @example
 * ```ts
 * import { explainAccess, snapshot, Target } from '@pgsr/planner'
 *
 * const world = snapshot().role('alice').schema('sales').table('sales', 'orders')
 * const { verdict } = explainAccess(world, { role: 'alice', privilege: 'SELECT', object: Target.table('sales', 'orders') })
 * console.log(verdict)
 * ```
 */
export const explainAccess = (
  snapshot: Snapshot,
  question: AccessQuestion,
  options?: ExplainOptions,
): Explanation => explainIn(new AccessWorld(snapshot), question, options)
