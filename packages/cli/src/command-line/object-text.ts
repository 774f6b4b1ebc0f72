import { objectKinds, type GrantableKind, type ObjectName, type Privilege } from '@pgsr/node-postgres'
import { UsageError } from './usage-error.ts'

/** Other words for kinds of object. */
const otherWords: Readonly<Record<string, GrantableKind>> = {
  view: 'table',
  'materialized-view': 'table',
  'foreign-table': 'table',
  aggregate: 'function',
}

/** The kinds that have privileges, by how they are written: `foreign-server`. */
const kinds: ReadonlyMap<string, GrantableKind> = new Map([
  ...Object.entries(objectKinds)
    .filter(([, { privileges }]) => privileges.length > 0)
    .map(([kind]) => [kind.replaceAll(' ', '-'), kind as GrantableKind] as const),
  ...Object.entries(otherWords),
])

/** Divides a text where a character is outside of double quotes and parentheses. */
const divided = (text: string, at: string): readonly string[] => {
  const parts = ['']
  let isQuoted = false
  let depth = 0
  for (const character of text) {
    if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && character === '(') depth++
    else if (!isQuoted && character === ')') depth--
    if (character === at && !isQuoted && depth === 0) parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts
}

const unquoted = (part: string): string => {
  const [, quoted] = /^"((?:[^"]|"")*)"$/.exec(part) ?? []
  return quoted === undefined ? part : quoted.replaceAll('""', '"')
}

/** How the name of an object of a kind is written, for errors. */
const usageOf = (kind: GrantableKind): string => {
  const { parts, more } = objectKinds[kind]
  const name = parts.map((part) => part.toUpperCase().replaceAll(' ', '-')).join('.')
  return `${kind === 'table' ? '' : `${kind.replaceAll(' ', '-')}:`}${name}${more === undefined ? '' : '(TYPE, …)'}`
}

const refuse = (text: string, kind: GrantableKind): never => {
  throw new UsageError(
    `${JSON.stringify(text)} does not name a ${kind}`,
    `it is written ${usageOf(kind)}; pgsr help explain says how all objects are written`,
  )
}

/** The name of a routine, and the types of its arguments. */
const routineIn = (name: string): readonly [name: string, types: readonly string[] | undefined] => {
  const [before = ''] = divided(name.replace(/\(/, '\u0000('), '\u0000')
  if (before === name || !name.endsWith(')')) return [name, undefined]
  const inside = name.slice(before.length + 1, -1)
  return [before, inside.trim() === '' ? [] : divided(inside, ',').map((type) => type.trim())]
}

/**
 * Reads an object as it is written on the command line: `sales.orders`, `schema:sales`, `function:sales.total(integer)`.
 * @throws UsageError
 */
export const objectIn = (text: string): ObjectName<GrantableKind> => {
  const [word = '', ...rest] = divided(text, ':')
  const hasKind = rest.length > 0
  const kind = hasKind ? kinds.get(word) : 'table'
  if (kind === undefined)
    throw new UsageError(
      `${JSON.stringify(word)} is not a kind of object`,
      `there are ${[...kinds.keys()].join(', ')}`,
    )
  const name = hasKind ? text.slice(word.length + 1) : text
  const { parts, more } = objectKinds[kind]
  const [own, types] = more === undefined ? [name, []] : routineIn(name)
  if (types === undefined) return refuse(text, kind)
  const found = parts.length === 1 ? [own] : divided(own, '.')
  if (found.length !== parts.length || found.includes('')) return refuse(text, kind)
  return { kind, name: [...found.map(unquoted), ...types] }
}

/**
 * Reads a privilege, in any case.
 * @throws UsageError
 */
export const privilegeIn = (text: string, { kind }: ObjectName): Privilege => {
  const given = text.toUpperCase()
  const privilege = given === 'TEMP' ? 'TEMPORARY' : given
  const known: readonly string[] = objectKinds[kind].privileges
  if (!known.includes(privilege))
    throw new UsageError(
      `there is no privilege ${JSON.stringify(text)} on a ${kind}`,
      `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`,
    )
  return privilege as Privilege
}
