import fc from 'fast-check'
import { grammar } from '../../src/grammar/grammar.ts'
import type { ObjectShape, Shape } from '../../src/grammar/shape.ts'

const texts = [
  'a',
  'b',
  'sales',
  'orders',
  'alice',
  'all',
  'public',
  'pg_monitor',
  'owner',
  'readOnly',
  'read',
  '/^a/i',
  '/[/',
  '/a/g',
  'total(integer)',
  'total()',
  'total(no such type!)',
  '+(integer, NONE)',
  '+(integer)',
  'text_ops using btree',
  'work_mem',
  'app.user_id',
  '9',
  '',
  'a\0',
  'a\nb',
  'é'.repeat(40),
  '2027-06-30',
  '2027-02-30',
  '2027-06-30T12:00:00+02:00',
  'infinity',
  'tomorrow',
  'MY_PASSWORD',
  '/run/secrets/x',
  'SELECT',
  'server',
  'self',
  '_pgsr_x',
] as const

const textsFor = (pattern: string | undefined): fc.Arbitrary<string> =>
  fc.constantFrom(...texts.filter((text) => pattern === undefined || new RegExp(pattern, 'u').test(text)))

const objectOf = (
  { keys, required = [], exclusive = [], isNotEmpty }: ObjectShape,
  depth: number,
): fc.Arbitrary<unknown> =>
  fc
    .record(
      Object.fromEntries(
        Object.entries(keys).map(([key, { shape }]) => [
          key,
          (required.includes(key) ? fc.constant(true) : fc.boolean()).chain((isThere) =>
            isThere ? later(shape, depth).map((value) => ({ value })) : fc.constant(undefined),
          ),
        ]),
      ),
    )
    .map((record) => {
      const entries = Object.entries(record).filter(
        ([key, one]) =>
          one !== undefined &&
          !exclusive.some(({ keys: [first, second] }) => key === second && record[first] !== undefined),
      )
      return Object.fromEntries(entries.map(([key, one]) => [key, one!.value]))
    })
    .filter((object) => isNotEmpty !== true || Object.keys(object).length > 0)

/** What is inside of a shape: it is made when it is drawn. */
const later = (shape: Shape, depth: number): fc.Arbitrary<unknown> =>
  fc.constant(undefined).chain(() => arbitraryOf(shape, depth + 1))

/** Values that a shape takes, as far as a schema can say what it takes. */
export const arbitraryOf = (shape: Shape, depth = 0): fc.Arbitrary<unknown> => {
  switch (shape.kind) {
    case 'text':
      return textsFor(shape.pattern)
    case 'word':
      return fc.constantFrom(...shape.words)
    case 'flag':
      return shape.only === undefined ? fc.boolean() : fc.constant(shape.only)
    case 'number':
      return shape.whole === true
        ? fc.integer({ min: Math.max(shape.minimum ?? -5, -5), max: Math.min(shape.maximum ?? 9, 9) })
        : fc.constantFrom(0, 1, -3, 0.25)
    case 'null':
      return fc.constant(null)
    case 'list':
      return fc.uniqueArray(later(shape.of, depth), {
        minLength: shape.isNotEmpty === true ? 1 : 0,
        maxLength: 3,
        selector: (one) => JSON.stringify(one),
      })
    case 'map':
      return fc
        .dictionary(textsFor(shape.keys.pattern), later(shape.values, depth), {
          minKeys: shape.isNotEmpty === true ? 1 : 0,
          maxKeys: 3,
        })
        .map((object) => ({ ...object }))
    case 'object':
      return objectOf(shape, depth)
    case 'variants':
      return fc.oneof(...Object.values(shape.variants).map((one) => objectOf(one, depth)))
    case 'either':
      return fc.oneof(...shape.shapes.map((one) => arbitraryOf(one, depth)))
  }
}

/** Policies that the grammar allows. Some ask for what makes no sense. */
export const rightPolicy: fc.Arbitrary<unknown> = arbitraryOf(grammar)

const anything = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, 1, -2, 0.5, {}, [], 'all', 'SELECT', 'x', '', [[]], {
    a: 1,
  }),
  fc.constantFrom(...texts),
)

