import { commandNames, commandRows } from '../../../packages/cli/src/command-line/commands.ts'
import { exitCodes } from '../../../packages/cli/src/command-line/exit-codes.ts'
import { commandUsage, optionUsage } from '../../../packages/cli/src/command-line/help.ts'
import { commonOptions, type OptionName, optionRows } from '../../../packages/cli/src/command-line/options.ts'

const rowOf = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

const takenBy = (option: OptionName): string => {
  const commands = commandNames.filter((name) => commandRows[name].options.includes(option))
  if (option === 'version' || commonOptions.some((name) => name === option)) return 'all'
  return commands.map((name) => `\`${name}\``).join(', ')
}

/** The tables of the page about the command, as the program has them. */
export const referenceTables = (): Readonly<Record<'commands' | 'options' | 'exit codes', string>> => ({
  commands: [
    rowOf('command', 'does'),
    rowOf('---', '---'),
    ...commandNames.map((name) => rowOf(`\`${commandUsage(name)}\``, commandRows[name].does)),
  ].join('\n'),
  options: [
    rowOf('option', 'of', 'does'),
    rowOf('---', '---', '---'),
    ...(Object.keys(optionRows) as OptionName[]).map((name) =>
      rowOf(`\`${optionUsage(name)}\``, takenBy(name), optionRows[name].does),
    ),
  ].join('\n'),
  'exit codes': [
    rowOf('exit code', 'means'),
    rowOf('---', '---'),
    ...Object.values(exitCodes).map(({ code, means }) => rowOf(String(code), means)),
  ].join('\n'),
})
