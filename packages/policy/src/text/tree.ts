import { describeName } from '@pgsr/planner/internal'

/** Where something is in a policy: the steps from the outside in, the last one first. */
export interface Path {
  readonly within: Path | undefined
  readonly step: string | number
}

/** A place in a policy, and in its text if it has one. */
export interface Place {
  readonly path: Path | undefined
  /** The index of its first character in the text. */
  readonly offset: number | undefined
}

export interface TextValue extends Place {
  readonly kind: 'text'
  readonly text: string
  /** Written without quotes in YAML, or as a RegExp. */
  readonly plain: boolean
  /** Written without quotes in more than one line. */
  readonly goesOn?: true
}

export interface NumberValue extends Place {
  readonly kind: 'number'
  readonly number: number
  /** As it was written, if that is otherwise than JavaScript writes the number. */
  readonly source?: string
}

export interface FlagValue extends Place {
  readonly kind: 'flag'
  readonly flag: boolean
}

/** Nothing: `null`, or in YAML no value at all. */
export interface NullValue extends Place {
  readonly kind: 'null'
}

export interface ListValue extends Place {
  readonly kind: 'list'
  readonly items: readonly Value[]
}

/** A key and its value. */
export interface Entry {
  readonly key: TextValue
  readonly value: Value
}

export interface ObjectValue extends Place {
  readonly kind: 'object'
  readonly entries: ReadonlyMap<string, Entry>
}

/** What a policy consists of, whatever it was written in. */
export type Value = TextValue | NumberValue | FlagValue | NullValue | ListValue | ObjectValue

/** What may follow these keys of a role. Anything else may be a secret that is in the wrong place. */
const known: ReadonlyMap<Path['step'], readonly string[]> = new Map([
  ['login', ['password', 'initialPassword', 'hashedBy', 'validUntil']],
  ['password', ['env', 'file']],
  ['initialPassword', ['env', 'file']],
])

/** The steps of a path, from the outside in, up to what may be a secret. */
const stepsOf = (path: Path | undefined): readonly Path['step'][] => {
  const steps: Path['step'][] = []
  for (let at = path; at !== undefined; at = at.within) steps.unshift(at.step)
  const secret = steps.findIndex((step, index) => {
    // The first steps are `roles` and the name of a role.
    const allowed = index > 2 ? known.get(steps[index - 1]!) : undefined
    return allowed !== undefined && !allowed.includes(String(step))
  })
  return secret < 0 ? steps : steps.slice(0, secret)
}

/** `roles.alice.memberOf[0]`. A step that is no word is quoted. It has nothing that may be a secret. */
export const pathText = (path: Path | undefined): string =>
  stepsOf(path)
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`
      return /^[\w$@+-]+$/.test(step) ? `.${step}` : `[${describeName(step)}]`
    })
    .join('')
    .replace(/^\./, '')

/** The value of a key. */
export const valueAt = (object: ObjectValue, key: string): Value | undefined => object.entries.get(key)?.value

/** The most values that a policy may have, so that a short text whose aliases multiply is refused. */
export const mostValues = 70_000

/** How deep lists and objects may be nested. No policy needs more than ten. */
export const deepest = 32

const kinds: Readonly<Record<Value['kind'], string>> = {
  text: 'a text',
  number: 'a number',
  flag: 'true or false',
  null: 'nothing',
  list: 'a list',
  object: 'an object',
}

/** What a value is, in words that can follow “this is”. It says nothing of the value: that may be a password. */
export const kindText = ({ kind }: Pick<Value, 'kind'>): string => kinds[kind]
