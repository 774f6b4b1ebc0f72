import { describeName } from '@pgsr/planner/internal'
import { patternIn } from '../grammar/object-text.ts'
import type { ListShape, MapShape, Shape, TextShape, WordShape } from '../grammar/shape.ts'
import { isOtherwiseElsewhere } from '../text/elsewhere.ts'
import {
  type Entry,
  kindText,
  type ListValue,
  type NumberValue,
  type ObjectValue,
  type TextValue,
  type Value,
} from '../text/tree.ts'
import type { Checking } from './checking.ts'
import { checkObject, checkVariants, withEntries } from './check-object.ts'
import { suggestion } from './nearest.ts'

/** The kind of value that a shape takes. */
const kindFor: Readonly<Record<Exclude<Shape['kind'], 'either'>, Value['kind']>> = {
  text: 'text',
  word: 'text',
  flag: 'flag',
  number: 'number',
  null: 'null',
  list: 'list',
  map: 'object',
  object: 'object',
  variants: 'object',
}

const isNameShape = (shape: Shape): boolean =>
  shape.kind === 'either' ? shape.shapes.some(isNameShape) : shape.kind === 'text' && shape.isName === true

const mayBeEmpty = (shape: Shape): boolean =>
  shape.kind === 'map'
    ? shape.isNotEmpty !== true
    : shape.kind === 'object' && !shape.isNotEmpty && !shape.required

const takesFlag = (shape: Shape): boolean =>
  shape.kind === 'either' ? shape.shapes.some(takesFlag) : shape.kind === 'flag'

const scalars: ReadonlySet<Value['kind']> = new Set(['number', 'flag', 'null'])

/** What to say of a value of a kind that cannot be there. */
const otherKind = (value: Value, shape: Shape): string => {
  if (shape.kind === 'object' && shape.insteadOfText !== undefined && value.kind !== 'object')
    return shape.insteadOfText
  const found = value.kind === 'null' ? 'there is nothing' : `this is ${kindText(value)}`
  const hint =
    isNameShape(shape) && scalars.has(value.kind)
      ? '; a name that YAML reads as something else has to be quoted'
      : value.kind === 'null' && mayBeEmpty(shape)
        ? '; write {} for one that has nothing'
        : value.kind === 'text' && takesFlag(shape)
          ? '; only true and false, without quotes, are no texts'
          : ''
  return `expected ${shape.what}, and ${found}${hint}`
}

const expressions = new Map<string, RegExp>()

const matches = (text: string, { pattern }: TextShape): boolean => {
  if (pattern === undefined) return true
  const expression = expressions.get(pattern) ?? new RegExp(pattern, 'u')
  expressions.set(pattern, expression)
  return expression.test(text)
}

/** What is wrong with a name that is written without quotes, and would not be with them. */
const unquotedProblem = (
  { text, plain, goesOn }: TextValue,
  { isName, mayLookLikePattern }: TextShape,
): string | undefined => {
  if (isName !== true || !plain) return undefined
  if (goesOn === true)
    return 'this name goes on in the next line; a dash or a comma may be missing, or quote it'
  if (isOtherwiseElsewhere(text)) return 'quote this name: what reads YAML 1.1 takes it for something else'
  return mayLookLikePattern !== true && patternIn(text) !== undefined
    ? 'a pattern is possible only for tables and other objects in a schema; quote a name that begins and ends with /'
    : undefined
}

const checkText = (value: TextValue, shape: TextShape, { problems }: Checking): Value | undefined => {
  const { text } = value
  const problem =
    unquotedProblem(value, shape) ??
    shape.problem?.(text) ??
    (matches(text, shape) ? undefined : `expected ${shape.what}`)
  return problem === undefined ? value : problems.add(value, problem)
}

const checkWord = (
  value: TextValue,
  { what, words }: WordShape,
  { problems, isSecret }: Checking,
): Value | undefined => {
  if (words.includes(value.text)) return value
  return problems.add(
    value,
    isSecret
      ? `expected ${words.join(' or ')}`
      : `${describeName(value.text)} is not ${what}${suggestion(value.text, words)}`,
  )
}

