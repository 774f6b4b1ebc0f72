import { type Problems } from './problems.ts'
import { deepest, type Entry, mostValues, type Path, type Value } from './tree.ts'

/** Whether a value is a plain object, also one of another realm. */
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  Object.prototype.toString.call(value) === '[object Object]'

/**
 * Reads what a module exports. What is undefined is refused: it may come of a misspelt name, and a grant on some columns
 * would become one on all of them.
 */
export const readData = (data: unknown, problems: Problems): Value | undefined => {
  let count = 0
  const read = (value: unknown, path: Path | undefined, depth: number): Value | undefined => {
    const place = { path, offset: undefined }
    const refuse = (message: string): undefined => problems.add(place, message)
    if (++count > mostValues)
      return count === mostValues + 1 ? refuse(`there are more than ${mostValues} values`) : undefined
    if (depth > deepest)
      return refuse(`lists and objects are nested deeper than ${deepest}, or contain themselves`)
    if (value === undefined && path !== undefined)
      return refuse(
        `this is undefined; ${typeof path.step === 'number' ? 'leave it out' : 'leave the key out'}, or give it a value`,
      )
    if (value === null) return { ...place, kind: 'null' }
    if (typeof value === 'string') return { ...place, kind: 'text', text: value, plain: false }
    if (typeof value === 'number') return { ...place, kind: 'number', number: value }
    if (typeof value === 'boolean') return { ...place, kind: 'flag', flag: value }
    if (value instanceof RegExp) return { ...place, kind: 'text', text: String(value), plain: true }
    if (value instanceof Date && !Number.isNaN(value.getTime()))
      return { ...place, kind: 'text', text: value.toISOString(), plain: false }
    if (Array.isArray(value)) {
      const items = Array.from(value as readonly unknown[], (one, index) =>
        read(one, { within: path, step: index }, depth + 1),
      )
      return { ...place, kind: 'list', items: items.filter((item) => item !== undefined) }
    }
    if (!isObject(value))
      return refuse(
        `expected plain data, not ${value === undefined ? 'undefined' : typeof value === 'object' ? 'an object of a class' : `a ${typeof value}`}`,
      )
    const entries = new Map<string, Entry>()
    for (const [key, one] of Object.entries(value)) {
      const inner: Path = { within: path, step: key }
      const read1 = read(one, inner, depth + 1)
      if (read1 !== undefined)
        entries.set(key, {
          key: { kind: 'text', text: key, plain: false, path: inner, offset: undefined },
          value: read1,
        })
    }
    return { ...place, kind: 'object', entries }
  }
  try {
    return read(data, undefined, 0)
  } catch {
    problems.add(
      { path: undefined, offset: undefined },
      'the policy cannot be read: one of its values throws',
    )
    return undefined
  }
}
