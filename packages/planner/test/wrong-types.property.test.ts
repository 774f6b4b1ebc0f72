import * as planner from '@pgsr/planner'
import * as internal from '@pgsr/planner/internal'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { membership, object, role, snapshot } from './support/build-snapshot.ts'
import { runs } from './support/runs.ts'

const { access, Grant, Target } = planner

const no = (): never => {
  throw new Error('nobody can read this')
}

const revoked = (): unknown => {
  const { proxy, revoke } = Proxy.revocable([], {})
  revoke()
  return proxy
}

/** Values that cannot be read, printed or compared. */
const unreadable: readonly unknown[] = [
  Object.defineProperty({}, 'role', { enumerable: true, get: no }),
  Object.defineProperty({ role: 'r' }, 'grants', { enumerable: true, get: no }),
  Object.defineProperty({}, 'password', { enumerable: true, get: no }),
  new Proxy({}, { get: no, has: no, ownKeys: no }),
  revoked(),
  Object.create(null),
  Object.create(Date.prototype),
  Symbol('s'),
  () => undefined,
  new Proxy([], { get: (_, name) => (name === 'length' ? 1 : no()) }),
]

/** In a box: what tries inputs would look into them. */
const anything: fc.Arbitrary<() => unknown> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .anything({
        maxDepth: 2,
        withBigInt: true,
        withDate: true,
        withMap: true,
        withNullPrototype: true,
        withSparseArray: true,
        withTypedArray: true,
      })
      .map((value) => () => value),
  },
  { weight: 1, arbitrary: fc.nat(unreadable.length - 1).map((index) => () => unreadable[index]) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<unknown>(null, undefined, '', 's', 0, Number.NaN, [], {}, ['s'], [null], true)
      .map((value) => () => value),
  },
)

/** Whatever is thrown says by itself what was wrong, and not in the words of an engine. */
const expectTagged = (work: () => unknown): void => {
  try {
    work()
  } catch (error) {
    if (typeof (error as { readonly _tag?: unknown })._tag !== 'string') throw error
    const { message } = error as Error
    expect(message).not.toMatch(
      /is not (a function|iterable|defined)|cannot (read prop|convert)|nobody can read/i,
    )
  }
}

type AnyFunction = (...given: readonly unknown[]) => unknown

const isFunction = (value: unknown): value is AnyFunction => typeof value === 'function'

/** A class is called with `new`, and what it makes holds what it was given. */
const isClass = (value: AnyFunction): boolean => Function.prototype.toString.call(value).startsWith('class')

const functionsIn = (all: object): [name: string, call: AnyFunction][] =>
  Object.entries(all).filter(
    (entry): entry is [string, AnyFunction] => isFunction(entry[1]) && !isClass(entry[1]),
  )

describe('given anything', () => {
  test.for([...functionsIn(planner), ...functionsIn(Grant), ...functionsIn(Target), ...functionsIn(access)])(
    '%s says what is wrong with it',
    ([, call]) =>
      fc.assert(
        fc.property(fc.array(anything, { maxLength: 4 }), (given) =>
          expectTagged(() => call(...given.map((one) => one()))),
        ),
        { numRuns: runs(50) },
      ),
  )

  test.for([...functionsIn(Grant), ...functionsIn(Target)])(
    'what %s returns is refused with a reason, or is a valid grant',
    ([, call]) =>
      fc.assert(
        fc.property(
          fc.array(
            fc.oneof(
              anything,
              fc.constant(() => 's'),
            ),
            { maxLength: 4 },
          ),
          (given) =>
            expectTagged(() =>
              internal.requestOf(
                { role: 'r', grants: [call(...given.map((one) => one())) as planner.Grant] },
                { seed: '' },
              ),
            ),
        ),
        { numRuns: runs(50) },
      ),
  )
})

