import fc from 'fast-check'
import {
  type DatabaseObject,
  type DesiredRole,
  type FutureObjects,
  Grant,
  type MembershipOptions,
  type ObjectName,
  outcomeOf,
  type OwnableKind,
  type Plan,
  plan,
  type PlanOptions,
  type Snapshot,
  Target,
} from '@pgsr/planner'
import { objectsOf } from '../support/entitlement.ts'
import { futureKinds, isIntermediate, isShared } from '../support/holdings.ts'
import { databaseOwners } from '../support/permission.ts'
import { privilegesOn } from './acl.ts'
import { anyName, pick } from './name.ts'
import { anySnapshot } from './snapshot.ts'
import { runs } from '../support/runs.ts'

const grantableAttributes = [
  'SUPERUSER',
  'CREATEROLE',
  'CREATEROLE',
  'CREATEDB',
  'REPLICATION',
  'BYPASSRLS',
] as const

const oneIn = (count: number): fc.Arbitrary<boolean> =>
  fc.nat({ max: count - 1 }).map((number) => number === count - 1)

const anyGrant = fc.oneof(
  fc.record({
    kind: fc.constant('login' as const),
    validUntil: fc.constantFrom(undefined, '2027-06-30T00:00:00Z', new Date('2030-01-01T00:00:00Z')),
    password: fc.boolean(),
  }),
  ...[1, 2].map(() =>
    fc.record({
      kind: fc.constant('privilege' as const),
      on: fc.nat(),
      direct: fc.boolean(),
      grantable: oneIn(3),
    }),
  ),
  fc.record({
    kind: fc.constant('membership' as const),
    of: fc.oneof(fc.nat({ max: 2 }), fc.nat()),
    options: fc.constantFrom<MembershipOptions>(
      {},
      {},
      { admin: true },
      { inherit: true },
      { inherit: false },
      { set: false },
      { admin: true, inherit: true, set: true },
    ),
  }),
  fc.record({ kind: fc.constant('attribute' as const), attribute: fc.constantFrom(...grantableAttributes) }),
  fc.record({
    kind: fc.constant('default privilege' as const),
    owner: fc.nat(),
    on: fc.constantFrom(...(Object.keys(futureKinds) as FutureObjects[])),
    schema: fc.option(fc.nat()),
    privilege: fc.nat(),
    grantable: oneIn(3),
  }),
  fc.record({ kind: fc.constant('ownership' as const), of: fc.nat() }),
)

type DrawnGrant = typeof anyGrant extends fc.Arbitrary<infer T> ? T : never

