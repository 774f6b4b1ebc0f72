import type { Author } from './part.ts'

/** That some code ran, and as whom. */
export interface Note {
  /** Where the code stands, such as `index expression`. */
  readonly place: string
  readonly author: Author
  /** The function that tells. */
  readonly spy: string
  /** The role that it ran as. */
  readonly runner: string
}

/** What a function looks like that notes who runs it. */
export interface SpyForm {
  readonly takes?: string
  readonly returns?: string
  /** What it gives back. */
  readonly gives?: string
  readonly volatility?: 'immutable' | 'stable' | 'volatile'
  readonly isDefiner?: boolean
  readonly isProcedure?: boolean
}

const mark = 'attack note'

/**
 * A warning reaches the client even of a transaction that is rolled back, and from where nothing may be written or called:
 * so no note is lost. Nothing is called by name, which the role that it runs as might not be allowed to.
 */
const body = (name: string, place: string, author: Author, gives: string): string =>
  `begin raise warning '${mark}: % % % %', '${author}', '${name}', current_user, '${place}'; ${gives} end`

/** Makes a function that notes who runs it. */
export const spyDefinition = (name: string, place: string, author: Author, form: SpyForm): string => {
  const {
    takes = 'int',
    returns = 'int',
    gives = '$1',
    volatility = 'immutable',
    isDefiner = false,
    isProcedure = false,
  } = form
  const security = isDefiner ? 'security definer' : ''
  const quoted = `$spy$${body(name, place, author, isProcedure ? '' : `return ${gives};`)}$spy$`
  return isProcedure
    ? `create or replace procedure ${name}(${takes}) language plpgsql ${security} set client_min_messages = warning as ${quoted}`
    : `create or replace function ${name}(${takes}) returns ${returns} language plpgsql ${volatility} ${security} set client_min_messages = warning as ${quoted}`
}

/** What a message from the server notes, if it is a note. */
export const noteIn = (message: string): Note | undefined => {
  const [, author, spy, runner, place] =
    new RegExp(`^${mark}: (\\w+) (\\S+) (\\S+) (.*)$`).exec(message) ?? []
  if (spy === undefined || runner === undefined || place === undefined) return undefined
  return { place, author: author as Author, spy, runner }
}
