import type { OptionName } from './options.ts'

/** A command: what it is called with, and what help says of it. */
export interface CommandRow {
  /** What help calls its argument. */
  readonly argument?: string
  /** One line, for the list of commands. */
  readonly does: string
  /** More about it. */
  readonly details: readonly string[]
  /** Its own options, besides those of all commands. */
  readonly options: readonly OptionName[]
  /** What one may type, and what that does. */
  readonly examples: readonly (readonly [command: string, does: string])[]
}

const connects = ['url', 'act-as', 'timeout'] as const satisfies readonly OptionName[]

/** The names of files that hold a policy, in the order in which they are looked for. */
export const policyFiles = ['pgsr.yaml', 'pgsr.yml', 'pgsr.json', 'pgsr.ts', 'pgsr.js', 'pgsr.mjs'] as const

const otherwise = `Without a file it takes the first that there is of ${policyFiles.join(', ')}.`

/** Every command. `plan` is the one that runs without a name. */
export const commands = {
  plan: {
    argument: '[file]',
    does: 'show what would change, and change nothing',
    details: [
      'Compares the roles of a database with a policy file, and says who gains and loses what.',
      otherwise,
      'A password that is not at hand is not compared; the plan says so.',
    ],
    options: ['format', 'sql', 'out', ...connects],
    examples: [
      ['pgsr', 'what would change'],
      ['pgsr plan --sql', 'the same, with the SQL'],
      ['pgsr plan --out plan.json', 'save the plan, to review it and apply exactly that'],
      ['pgsr plan roles.ts --format markdown', 'for a comment on a pull request'],
    ],
  },
  apply: {
    argument: '[file | plan.json]',
    does: 'show what would change, ask, and change it',
    details: [
      'Executes the plan that it shows, in one transaction for each database, and reads the catalogs again before it commits.',
      'If the database has changed since the plan was made, it changes nothing. A saved plan is executed as it is or not at all.',
      'Ctrl-C cancels on the server and rolls back; a second one exits at once.',
      otherwise,
    ],
    options: ['yes', 'strict', 'format', 'sql', ...connects, 'lock-timeout'],
    examples: [
      ['pgsr apply', 'show, ask, change'],
      ['pgsr apply --yes', 'in a script'],
      ['pgsr apply plan.json --yes', 'exactly the plan that was reviewed'],
    ],
  },
  check: {
    argument: '[file]',
    does: 'say by its exit code whether anything differs',
    details: ['Makes the same plan as `pgsr plan`, for a job that runs every night.', otherwise],
    options: ['format', 'sql', ...connects],
    examples: [
      ['pgsr check', 'exits with 0 if nothing differs'],
      ['pgsr check --quiet --format json', 'for a program to read'],
    ],
  },
  import: {
    does: 'write a policy of the roles that there are',
    details: [
      'Describes the roles of a database as a policy file that plans to nothing, or says why it does not.',
      'Passwords are never read. What no policy can say is in comments.',
    ],
    options: ['role', 'out', 'force', ...connects],
    examples: [
      ['pgsr import', 'to look at it'],
      ['pgsr import --out pgsr.yaml', 'to start from it'],
      ['pgsr import --role alice --role bob', 'only these roles'],
    ],
  },
  validate: {
    argument: '[file]',
    does: 'check a policy file, without a database',
    details: ['Says everything that is wrong with it, each with its line and column.', otherwise],
    options: ['format'],
    examples: [
      ['pgsr validate', 'in an editor or before a commit'],
      ['pgsr validate --format json', 'for a program to read'],
    ],
  },
  prune: {
    does: 'drop roles of pgsr’s own that nobody needs any more',
    details: [
      'Intermediate roles that have no members or hold nothing, and caretakers that own nothing.',
      'Shows what it would drop, and asks.',
    ],
    options: ['yes', 'format', 'sql', ...connects, 'lock-timeout'],
    examples: [['pgsr prune', 'show, ask, drop']],
  },
  init: {
    argument: '[file]',
    does: 'write a first policy file, with comments',
    details: ['Writes pgsr.yaml, or the file that it is given. It never writes over a file.'],
    options: [],
    examples: [['pgsr init', 'writes pgsr.yaml']],
  },
} as const satisfies Readonly<Record<string, CommandRow>>

export type CommandName = keyof typeof commands

export const commandRows: Readonly<Record<CommandName, CommandRow>> = commands

export const commandNames = Object.keys(commands) as readonly CommandName[]

/** The command that runs without a name. */
export const defaultCommand: CommandName = 'plan'
