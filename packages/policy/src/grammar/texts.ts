import { isIntermediateName } from '@pgsr/planner'
import { nameProblem } from '@pgsr/planner/internal'
import type { TextShape } from './shape.ts'

// Each pattern holds for a text as a whole, with the flag u, as JSON Schema has it.

export const anyName: string = String.raw`[^\u0000]{1,63}`

/** What the planner says of a name. */
export const problemOfName = (name: string): string | undefined => {
  const problem = nameProblem(name)
  return problem === undefined ? undefined : `the name ${problem}`
}

export const name = (what: string): TextShape => ({
  kind: 'text',
  what,
  isName: true,
  pattern: `^${anyName}$`,
  problem: problemOfName,
})

/** A role that a policy can give something to. */
export const desiredRole: TextShape = {
  kind: 'text',
  what: 'the name of a role',
  isName: true,
  pattern: `^(?!pg_)(?!(?:public|none)$)${anyName}$`,
  problem: (text) => {
    if (text.startsWith('pg_')) return 'the name is reserved: the prefix pg_ is PostgreSQL’s own'
    if (text === 'public') return 'public is no role; what everybody has is said at public, beside roles'
    if (text === 'none') return 'no role can have the name none'
    if (isIntermediateName(text)) return 'the name is that of an intermediate role of pgsr'
    return problemOfName(text)
  },
}

/** A role that is there, also one of PostgreSQL’s own. */
export const knownRole: TextShape = {
  ...desiredRole,
  pattern: `^(?!(?:public|none)$)${anyName}$`,
  problem: (text) => (text.startsWith('pg_') ? problemOfName(text) : desiredRole.problem?.(text)),
}

/** A schema that a role can own. */
export const ownedSchema: TextShape = {
  ...name('the name of a schema'),
  pattern: `^(?!pg_)${anyName}$`,
  problem: (text) =>
    text.startsWith('pg_')
      ? 'no role of yours can own a schema whose name begins with pg_'
      : problemOfName(text),
}

/** A configuration parameter. */
export const parameter: TextShape = {
  kind: 'text',
  what: 'the name of a configuration parameter, such as work_mem',
  pattern: String.raw`^[A-Za-z_][A-Za-z0-9_$]*(?:\.[A-Za-z_][A-Za-z0-9_$]*)*$`,
}

/** The first moment of a day, or a moment with its offset. */
export const moment: TextShape = {
  kind: 'text',
  what: 'a date such as 2027-06-30, a time with its offset such as 2027-06-30T12:00:00Z, or infinity',
  pattern: String.raw`^(?:infinity|\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+\-]\d{2}:?\d{2}))?)$`,
}

export const freeText = (what: string): TextShape => ({
  kind: 'text',
  what,
  pattern: String.raw`^[^\u0000]*$`,
})