const checkNumber = (
  value: NumberValue,
  shape: Shape & { readonly kind: 'number' },
  { problems }: Checking,
): Value | undefined => {
  const { number, source } = value
  const { what, whole, minimum = -Infinity, maximum = Infinity } = shape
  if (!Number.isFinite(number))
    return problems.add(value, `expected ${what}, and this is no finite number; quote a text`)
  if ((whole === true && !Number.isInteger(number)) || number < minimum || number > maximum)
    return problems.add(value, `expected ${what}`)
  if (source !== undefined)
    return problems.add(
      value,
      `this is read as the number ${number}; write it so, or quote it if it is a text`,
    )
  return value
}

/** A text that is the same for the same value. */
const keyOf = (value: Value): string => {
  switch (value.kind) {
    case 'text':
      return JSON.stringify(value.text)
    case 'number':
      return String(value.number)
    case 'flag':
      return String(value.flag)
    case 'null':
      return 'null'
    case 'list':
      return `[${value.items.map(keyOf).join()}]`
    case 'object':
      return `{${[...value.entries]
        .map(([key, one]) => `${JSON.stringify(key)}:${keyOf(one.value)}`)
        .sort()
        .join()}}`
  }
}

const checkList = (value: ListValue, shape: ListShape, checking: Checking): Value => {
  const { problems } = checking
  if (shape.isNotEmpty === true && value.items.length === 0)
    problems.add(value, `expected ${shape.what}, and the list is empty; leave it out`)
  const seen = new Set<string>()
  const items: Value[] = []
  for (const item of value.items) {
    const key = shape.mayRepeat === true ? undefined : keyOf(item)
    if (key !== undefined && seen.has(key)) {
      problems.add(item, 'this is there twice')
      continue
    }
    if (key !== undefined) seen.add(key)
    const checked = check(item, shape.of, checking)
    if (checked !== undefined) items.push(checked)
  }
  return { ...value, items }
}

const checkMap = (value: ObjectValue, shape: MapShape, checking: Checking): Value => {
  if (shape.isNotEmpty === true && value.entries.size === 0)
    checking.problems.add(value, `expected ${shape.what}, and there are none`)
  const entries = new Map<string, Entry>()
  for (const [name, { key, value: one }] of value.entries) {
    const isRight = checkText(key, shape.keys, checking) !== undefined
    const checked = check(one, shape.values, checking)
    if (isRight && checked !== undefined) entries.set(name, { key, value: checked })
  }
  return withEntries(value, entries)
}

/**
 * Checks a value against the grammar, and says everything that is wrong with it.
 * @returns the value without what is wrong; `undefined` if nothing of it can be used
 */
export const check = (value: Value, shape: Shape, checking: Checking): Value | undefined => {
  if (shape.kind === 'either') {
    const one = shape.shapes.find(({ kind }) => kindFor[kind] === value.kind)
    return one === undefined
      ? checking.problems.add(value, otherKind(value, shape.shapes.length === 1 ? shape.shapes[0]! : shape))
      : check(value, one, checking)
  }
  if (kindFor[shape.kind] !== value.kind) return checking.problems.add(value, otherKind(value, shape))
  switch (shape.kind) {
    case 'text':
      return checkText(value as TextValue, shape, checking)
    case 'word':
      return checkWord(value as TextValue, shape, checking)
    case 'number':
      return checkNumber(value as NumberValue, shape, checking)
    case 'flag':
      return shape.only === undefined || (value.kind === 'flag' && value.flag === shape.only)
        ? value
        : checking.problems.add(value, `expected ${shape.what}; otherwise leave it out`)
    case 'null':
      return value
    case 'list':
      return checkList(value as ListValue, shape, checking)
    case 'map':
      return checkMap(value as ObjectValue, shape, checking)
    case 'object':
      return checkObject(value as ObjectValue, shape, checking, check)
    case 'variants':
      return checkVariants(value as ObjectValue, shape, checking, check)
  }
}
