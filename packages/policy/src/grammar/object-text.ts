import { type ObjectKind, objectKinds, typeName } from '@pgsr/planner'
import type { Shape, TextShape } from './shape.ts'
import { anyName, name, parameter, problemOfName } from './texts.ts'

/** How the text of an object is written besides its plain name. */
export interface Ways {
  /** `all` may stand for all objects of the kind in the schema. */
  readonly all: boolean
  /** A pattern may stand for the objects whose names it matches. */
  readonly patterns: boolean
}

const aPattern = String.raw`/[\s\S]*/[a-z]*`
const patternText = /^\/([^]*)\/([a-z]*)$/u

/** The source and the flags of a pattern; `undefined` if a text is none. */
export const patternIn = (text: string): { readonly source: string; readonly flags: string } | undefined => {
  const [whole, source = '', flags = ''] = patternText.exec(text) ?? []
  return whole === undefined ? undefined : { source, flags }
}

/** What is wrong with the name of something where a pattern could be: it begins as one does. */
const unendedProblem = (kind: ObjectKind, text: string): string | undefined => {
  if (!text.startsWith('/')) return undefined
  // Patterns match the names of routines without their arguments.
  const source = objectKinds[kind].syntax === 'routine' ? text.replace(/\([^]*$/, '') : text
  const right = source.indexOf('/', 1) < 0 && !source.endsWith('\\') ? `${source}/` : '/^orders_/i'
  return `a pattern begins and ends with a slash, as in ${right}; what has a name that begins with one is named by an object with name`
}

const patternProblem = ({
  source,
  flags,
}: {
  readonly source: string
  readonly flags: string
}): string | undefined => {
  if (/[gy]/.test(flags)) return 'the flags g and y make no sense in a pattern; leave them out'
  try {
    new RegExp(source, flags)
    return undefined
  } catch {
    return 'the pattern is no regular expression of JavaScript'
  }
}

/** Divides what is between parentheses at its commas. Quoted names and modifiers may have commas, too. */
export const argumentsIn = (text: string): readonly string[] => {
  const parts = ['']
  let isQuoted = false
  let depth = 0
  for (const character of text) {
    if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && character === '(') depth++
    else if (!isQuoted && character === ')') depth--
    if (character === ',' && !isQuoted && depth === 0) parts.push('')
    else parts[parts.length - 1] += character
  }
  const trimmed = parts.map((part) => part.trim())
  return trimmed.length === 1 && trimmed[0] === '' ? [] : trimmed
}

/** What is wrong with the types of arguments. */
export const typesProblem = (types: readonly string[]): string | undefined => {
  const wrong = types.find((type) => typeName(type) === undefined)
  return wrong === undefined
    ? undefined
    : `${JSON.stringify(wrong)} is not the name of a type; a type outside of pg_catalog needs its schema`
}

/** The name of a routine and the types of its arguments, written as `total(integer, text)`. */
export const routineIn = (text: string): { readonly name: string; readonly types: readonly string[] } => {
  const start = text.indexOf('(')
  return { name: text.slice(0, start), types: argumentsIn(text.slice(start + 1, -1)) }
}

/** The parts of the text of an object. */
interface Syntax {
  readonly what: string
  readonly pattern: string
  readonly problem: (text: string) => string | undefined
  /** The parts of the name, after the schema. */
  readonly parts: (text: string) => readonly string[]
}

const plain: Syntax = {
  what: 'a name',
  pattern: anyName,
  problem: problemOfName,
  parts: (text) => [text],
}

/** How the text of an object is read, by how statements spell it. */
const syntaxes: Readonly<Record<'routine' | 'operator' | 'for access method', Syntax>> = {
  routine: {
    what: 'a name with the types of its arguments, such as total(integer)',
    pattern: String.raw`[^(\u0000]{1,63}\([^\u0000]*\)`,
    problem: (text) => {
      if (!/^[^(]+\([^]*\)$/.test(text))
        return 'say the types of its arguments in parentheses, () if it has none'
      const routine = routineIn(text)
      return problemOfName(routine.name) ?? typesProblem(routine.types)
    },
    parts: (text) => {
      const routine = routineIn(text)
      return [routine.name, ...routine.types]
    },
  },
  operator: {
    what: 'an operator with the types of its operands, such as +(integer, integer)',
    pattern: String.raw`[+*/<>=~!@#%^&|${'`'}?\-]{1,63}\([^\u0000]*\)`,
    problem: (text) => {
      const { types } = routineIn(text)
      if (types.length !== 2) return 'say the types of both operands, NONE for one that is missing'
      return typesProblem(types.filter((type) => type.toUpperCase() !== 'NONE'))
    },
    parts: (text) => {
      const operator = routineIn(text)
      return [operator.name, ...operator.types]
    },
  },
  'for access method': {
    what: 'a name with its access method, such as text_ops using btree',
    pattern: String.raw`[^\u0000]{1,63} using [^\u0000 ]{1,63}`,
    problem: (text) => {
      const [own = '', method = ''] = usingParts(text)
      return problemOfName(own) ?? problemOfName(method)
    },
    parts: (text) => usingParts(text),
  },
}

const usingParts = (text: string): readonly string[] => {
  const at = text.lastIndexOf(' using ')
  return [text.slice(0, at), text.slice(at + ' using '.length)]
}

const syntaxOf = (kind: ObjectKind): Syntax => {
  const { syntax } = objectKinds[kind]
  return syntax === 'routine' || syntax === 'operator' || syntax === 'for access method'
    ? syntaxes[syntax]
    : plain
}

/** The parts of the name of an object in a schema, without the schema. */
export const partsIn = (kind: ObjectKind, text: string): readonly string[] => syntaxOf(kind).parts(text)

/** The text of an object in a schema. */
export const objectText = (kind: ObjectKind, { all, patterns }: Ways): TextShape => {
  const syntax = syntaxOf(kind)
  const allowed = [
    ...(all ? ['all'] : []),
    ...(patterns ? [aPattern] : []),
    `(?!all$)${patterns ? '(?!/)' : `(?!${aPattern}$)`}${syntax.pattern}`,
  ]
  return {
    kind: 'text',
    what: [...(all ? ['all'] : []), ...(patterns ? ['a pattern such as /^orders_/'] : []), syntax.what].join(
      ', or ',
    ),
    isName: true,
    mayLookLikePattern: true,
    pattern: `^(?:${allowed.join('|')})$`,
    problem: (text) => {
      if (text === 'all')
        return all
          ? undefined
          : 'all stands for itself, outside of a list; write { name: all } for something of that name'
      const pattern = patternIn(text)
      if (pattern === undefined)
        return (patterns ? unendedProblem(kind, text) : undefined) ?? syntax.problem(text)
      return patterns
        ? patternProblem(pattern)
        : 'a pattern cannot stand here; name each object, or write all'
    },
  }
}

/** The text of an object outside of schemas. */
export const outsideSchemas = (kind: ObjectKind): Exclude<Shape, { readonly kind: 'either' | 'list' }> => {
  const { syntax } = objectKinds[kind]
  if (syntax === 'setting') return parameter
  if (syntax === 'oid')
    return {
      kind: 'number',
      what: 'the oid of a large object',
      whole: true,
      minimum: 1,
      maximum: 2 ** 32 - 1,
    }
  return name(`the name of a ${kind}`)
}