const drawn = fc.record({
  snapshot: anySnapshot,
  roles: fc.array(
    fc.record({
      role: fc.oneof(fc.nat({ max: 2 }), fc.nat()),
      grants: fc.array(anyGrant, { maxLength: 5 }),
      isExternal: oneIn(6),
      preserved: fc.oneof(
        { arbitrary: fc.constant<number[]>([]), weight: 3 },
        { arbitrary: fc.array(fc.nat(), { maxLength: 2 }), weight: 1 },
      ),
    }),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
  absent: anyName,
  keepDependents: oneIn(3),
  createRoles: oneIn(6).map((not) => !not),
  manages: fc.oneof(
    { arbitrary: fc.constant(undefined), weight: 4 },
    { arbitrary: fc.constant({ cluster: false, schemas: undefined }), weight: 1 },
    {
      arbitrary: fc.record({
        cluster: fc.constantFrom(undefined, true, false),
        schemas: fc.array(fc.nat(), { minLength: 1, maxLength: 2 }),
      }),
      weight: 2,
    },
  ),
  reassignOwnedTo: fc.option(fc.nat(), { freq: 2 }),
  order: fc.array(fc.nat(), { minLength: 7, maxLength: 7 }),
  seed: fc.constantFrom('seed', ''),
})

type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never

/** Everything that there is to be asked for, and some that there is not. */
const vocabularyOf = ({ objects, roles, server }: Snapshot, absent: string) => {
  const [schemas, tables] = (['schema', 'table'] as const).map((kind) =>
    objects.flatMap((object) => (object.kind === kind ? [object.name as [string, string]] : [])),
  ) as [[string][], [string, string][]]
  const someSchema = schemas[0]?.[0] ?? absent
  return {
    schemas: [...schemas.map(([schema]) => schema), absent],
    roles: [...roles.map(({ name }) => name), absent, 'pg_absent'].filter((name) => name !== databaseOwners),
    owned: [
      ...schemas.flatMap(([schema]) => [
        Grant.schemaOwnership(schema),
        Grant.ownership(Target.allTables(schema)),
        Grant.ownership(Target.allSequences(schema)),
        Grant.ownership(Target.allFunctions(schema)),
        Grant.ownership(Target.allOperators(schema)),
      ]),
      Grant.ownership(Target.allTypes(absent)),
      ...tables.map(([schema, table]) => Grant.tableOwnership(schema, table)),
      ...objects.flatMap(({ kind, name }) =>
        ['schema', 'table', 'column', 'parameter'].includes(kind)
          ? []
          : [Grant.ownership({ kind, name } as ObjectName<OwnableKind>)],
      ),
      Grant.schemaOwnership(absent),
      Grant.tableOwnership(someSchema, 'no table'),
    ],
    privileges: (options: { direct: true; grantable: boolean } | { direct: false }) => [
      ...objects.flatMap(({ kind, name }) =>
        privilegesOn(kind, server.version).map((privilege) =>
          Grant.privilege({ kind, name } as ObjectName<'table'>, [privilege as 'SELECT'], options),
        ),
      ),
      ...schemas.flatMap(([schema]) => [
        Grant.privilege(Target.table(schema, /./), ['SELECT', 'INSERT'], options),
        Grant.privilege(Target.function(schema, /./), ['EXECUTE'], options),
        Grant.privilege(Target.allTables(schema), ['SELECT', 'DELETE'], options),
        Grant.privilege(Target.allTypes(schema), ['USAGE'], options),
        ...objects.flatMap(({ kind, name }) =>
          kind === 'column' && name[0] === schema
            ? [Grant.privilege(Target.table(schema, /./, { columns: [name[2]!] }), ['SELECT'], options)]
            : [],
        ),
      ]),
      Grant.databaseConnect('warehouse', { direct: options.direct }),
      ...schemas.flatMap(([schema]) => [
        Grant.schemaUsage(schema, { direct: options.direct }),
        Grant.tableSelect(schema, /^[a-b]/i, { direct: options.direct }),
        Grant.tableSelect(schema, { source: '[\r\n]|.', flags: 'su' }, { direct: options.direct }),
      ]),
      Grant.databaseConnect('no database', { direct: options.direct }),
      Grant.schemaUsage(absent, { direct: options.direct }),
      Grant.tableSelect(absent, /./, { direct: options.direct }),
      Grant.tableSelect(someSchema, 'no table', { direct: options.direct }),
    ],
  }
}

/** What was drawn of the limits of a call; `undefined` where there is no schema for it. */
const managesFrom = ({ manages, snapshot }: Drawn): PlanOptions['manages'] => {
  if (manages?.schemas === undefined) return manages && { cluster: manages.cluster }
  const { schemas, cluster } = manages
  const all = snapshot.objects.flatMap(({ kind, name }) => (kind === 'schema' ? [name[0]!] : []))
  if (all.length === 0) return undefined
  return { schemas: schemas.map((number) => pick(all, number)!), ...(cluster !== undefined && { cluster }) }
}

/** Whether a grant is about what is managed. */
const isManaged =
  (manages: PlanOptions['manages']) =>
  (grant: Grant): boolean => {
    if (manages === undefined) return true
    const { schemas, cluster = schemas === undefined } = manages
    if (grant.kind === 'attribute' || grant.kind === 'membership') return cluster
    const includes = (schema: string | null): boolean => schemas?.includes(schema ?? '') ?? true
    if (grant.kind === 'default privilege') return includes(grant.schema)
    const { object } = grant
    if (!('name' in object)) return includes(object.schema)
    if (isShared(object)) return cluster
    return includes(object.kind === 'schema' || object.name.length > 1 ? object.name[0]! : null)
  }

/** What was drawn, without what would be an error whatever the server says. */
const desiredFrom = (from: Drawn): DesiredRole[] => {
  const { snapshot, absent } = from
  const { roles, schemas, owned, privileges } = vocabularyOf(snapshot, absent)
  const syncable = roles.filter((name) => !isIntermediate(name) && !/^(postgres$|pg_)/.test(name))
  const chosen = [...new Map(from.roles.map((one) => [pick(syncable, one.role)!, one]))]
  const existing = schemas.filter((schema) => schema !== absent)
  const preservedFor = new Map(
    chosen.map(([role, { preserved }]) => [
      role,
      existing.length === 0 ? [] : preserved.map((number) => pick(existing, number)!),
    ]),
  )
  const taken = new Set<string>()
  const optionsOf = new Map<string, MembershipOptions>()
  const { version } = snapshot.server
  const ordinary = snapshot.roles.map(({ name }) => name).filter((name) => !isIntermediate(name))
  const grantsOf = (one: DrawnGrant, index: number): DesiredRole['grants'] => {
    switch (one.kind) {
      case 'login': {
        const { validUntil, password } = one
        return [
          Grant.login({
            ...(validUntil && { validUntil }),
            ...(password && { password: 'not in any plan' }),
          }),
        ]
      }
      case 'attribute':
        return [Grant.attribute(one.attribute)]
      case 'privilege': {
        const { direct, grantable } = one
        return [pick(privileges(direct ? { direct, grantable } : { direct }), one.on)!]
      }
      case 'default privilege': {
        const { on, grantable } = one
        const since = { schemas: 100000, 'large objects': 180000 }[on as string] ?? 0
        if (version < since) return []
        const isOutside = on === 'schemas' || on === 'large objects'
        const schema = isOutside || one.schema === null ? undefined : pick(schemas, one.schema)!
        const privilege = pick(privilegesOn(futureKinds[on].become[0]!, version), one.privilege)!
        const owner = pick([...ordinary, ...ordinary, absent], one.owner)!
        return [
          Grant.defaultPrivilege(
            { owner, on, ...(schema !== undefined && { schema }) },
            [privilege as never],
            { grantable },
          ),
        ]
      }
      case 'membership': {
        const isNew = version >= 160000 || (one.options.inherit ?? one.options.set ?? true)
        const options = isNew ? one.options : {}
        const held = snapshot.memberships.filter(({ member }) => member === chosen[index]![0])
        const role = pick([...new Set(held.map((row) => row.role)), ...roles], one.of)!
        const asked = chosen.findIndex(([name]) => name === role)
        // Of two desired roles only the first may ask for the second: that makes no cycle.
        const other = optionsOf.get(JSON.stringify([index, role]))
        if (other !== undefined && (other.inherit !== options.inherit || other.set !== options.set)) return []
        optionsOf.set(JSON.stringify([index, role]), options)
        return isIntermediate(role) || (asked >= 0 && asked <= index)
          ? []
          : [Grant.roleMembership(role, options)]
      }
      case 'ownership': {
        const ownership = pick(owned, one.of)!
        const { object } = ownership
        const schema = 'all' in object ? object.schema : object.name[0]!
        const isInside = 'all' in object || object.name[1] !== undefined
        const all = JSON.stringify([object.kind, isInside && schema])
        const key = 'all' in object ? all : JSON.stringify(ownership)
        if (taken.has(key) || taken.has(all) || schema.startsWith('pg_')) return []
        const keeps = ({ owner }: DatabaseObject): boolean =>
          owner !== chosen[index]![0] && preservedFor.get(owner)?.includes(schema) === true
        if (isInside && objectsOf(ownership, snapshot).some(keeps)) return []
        // What one role is to own is not among all that another is to own.
        if (!('all' in object)) taken.add(`${all} by name`)
        else if (taken.has(`${all} by name`)) return []
        taken.add(key)
        return [ownership]
      }
    }
  }
  return chosen.map(([role, { grants, isExternal }], index) => {
    const [login, ...others] = grants.toSorted(
      (a, b) => Number(b.kind === 'login') - Number(a.kind === 'login'),
    )
    const kept = login === undefined ? [] : [login, ...others.filter(({ kind }) => kind !== 'login')]
    const preserved = preservedFor.get(role)!
    const asked = kept.flatMap((one) => grantsOf(one, index))
    return {
      role,
      grants: asked
        .filter(isManaged(managesFrom(from)))
        .filter(({ kind }) => !isExternal || kind !== 'attribute'),
      ...(isExternal && { external: true }),
      ...(preserved.length > 0 && { preserveExistingGrantsInSchemas: preserved }),
    }
  })
}

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const one of Object.values(value)) deepFreeze(one)
  }
  return value
}

