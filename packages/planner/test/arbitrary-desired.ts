import {
  type DesiredRole,
  Grant,
  outcomeOf,
  type Plan,
  plan,
  type PlanOptions,
  type Snapshot,
} from '@pgsr/planner'
import fc from 'fast-check'
import { anyName, pick } from './arbitrary-name.ts'
import { anySnapshot } from './arbitrary-snapshot.ts'
import { isIntermediate, objectIn } from './holdings.ts'
import { databaseOwners } from './permission.ts'

const grant = fc.oneof(
  fc.record({
    kind: fc.constant('login' as const),
    validUntil: fc.constantFrom(undefined, '2027-06-30T00:00:00Z', new Date('2030-01-01T00:00:00Z')),
    password: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('privilege' as const), on: fc.nat(), direct: fc.boolean() }),
  fc.record({ kind: fc.constant('privilege' as const), on: fc.nat(), direct: fc.boolean() }),
  fc.record({ kind: fc.constant('membership' as const), of: fc.oneof(fc.nat({ max: 2 }), fc.nat()) }),
  fc.record({ kind: fc.constant('ownership' as const), of: fc.nat() }),
)

type DrawnGrant = typeof grant extends fc.Arbitrary<infer T> ? T : never

const drawn = fc.record({
  snapshot: anySnapshot,
  roles: fc.array(
    fc.record({
      role: fc.oneof(fc.nat({ max: 2 }), fc.nat()),
      grants: fc.array(grant, { maxLength: 5 }),
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
  reassignOwnedTo: fc.option(fc.nat(), { freq: 2 }),
  order: fc.array(fc.nat(), { minLength: 7, maxLength: 7 }),
  seed: fc.constantFrom('seed', ''),
})

type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never

/** Everything that there is to be asked for, and some that there is not. */
const vocabularyOf = ({ objects, roles }: Snapshot, absent: string) => {
  const [schemas, tables] = (['schema', 'table'] as const).map((kind) =>
    objects.flatMap((object) => (object.kind === kind ? [object.name as [string, string]] : [])),
  ) as [[string][], [string, string][]]
  const someSchema = schemas[0]?.[0] ?? absent
  return {
    schemas: [...schemas.map(([schema]) => schema), absent],
    roles: [...roles.map(({ name }) => name), absent, 'pg_absent'].filter((name) => name !== databaseOwners),
    owned: [
      ...schemas.map(([schema]) => Grant.schemaOwnership(schema)),
      ...tables.map(([schema, table]) => Grant.tableOwnership(schema, table)),
      Grant.schemaOwnership(absent),
      Grant.tableOwnership(someSchema, 'no table'),
    ],
    privileges: (options: { direct: boolean }) => [
      Grant.databaseConnect('warehouse', options),
      ...schemas.flatMap(([schema]) => [
        Grant.schemaUsage(schema, options),
        Grant.schemaCreate(schema, options),
        Grant.tableSelect(schema, /^[a-b]/i, options),
        Grant.tableSelect(schema, { source: '[\r\n]|.', flags: 'su' }, options),
      ]),
      ...tables.map(([schema, table]) => Grant.tableSelect(schema, table, options)),
      Grant.databaseConnect('no database', options),
      Grant.schemaUsage(absent, options),
      Grant.tableSelect(absent, /./, options),
      Grant.tableSelect(someSchema, 'no table', options),
    ],
  }
}

/** What was drawn, without what would be an error whatever the server says. */
const desiredFrom = (from: Drawn): DesiredRole[] => {
  const { snapshot, absent } = from
  const { roles, schemas, owned, privileges } = vocabularyOf(snapshot, absent)
  const syncable = roles.filter((name) => !isIntermediate(name) && !/^(postgres$|pg_)/.test(name))
  const chosen = [...new Map(from.roles.map((one) => [pick(syncable, one.role)!, one]))]
  const preservedFor = new Map(
    chosen.map(([role, { preserved }]) => [role, preserved.map((number) => pick(schemas, number)!)]),
  )
  const taken = new Set<string>()
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
      case 'privilege':
        return [pick(privileges({ direct: one.direct }), one.on)!]
      case 'membership': {
        const held = snapshot.memberships.filter(({ member }) => member === chosen[index]![0])
        const role = pick([...new Set(held.map((row) => row.role)), ...roles], one.of)!
        const asked = chosen.findIndex(([name]) => name === role)
        // Of two desired roles only the first may ask for the second: that makes no cycle.
        return isIntermediate(role) || (asked >= 0 && asked <= index) ? [] : [Grant.roleMembership(role)]
      }
      case 'ownership': {
        const ownership = pick(owned, one.of)!
        const key = JSON.stringify(ownership)
        const [schema, table] = ownership.object.name
        if (taken.has(key) || schema!.startsWith('pg_')) return []
        const owner = objectIn(snapshot, ownership.object)?.owner
        const isKept = owner !== undefined && owner !== chosen[index]![0] && table !== undefined
        if (isKept && preservedFor.get(owner)?.includes(schema!)) return []
        taken.add(key)
        return [ownership]
      }
    }
  }
  return chosen.map(([role, { grants }], index) => {
    const [login, ...others] = grants.toSorted(
      (a, b) => Number(b.kind === 'login') - Number(a.kind === 'login'),
    )
    const kept = login === undefined ? [] : [login, ...others.filter(({ kind }) => kind !== 'login')]
    const preserved = preservedFor.get(role)!
    return {
      role,
      grants: kept.flatMap((one) => grantsOf(one, index)),
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
 * An acting role that is no superuser loses what it loses last, since it may need it: what stood in the way of others
 * until then is given by the next plan only.
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
  const { snapshot, order, seed } = from
  const desired = desiredFrom(from).filter(({ role }) => !isNeeded(snapshot, role))
  const others = snapshot.roles
    .map(({ name }) => name)
    .filter((name) => !isIntermediate(name) && desired.every(({ role }) => role !== name))
  const reassignOwnedTo = from.reassignOwnedTo === null ? undefined : pick(others, from.reassignOwnedTo)
  return deepFreeze({
    snapshot: withServesOthers(snapshot, desired),
    desired,
    order,
    options: { seed, allowSelf: true, allowSuperuser: true, ...(reassignOwnedTo && { reassignOwnedTo }) },
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
  fc.assert(fc.property(anyInput, check), { numRuns })

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
  numRuns = 300,
): void =>
  forEveryInput((input) => {
    const made = planOrNothing(input)
    fc.pre(made !== undefined && !cleansIntermediate(made, input.snapshot))
    check(made, outcomeOf(input.snapshot, made), input)
  }, numRuns)
