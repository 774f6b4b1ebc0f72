import { type CommandName, commandNames, commandRows, defaultCommand, policyFiles } from './commands.ts'
import { exitCodes } from './exit-codes.ts'
import { commonOptions, type OptionName, optionRows } from './options.ts'

const width = 100

/** Breaks a text into lines. */
const wrapped = (text: string, room: number): readonly string[] => {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length + 1 > room) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** Two columns, the second of which is broken into lines. */
const table = (rows: readonly (readonly [string, string])[]): readonly string[] => {
  const first = Math.max(...rows.map(([left]) => left.length)) + 2
  return rows.flatMap(([left, right]) =>
    wrapped(right, width - first - 2).map(
      (line, index) => `  ${(index === 0 ? left : '').padEnd(first)}${line}`,
    ),
  )
}

/** How an option is written. */
export const optionUsage = (name: OptionName): string => {
  const { short, value } = optionRows[name]
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}

/** How a command is written, without its options. */
export const commandUsage = (name: CommandName): string => {
  const { argument, needs = [] } = commandRows[name]
  return ['pgsr', name, ...(argument === undefined ? [] : [argument]), ...needs].join(' ')
}

const optionTable = (names: readonly OptionName[]): readonly string[] =>
  table(names.map((name) => [optionUsage(name), optionRows[name].does]))

const codeTable = (): readonly string[] =>
  table(Object.values(exitCodes).map(({ code, means }) => [String(code), means.replaceAll('`', '')] as const))

/** The help of the program. */
export const generalHelp = (): string =>
  [
    'pgsr: says what PostgreSQL roles should have, shows the plan, and makes exactly that true',
    '',
    'Usage',
    '  pgsr [command] [options]',
    '',
    'Commands',
    ...table(
      commandNames.map((name) => [
        commandUsage(name).slice('pgsr '.length),
        `${commandRows[name].does}${name === defaultCommand ? ' (without a command, too)' : ''}`,
      ]),
    ),
    '',
    'To begin',
    ...table([
      ['pgsr import --out pgsr.yaml', 'write down the roles that there are'],
      ['pgsr', 'nothing differs yet. Change the file, and it says what would change'],
      ['pgsr apply', 'change it'],
    ]),
    '',
    'The policy file',
    ...wrapped(
      `${policyFiles.join(', ')}: the first of these that there is, or the one that you name.`,
      width - 2,
    ).map((line) => `  ${line}`),
    '',
    'Where to connect',
    ...table([
      ['--url URL', 'postgres://user@host:5432/database'],
      [
        'PGHOST, PGPORT, PGUSER, …',
        'the same variables as psql takes, but for PGSERVICE, and passwords from ~/.pgpass',
      ],
    ]),
    '',
    'Options',
    ...optionTable([...commonOptions, 'version']),
    '',
    'Exit codes',
    ...codeTable(),
    '',
    'pgsr help COMMAND says more about a command, with its options and examples.',
    '',
  ].join('\n')

/** The help of one command. */
export const commandHelp = (name: CommandName): string => {
  const { does, details, options, examples } = commandRows[name]
  return [
    `${commandUsage(name)}: ${does}`,
    '',
    ...details.flatMap((text) => wrapped(text.replaceAll('`', ''), width)),
    '',
    'Examples',
    ...table(examples),
    '',
    'Options',
    ...optionTable([...options, ...commonOptions]),
    '',
  ].join('\n')
}