const keysOf = (shape: Shape): readonly string[] => {
  switch (shape.kind) {
    case 'object':
      return [...Object.keys(shape.keys), ...Object.values(shape.keys).flatMap((row) => keysOf(row.shape))]
    case 'variants':
      return Object.values(shape.variants).flatMap(keysOf)
    case 'either':
      return shape.shapes.flatMap(keysOf)
    case 'map':
      return keysOf(shape.values)
    case 'list':
      return keysOf(shape.of)
    default:
      return []
  }
}

/** All keys of the grammar, and some others. */
const anyKey = fc.constantFrom(...new Set(keysOf(grammar)), 'memberof', 'table', 'x')

/** A change to one place of a value: which place, and what becomes of it. */
interface Edit {
  readonly steps: readonly number[]
  readonly how: 'replace' | 'remove' | 'rename' | 'add' | 'repeat'
  readonly value: unknown
  readonly key: string
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const edited = (value: unknown, { steps, how, value: other, key }: Edit): unknown => {
  const [step, ...rest] = steps
  const children = Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 0
  if (step !== undefined && children > 0) {
    const at = step % children
    const deeper = rest.length > 0 && step % 5 !== 0
    if (Array.isArray(value)) {
      const list: readonly unknown[] = value
      if (deeper)
        return list.map((one, index) =>
          index === at ? edited(one, { steps: rest, how, value: other, key }) : one,
        )
      if (how === 'remove') return list.filter((_, index) => index !== at)
      if (how === 'repeat') return [...list, list[at]]
      return how === 'add' ? [...list, other] : list.map((one, index) => (index === at ? other : one))
    }
    const entries = Object.entries(value as Readonly<Record<string, unknown>>)
    const change = ([name, one]: [string, unknown]): [string, unknown][] => {
      if (deeper) return [[name, edited(one, { steps: rest, how, value: other, key })]]
      if (how === 'remove') return []
      if (how === 'rename') return [[key, one]]
      return how === 'add'
        ? [
            [name, one],
            [key, other],
          ]
        : [[name, other]]
    }
    return Object.fromEntries(entries.flatMap((entry, index) => (index === at ? change(entry) : [entry])))
  }
  return how === 'add' && isObject(value) ? { ...value, [key]: other } : other
}

const edit: fc.Arbitrary<Edit> = fc.record({
  steps: fc.array(fc.nat({ max: 10_000 }), { minLength: 1, maxLength: 7 }),
  how: fc.constantFrom<Edit['how']>('replace', 'remove', 'rename', 'add', 'repeat'),
  value: anything,
  key: anyKey,
})

/** An object that has two keys which cannot be together, in the place of one that has one of them. */
const withBoth = (value: unknown, shape: Shape): unknown => {
  if (shape.kind === 'either') return shape.shapes.reduce<unknown>((one, part) => withBoth(one, part), value)
  if (Array.isArray(value) && shape.kind === 'list') return value.map((one) => withBoth(one, shape.of))
  if (!isObject(value)) return value
  if (shape.kind === 'map')
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withBoth(one, shape.values)]))
  if (shape.kind === 'variants') {
    const name = Object.keys(shape.variants).find((key) => Object.hasOwn(value, key))
    return name === undefined ? value : withBoth(value, shape.variants[name]!)
  }
  if (shape.kind !== 'object') return value
  const more = (shape.exclusive ?? []).flatMap(({ keys }) => {
    const [first, second] = keys
    const other = Object.hasOwn(value, first) ? second : Object.hasOwn(value, second) ? first : undefined
    return other === undefined
      ? []
      : [[other, fc.sample(later(shape.keys[other]!.shape, 0), { numRuns: 1, seed: 1 })[0]]]
  })
  const inside = Object.entries(value).map(([key, one]) => [
    key,
    Object.hasOwn(shape.keys, key) ? withBoth(one, shape.keys[key]!.shape) : one,
  ])
  return { ...(Object.fromEntries(more) as object), ...(Object.fromEntries(inside) as object) }
}

/** Policies in which something was changed at random, so that most are wrong. */
export const wrongPolicy: fc.Arbitrary<unknown> = fc
  .tuple(rightPolicy, fc.array(edit, { minLength: 1, maxLength: 2 }))
  .map(([policy, edits]) => edits.reduce(edited, policy))

/** Policies that have two keys which cannot be together, where they can. */
export const contradictoryPolicy: fc.Arbitrary<unknown> = rightPolicy.map((policy) =>
  withBoth(policy, grammar),
)
