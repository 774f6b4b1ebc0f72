import { closest, distance } from 'fastest-levenshtein'
import { parseArgs } from 'node:util'
import { type CommandName, commandNames, commandRows, defaultCommand, planFormats } from './commands.ts'
import { commandUsage } from './help.ts'
import { commonOptions, type Format, type OptionName, optionRows } from './options.ts'
import { UsageError } from './usage-error.ts'

/** What the program was called with, checked. */
export interface CommandLine {
  readonly command: CommandName
  /** Whether the command was named, or is the one that runs without a name. */
  readonly isNamed: boolean
  readonly argument: string | undefined
  /** The arguments of a command that needs some: exactly these. */
  readonly needed: readonly string[]
  /** Whether help or the version is asked for, instead of what the command does. */
  readonly wants: 'help' | 'version' | 'the command'
  readonly url: string | undefined
  readonly format: Format
  readonly out: string | undefined
  readonly policy: string | undefined
  readonly roles: readonly string[]
  readonly public: boolean
  readonly actAs: string | undefined
  /** In milliseconds. */
  readonly timeout: number | undefined
  /** In milliseconds. */
  readonly lockTimeout: number | undefined
  readonly sql: boolean
  readonly yes: boolean
  readonly strict: boolean
  readonly force: boolean
  readonly quiet: boolean
  readonly debug: boolean
}

/** The word that was meant, if one is near enough. */
const nearest = (word: string, words: readonly string[]): string | undefined => {
  const best = closest(word, [...words])
  return distance(word, best) <= Math.max(1, Math.floor(word.length / 3)) ? best : undefined
}

const suggest = (word: string | undefined): string | undefined =>
  word === undefined ? undefined : `did you mean ${word}?`

const isOption = (name: string): name is OptionName => Object.hasOwn(optionRows, name)

const isCommand = (word: string): word is CommandName => Object.hasOwn(commandRows, word)

/** Where the arguments of the program are read from. Node tells what is an option and what is not; the rest is said here. */
const tokensOf = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(optionRows).map(([name, { kind, short }]) => [
        name,
        { type: kind === 'flag' ? ('boolean' as const) : ('string' as const), ...(short && { short }) },
      ]),
    ),
  }).tokens

/** Refuses a URL that is no value of an option, without a word of it: it may have a password. */
const checkUrls = (tokens: ReturnType<typeof tokensOf>): void => {
  for (const token of tokens)
    if (token.kind === 'positional' && /^[a-z][a-z\d+.-]*:\/\//i.test(token.value))
      throw new UsageError('a URL is no argument', '--url URL says where to connect')
}

/** The values of the options, by name: of a flag `''`. */
type Values = ReadonlyMap<OptionName, readonly string[]>

const forDatabases =
  'it works in the database that --url or PGDATABASE names, or in all databases that the policy lists in databases. pgsr import writes one database to one file'

/** What to do instead, by the name of an option that other programs have. */
const insteadOf: ReadonlyMap<string, string> = new Map([
  ['database', forDatabases],
  ['databases', forDatabases],
  ['dbname', forDatabases],
  ['d', forDatabases],
])

const readOptions = (tokens: ReturnType<typeof tokensOf>): Values => {
  const values = new Map<OptionName, string[]>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    if (!isOption(name)) {
      const meant = rawName.startsWith('--') ? nearest(name, Object.keys(optionRows)) : undefined
      throw new UsageError(`unknown option ${rawName}`, insteadOf.get(name) ?? suggest(meant && `--${meant}`))
    }
    const { kind, oneOf } = optionRows[name]
    if (kind === 'flag' && value !== undefined) throw new UsageError(`option --${name} takes no value`)
    if (kind !== 'flag' && (value === undefined || (!inlineValue && value.startsWith('-'))))
      throw new UsageError(`option --${name} needs a value`)
    if (oneOf !== undefined && !oneOf.includes(value!))
      throw new UsageError(
        `option --${name} must be one of ${oneOf.join(', ')}`,
        suggest(nearest(value!, oneOf)),
      )
    const before = values.get(name) ?? []
    if (before.length > 0 && kind !== 'texts') throw new UsageError(`option --${name} is given twice`)
    values.set(name, [...before, value ?? ''])
  }
  return values
}