/** What `plan` is called with, frozen: whoever writes to it fails. */
export interface Input {
  readonly snapshot: Snapshot
  readonly desired: readonly DesiredRole[]
  /** Numbers to sort by, for another order. */
  readonly order: readonly number[]
  readonly options: PlanOptions & { readonly seed: string }
}

/**
 * An acting role that is not a superuser loses last what it loses, since it may need it until then. What that stands in
 * the way of, only the next plan gives.
 */
const isNeeded = ({ server: { actingRole }, roles }: Snapshot, name: string): boolean =>
  name === actingRole && roles.some((role) => role.name === name && !role.superuser)

/** Of an intermediate role: whether anybody but desired roles gets something from it, in view or not. */
const withServesOthers = (snapshot: Snapshot, desired: readonly DesiredRole[]): Snapshot => ({
  ...snapshot,
  roles: snapshot.roles.map((one) => ({
    ...one,
    servesOthers:
      one.servesOthers ||
      (isIntermediate(one.name) &&
        snapshot.memberships.some(
          (row) =>
            row.role === one.name &&
            (row.inherit || row.set) &&
            desired.every(({ role }) => role !== row.member),
        )),
  })),
})

const build = (from: Drawn): Input => {
  const { snapshot, order, seed, keepDependents, createRoles } = from
  const manages = managesFrom(from)
  const desired = desiredFrom(from).filter(({ role }) => !isNeeded(snapshot, role))
  const others = snapshot.roles
    .map(({ name }) => name)
    .filter((name) => !isIntermediate(name) && desired.every(({ role }) => role !== name))
  const reassignOwnedTo = from.reassignOwnedTo === null ? undefined : pick(others, from.reassignOwnedTo)
  return deepFreeze({
    snapshot: withServesOthers(snapshot, desired),
    desired,
    order,
    options: {
      seed,
      allowSelf: true,
      allowSuperuser: true,
      keepDependents,
      createRoles,
      ...(manages && { manages }),
      ...(reassignOwnedTo && { reassignOwnedTo }),
    },
  })
}

