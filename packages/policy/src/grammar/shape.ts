/** What a text has to be. */
export interface TextShape {
  readonly kind: 'text'
  /** What is expected, in words that can follow “expected”. */
  readonly what: string
  /** A name: what YAML does not read as a text, or not in all of its versions, has to be quoted. */
  readonly isName?: true
  /** Of a name: what looks like a pattern is one, or is meant as it is. Otherwise it has to be quoted. */
  readonly mayLookLikePattern?: true
  /** A regular expression that the text matches. */
  readonly pattern?: string
  /** What else is wrong with a text, which no schema can say; or better words for what a schema says. */
  readonly problem?: (text: string) => string | undefined
}

/** One of some words. */
export interface WordShape {
  readonly kind: 'word'
  readonly what: string
  readonly words: readonly string[]
}

export interface FlagShape {
  readonly kind: 'flag'
  readonly what: string
  /** The only one of `true` and `false` that makes sense. */
  readonly only?: boolean
}

export interface NumberShape {
  readonly kind: 'number'
  readonly what: string
  readonly whole?: true
  readonly minimum?: number
  readonly maximum?: number
}

export interface NullShape {
  readonly kind: 'null'
  readonly what: string
}

/** A list. */
export interface ListShape {
  readonly kind: 'list'
  readonly what: string
  readonly of: Shape
  readonly isNotEmpty?: true
  /** The same may be in it twice. */
  readonly mayRepeat?: true
}

/** An object whose keys are names. */
export interface MapShape {
  readonly kind: 'map'
  readonly what: string
  readonly keys: TextShape
  readonly values: Shape
  readonly isNotEmpty?: true
}

/** What a key is for. */
export interface KeyRow {
  readonly shape: Shape
  /** A sentence for editors and for the reference. */
  readonly doc: string
}

/** Keys that cannot be together. */
export interface Exclusive {
  readonly keys: readonly [string, string]
  readonly message: string
}

/** An object whose keys are known. */
export interface ObjectShape {
  readonly kind: 'object'
  readonly what: string
  readonly keys: Readonly<Record<string, KeyRow>>
  readonly required?: readonly string[]
  readonly isNotEmpty?: true
  readonly exclusive?: readonly Exclusive[]
  /** What to say of keys that somebody may expect here. */
  readonly instead?: Readonly<Record<string, string>>
  /** What to say of anything but an object. */
  readonly insteadOfText?: string
  /** Its keys and texts may be secrets that are in the wrong place: no message has them. */
  readonly isSecret?: true
}

/** An object of one of several sorts. The key that only one sort has says which one it is. */
export interface VariantsShape {
  readonly kind: 'variants'
  readonly what: string
  /** By the key that says so. The first one whose key is there is meant; each of the others lacks the keys before its own. */
  readonly variants: Readonly<Record<string, ObjectShape>>
}

/** What can be written in several ways: as a text, as a list and so on, each at most once. */
export interface EitherShape {
  readonly kind: 'either'
  readonly what: string
  readonly shapes: readonly Exclude<Shape, EitherShape>[]
}

/** What can be in one place of a policy. The grammar consists of these; the parser and the JSON Schema both read it. */
export type Shape =
  | TextShape
  | WordShape
  | FlagShape
  | NumberShape
  | NullShape
  | ListShape
  | MapShape
  | ObjectShape
  | VariantsShape
  | EitherShape

export const listOf = (what: string, of: Shape): ListShape => ({ kind: 'list', what, of, isNotEmpty: true })

/** One, or a list of them. */
export const oneOrMore = (what: string, one: Exclude<Shape, EitherShape | ListShape>): EitherShape => ({
  kind: 'either',
  what,
  shapes: [one, listOf(what, one)],
})

export const flag: FlagShape = { kind: 'flag', what: 'true or false' }

export const onlyTrue: FlagShape = { kind: 'flag', what: 'true', only: true }
