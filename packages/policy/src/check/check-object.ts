import { describeName } from '@pgsr/planner/internal'
import type { ObjectShape, Shape, VariantsShape } from '../grammar/shape.ts'
import type { Entry, ObjectValue, Value } from '../text/tree.ts'
import type { Checking } from './checking.ts'
import { nearest, suggestion } from './nearest.ts'

type Check = (value: Value, shape: Shape, checking: Checking) => Value | undefined

/** What to say of a key that is not known. Within a secret, it is not repeated. */
const unknownKey = (
  key: string,
  known: readonly string[],
  instead: Readonly<Record<string, string>>,
  isSecret: boolean,
): string => {
  const near = nearest(key, known)
  if (isSecret && near === undefined) return `unknown key; expected one of ${known.join(', ')}`
  const other = Object.hasOwn(instead, key) ? instead[key] : undefined
  return `unknown key ${describeName(key)}${other === undefined ? suggestion(key, known) : `; write ${other}`}`
}

/** The place of a key. The path of one that may be a secret ends before it. */
const placeOf = ({ key }: Entry, isSecret: boolean): Pick<Value, 'path' | 'offset'> =>
  isSecret ? { path: key.path?.within, offset: key.offset } : key

/** An object with these of its entries: the same one if all of them are as they were. */
export const withEntries = (value: ObjectValue, entries: ReadonlyMap<string, Entry>): ObjectValue => {
  let isSame = entries.size === value.entries.size
  for (const [name, { value: one }] of entries) isSame &&= value.entries.get(name)!.value === one
  return isSame ? value : { ...value, entries }
}

export const checkObject = (
  value: ObjectValue,
  shape: ObjectShape,
  { problems, ...outside }: Checking,
  check: Check,
): Value => {
  const isSecret = outside.isSecret || shape.isSecret === true
  const checking: Checking = { problems, isSecret }
  const known = Object.keys(shape.keys)
  const entries = new Map<string, Entry>()
  const misspelt = new Set<string>()
  for (const [name, entry] of value.entries) {
    if (Object.hasOwn(shape.keys, name)) {
      const checked = check(entry.value, shape.keys[name]!.shape, checking)
      if (checked !== undefined) entries.set(name, { key: entry.key, value: checked })
      continue
    }
    const free = known.filter((key) => !value.entries.has(key))
    const near = nearest(name, free)
    if (near !== undefined) misspelt.add(near)
    problems.add(
      placeOf(entry, isSecret),
      unknownKey(name, near === undefined ? known : free, shape.instead ?? {}, isSecret),
    )
  }
  for (const key of shape.required ?? [])
    if (!value.entries.has(key) && !misspelt.has(key))
      problems.add(value, `${key} is missing in ${shape.what}`)
  if (shape.isNotEmpty === true && value.entries.size === 0)
    problems.add(value, `expected ${shape.what}, and it is empty`)
  for (const { keys, message } of shape.exclusive ?? []) {
    const both = keys.map((key) => value.entries.get(key)?.key)
    if (both[0] !== undefined && both[1] !== undefined) problems.add(both[1], message)
  }
  return withEntries(value, entries)
}

export const checkVariants = (
  value: ObjectValue,
  { variants, what }: VariantsShape,
  checking: Checking,
  check: Check,
): Value | undefined => {
  const { problems, isSecret } = checking
  const names = Object.keys(variants)
  const meant = names.filter((name) => value.entries.has(name))
  const [first] = meant
  if (first !== undefined) {
    const { keys } = variants[first]!
    const others = meant.filter((name) => !Object.hasOwn(keys, name))
    for (const other of others)
      problems.add(
        value.entries.get(other)!.key,
        `${first} and ${other} cannot be in ${what} together; make it two`,
      )
    const entries = new Map([...value.entries].filter(([name]) => !others.includes(name)))
    return checkObject({ ...value, entries }, variants[first]!, checking, check)
  }
  const known = [...new Set(Object.values(variants).flatMap(({ keys }) => Object.keys(keys)))]
  const unknown = [...value.entries].filter(([name]) => !known.includes(name))
  for (const [name, entry] of unknown)
    problems.add(placeOf(entry, isSecret), unknownKey(name, known, {}, isSecret))
  if (unknown.length === 0)
    problems.add(value, `what it is about is missing in ${what}: one of ${names.join(', ')}`)
  return undefined
}
