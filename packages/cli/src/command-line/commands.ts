import type { Format, OptionName } from './options.ts'

/** A command: what it is called with, and what help says of it. */
export interface CommandRow {
  /** What help calls its argument. */
  readonly argument?: string
  /** What help calls the arguments that it needs, all of them. */
  readonly needs?: readonly string[]
  /** One line, for the list of commands. */
  readonly does: string
  /** More about it. */
  readonly details: readonly string[]
  /** The formats that it writes. Default: those of a plan. */
  readonly formats?: readonly Format[]
  /** Its own options, besides those of all commands. */
  readonly options: readonly OptionName[]
  /** What one may type, and what that does. */
  readonly examples: readonly (readonly [command: string, does: string])[]
}

const connects = ['url', 'act-as', 'timeout'] as const satisfies readonly OptionName[]

/** The names of files that hold a policy, in the order in which they are looked for. */
export const policyFiles = ['pgsr.yaml', 'pgsr.yml', 'pgsr.json', 'pgsr.ts', 'pgsr.js', 'pgsr.mjs'] as const

/** How a plan can be written. */
export const planFormats = ['text', 'sql', 'json', 'markdown'] as const satisfies readonly Format[]

/** What help says of how an object is written. */
const objectWords = [
  'OBJECT is a table or view as SCHEMA.NAME; anything else has its kind before it: schema:sales, function:sales.total(integer), column:sales.orders.price, sequence:, procedure:, type:, database:, tablespace:, language:, foreign-server:, foreign-data-wrapper:, large-object: (its oid), parameter:.',
  'Names are as they are in the database, and not made lower case. A name with a dot, a colon or a parenthesis is in double quotes: "odd.name".',
] as const

const otherwise = `Without a file it takes the first that there is of ${policyFiles.join(', ')}.`

/** Every command. `plan` is the one that runs without a name. */
export const commands = {
  plan: {
    argument: '[file]',
    does: 'show what would change, and change nothing',
    details: [
      'Compares the roles of a database with a policy file, and says who gains and loses what.',
      'That is what is granted, and to whom. What a role can do also depends on its memberships and on PUBLIC: `pgsr access ROLE` and `pgsr explain` say it as it is now, so run them before and after `pgsr apply`.',
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
    details: [
      'Makes the same plan as `pgsr plan`, for a job that runs every night.',
      'Roles that the policy does not name are no difference. Those with LOGIN or SUPERUSER are in a note.',
      otherwise,
    ],
    options: ['format', 'sql', ...connects],
    examples: [
      ['pgsr check', 'exits with 0 if nothing differs'],
      ['pgsr check --quiet --format json', 'for a program to read'],
    ],
  },
  import: {
    does: 'write a policy of the roles that there are',
    details: [
      'Describes the roles of one database as a policy file that plans to nothing, or says why it does not. For several databases, import each to a file of its own, and put what is in one database only under `in` of a role.',
      'Passwords are never read. What no policy can say is in comments, and so is what PUBLIC has besides what PostgreSQL gives it by itself.',
      'Where a role has something on everything in a schema, the policy says so, and a plan gives it the same on what is created there later.',
    ],
    options: ['role', 'out', 'force', ...connects],
    examples: [
      ['pgsr import', 'to look at it'],
      ['pgsr import --out pgsr.yaml', 'to start from it'],
      ['pgsr import --role alice --role bob', 'only these roles'],
      ['pgsr import --out pgsr.mjs', 'as a module, which may be of any size'],
    ],
  },
  validate: {
    argument: '[file]',
    does: 'check a policy file, without a database',
    details: ['Says everything that is wrong with it, each with its line and column.', otherwise],
    formats: ['text', 'json'],
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
      'It reads no policy, and looks at the database that it connects to. Run it for each of several databases: a role that serves another one stays until it is run there.',
      'Shows what it would drop, and asks.',
    ],
    options: ['yes', 'format', 'sql', ...connects, 'lock-timeout'],
    examples: [
      ['pgsr prune', 'show, ask, drop'],
      ['pgsr prune --url postgres:///billing', 'in another database'],
    ],
  },
  explain: {
    needs: ['ROLE', 'PRIVILEGE', 'OBJECT'],
    does: 'say whether a role has a privilege on an object, by which ways, and what ends each',
    details: [
      'Lists every way: who granted each link of it, and the statements that end it. For a no, it says what is missing and what would give it.',
      'If there is a policy file, it says which line asks for each link, or that none does.',
      ...objectWords,
      'ROLE is public for PUBLIC. It exits with 0 if the role can do it, and with 4 if not, or if that is not known.',
    ],
    formats: ['text', 'json', 'mermaid', 'dot'],
    options: ['format', 'policy', ...connects],
    examples: [
      ['pgsr explain alice SELECT sales.orders', 'can alice read it, and why'],
      ['pgsr explain alice USAGE schema:sales', 'the same of a schema'],
      ['pgsr explain alice SELECT sales.orders --format mermaid', 'as a picture that GitHub shows'],
    ],
  },
  'who-can': {
    needs: ['PRIVILEGE', 'OBJECT'],
    does: 'list who has a privilege on an object, and by which ways',
    details: [
      'Groups the roles by where they have it from. Those that may log in come first.',
      ...objectWords,
    ],
    formats: ['text', 'json', 'mermaid', 'dot'],
    options: ['format', ...connects],
    examples: [
      ['pgsr who-can SELECT billing.salaries', 'who can read it'],
      ["pgsr who-can EXECUTE 'function:sales.total(integer)'", 'who can call it'],
    ],
  },
  access: {
    needs: ['ROLE'],
    does: 'list everything that a role can do in the database, and how it may get more',
    details: [
      'By object, with the ways. What every role can do because PUBLIC can is left out, unless --public asks for it.',
      'How it may get more is not counted as having it: ADMIN options, CREATEROLE, grant options, what it owns, code that runs with the rights of others.',
    ],
    formats: ['text', 'json'],
    options: ['format', 'public', ...connects],
    examples: [
      ['pgsr access alice', 'what alice can do'],
      ['pgsr access public', 'what everybody can do'],
    ],
  },
  report: {
    does: 'write one HTML page of who can do what, to search, filter and click through',
    details: [
      'The page holds all roles and objects of the database, and answers as explain, who-can and access do. It needs no network, and can use none.',
      'Without --out it goes to standard output, unless that is a terminal.',
    ],
    options: ['out', 'force', ...connects],
    examples: [['pgsr report --out access.html', 'write it, then open it in a browser']],
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