const before = snapshot({
  roles: [role('r', { login: true }), role('g'), role('_pgsr_local_16384_table_select_01234567')],
  memberships: [membership('r', 'g'), membership('r', '_pgsr_local_16384_table_select_01234567')],
  objects: [
    object('schema', ['s'], 'owner', { 'r/owner': 'U' }),
    object('table', ['s', 't'], 'owner', {
      '_pgsr_local_16384_table_select_01234567/owner': 'r',
      'r/owner': 'a*',
    }),
    object('column', ['s', 't', 'c'], 'owner', { 'g/r': 'a' }),
    object('table', ['s', 'mine'], 'r'),
    object('function', ['s', 'f', 'integer'], 'owner', { 'r/owner': 'X' }),
  ],
  defaultPrivileges: [
    { owner: 'owner', schema: 's', on: 'tables', acl: [{ grantee: 'r', grantor: 'owner', privileges: 'r' }] },
  ],
  unmanaged: [{ role: 'r', kind: 'settings', description: 'work_mem' }],
})

const desired: readonly planner.DesiredRole[] = [
  {
    role: 'r',
    grants: [
      Grant.login({ validUntil: '2027-06-30T00:00:00Z' }),
      Grant.tableSelect('s', /t/),
      Grant.privilege(Target.table('s', 't', { columns: ['c'] }), ['UPDATE'], {
        direct: true,
        grantable: true,
      }),
      Grant.roleMembership('new', { admin: true }),
      Grant.ownership(Target.function('s', 'f', ['integer'])),
      Grant.defaultPrivilege({ owner: 'g', on: 'tables' }, ['SELECT']),
    ],
  },
  { role: 'g', grants: [Grant.schemaOwnership('made')], preserveExistingGrantsInSchemas: ['s'] },
]

const made = planner.plan(before, desired, { seed: '' })

const isTree = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** The same with another value in one place. */
const spoiled = (value: unknown, place: readonly number[], other: unknown): unknown => {
  const keys = isTree(value) ? Object.keys(value) : []
  const [first, ...rest] = place
  if (!isTree(value) || keys.length === 0 || first === undefined) return other
  const key = keys[first % keys.length]!
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...value] as never) : { ...value }
  copy[key] = spoiled(value[key], rest, other)
  return copy
}

const place = fc.array(fc.nat(20), { maxLength: 6 })

describe('given input with one value of the wrong type', () => {
  const scenes: Readonly<Record<string, (spoil: <T>(value: T) => T) => unknown>> = {
    'desired roles': (spoil) => planner.plan(before, spoil(desired), { seed: '' }),
    options: (spoil) =>
      planner.plan(
        before,
        desired,
        spoil({ seed: '', allowSelf: true, manages: { schemas: ['s'], cluster: true } }),
      ),
    'a snapshot': (spoil) => planner.plan(spoil(before), desired, { seed: '' }),
    'a snapshot for a checked request': (spoil) => internal.planRequest(spoil(before), made.request),
    'a request': (spoil) => internal.planRequest(before, spoil(made.request)),
    'a snapshot for unused roles': (spoil) => planner.planDrop(spoil(before)),
    'a snapshot for an outcome': (spoil) => planner.outcomeOf(spoil(before), made),
    'a plan for an outcome': (spoil) => planner.outcomeOf(before, spoil(made)),
    'a plan for a script': (spoil) => planner.renderSql(spoil(made)),
    'a plan for JSON': (spoil) => planner.renderJson(spoil(made)),
    'a plan to read': (spoil) => planner.parsePlan(spoil(made)),
    'the JSON of a plan': (spoil) =>
      planner.parsePlan(spoil(JSON.parse(planner.renderJson(made)) as planner.Plan)),
    'a plan for its scope': (spoil) => planner.scopeOf(spoil(made)),
    'a plan for a comparison': (spoil) => planner.planDifferenceOf(made, spoil(made)),
  }
  test.for(Object.entries(scenes))('%s: refused with a reason, or accepted', ([, use]) =>
    fc.assert(
      fc.property(place, anything, (at, other) =>
        expectTagged(() => use(<T>(value: T) => spoiled(value, at, other()) as T)),
      ),
      { numRuns: runs(130) },
    ),
  )
})