/** A snapshot and roles that can be synced there. */
export const anyInput: fc.Arbitrary<Input> = drawn.map(build)

const shuffled = <T>(values: readonly T[], order: readonly number[]): T[] =>
  values
    .map((value, index) => ({ value, by: order[index % order.length]! }))
    .toSorted((a, b) => a.by - b.by)
    .map(({ value }) => value)

/** The same desired roles and grants in another order. */
export const reordered = ({ desired, order }: Input): DesiredRole[] =>
  shuffled(
    desired.map(({ grants, ...rest }) => ({ ...rest, grants: shuffled(grants, order) })),
    order,
  )

export const forEveryInput = (check: (input: Input) => void, numRuns: number): void =>
  fc.assert(fc.property(anyInput, check), { numRuns: runs(numRuns) })

/** An intermediate role that stops to own something is trusted by the next plan only. */
const cleansIntermediate = ({ transactions }: Plan, { objects }: Snapshot): boolean =>
  transactions
    .flat()
    .some(
      (operation) =>
        operation.kind === 'setOwner' &&
        objects.some(
          ({ kind, name, owner }) =>
            isIntermediate(owner) &&
            kind === operation.object.kind &&
            name.join('\0') === operation.object.name.join('\0'),
        ),
    )

const planOrNothing = ({ snapshot, desired, options }: Input): Plan | undefined => {
  try {
    return plan(snapshot, desired, options)
  } catch {
    return undefined
  }
}

/** Checks something of the plans for any inputs, and of what they lead to. That there are plans is tested by itself. */
export const forEveryPlan = (
  check: (made: Plan, outcome: Snapshot, input: Input) => void,
  numRuns = 50,
): void =>
  forEveryInput((input) => {
    const made = planOrNothing(input)
    fc.pre(made !== undefined && !cleansIntermediate(made, input.snapshot))
    check(made, outcomeOf(input.snapshot, made), input)
  }, numRuns)