/** A word that is no command, but looks like a file. */
const looksLikeFile = (word: string): boolean => /[./\\]/.test(word)

/** The command and its argument. `help` before a command asks for its help. */
const readCommand = (words: readonly string[]) => {
  const [first, ...others] = words
  if (first === 'help') return { asksForHelp: true, ...readNamed(others) }
  return { asksForHelp: false, ...readNamed(words) }
}

const readNamed = ([first, ...others]: readonly string[]): {
  readonly command: CommandName
  readonly isNamed: boolean
  readonly words: readonly string[]
} => {
  if (first === undefined) return { command: defaultCommand, isNamed: false, words: [] }
  if (isCommand(first)) return { command: first, isNamed: true, words: others }
  if (looksLikeFile(first)) return { command: defaultCommand, isNamed: false, words: [first, ...others] }
  throw new UsageError(
    `unknown command ${JSON.stringify(first)}`,
    suggest(nearest(first, commandNames)) ?? `there are ${commandNames.join(', ')}`,
  )
}

const secondsOf = (values: Values, name: OptionName): number | undefined => {
  const [text] = values.get(name) ?? []
  if (text === undefined) return undefined
  if (!/^\d+(\.\d{1,3})?$/.test(text)) throw new UsageError(`option --${name} must be a number of seconds`)
  return Math.round(Number(text) * 1000)
}

const howMany = ['no argument', 'one argument', 'two arguments', 'three arguments'] as const

const checkSurplus = (command: CommandName, words: readonly string[]): void => {
  const { argument, needs = [] } = commandRows[command]
  const most = argument === undefined ? needs.length : 1
  const surplus = words[most]
  if (surplus !== undefined)
    throw new UsageError(`pgsr ${command} takes ${howMany[most]}, not ${JSON.stringify(surplus)} too`)
}

const checkNeeded = (command: CommandName, words: readonly string[]): void => {
  const { needs = [], examples } = commandRows[command]
  const missing = needs.slice(words.length)
  if (missing.length > 0)
    throw new UsageError(
      `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing: it is ${commandUsage(command)}`,
      `such as ${examples[0]?.[0]}`,
    )
}

const formatFor = (command: CommandName, given = 'text'): Format => {
  const known: readonly string[] = commandRows[command].formats ?? planFormats
  if (!known.includes(given))
    throw new UsageError(
      `pgsr ${command} does not write ${given}`,
      `it writes ${known.slice(0, -1).join(', ')} and ${known.at(-1)}`,
    )
  return given as Format
}

/**
 * Reads what the program was called with.
 * @throws UsageError
 */
export const parseCommandLine = (args: readonly string[]): CommandLine => {
  const tokens = tokensOf(args)
  checkUrls(tokens)
  const values = readOptions(tokens)
  const { command, isNamed, words, asksForHelp } = readCommand(
    tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : [])),
  )
  const { options } = commandRows[command]
  const [first] = words
  checkSurplus(command, words)
  const taken: readonly OptionName[] = [...options, ...commonOptions, 'version']
  for (const name of values.keys())
    if (!taken.includes(name))
      throw new UsageError(
        `pgsr ${command} takes no option --${name}`,
        `it takes ${taken.map((one) => `--${one}`).join(', ')}`,
      )
  const text = (name: OptionName): string | undefined => values.get(name)?.[0]
  const wantsHelp = asksForHelp || values.has('help')
  if (!wantsHelp && !values.has('version')) checkNeeded(command, words)
  return {
    command,
    isNamed,
    argument: first,
    needed: words,
    wants: wantsHelp ? 'help' : values.has('version') ? 'version' : 'the command',
    url: text('url'),
    format: formatFor(command, text('format')),
    out: text('out'),
    policy: text('policy'),
    roles: values.get('role') ?? [],
    public: values.has('public'),
    actAs: text('act-as'),
    timeout: secondsOf(values, 'timeout'),
    lockTimeout: secondsOf(values, 'lock-timeout'),
    sql: values.has('sql'),
    yes: values.has('yes'),
    strict: values.has('strict'),
    force: values.has('force'),
    quiet: values.has('quiet'),
    debug: values.has('debug'),
  }
}
