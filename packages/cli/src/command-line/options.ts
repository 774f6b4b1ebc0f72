/** An option of the command. */
export interface OptionRow {
  /** `flag`: it is there or not. `text`: it has a value. `texts`: it may be given several times. `seconds`: a number. */
  readonly kind: 'flag' | 'text' | 'texts' | 'seconds'
  /** What help calls its value. */
  readonly value?: string
  readonly short?: string
  /** The only values that it takes. */
  readonly oneOf?: readonly string[]
  /** What it does, for help and the documentation. */
  readonly does: string
}

/** How an answer can be written. */
export const formats = ['text', 'sql', 'json', 'markdown', 'mermaid', 'dot'] as const

export type Format = (typeof formats)[number]

/** Every option, whichever commands take it. */
export const options = {
  url: {
    kind: 'text',
    value: 'URL',
    does: 'where to connect: postgres://user@host:5432/database. Otherwise PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE and ~/.pgpass say it',
  },
  format: {
    kind: 'text',
    value: 'FORMAT',
    oneOf: formats,
    does: 'how to write the answer: text, sql, json (a plan that can be applied) or markdown (for a pull request); of who can do what, text, json, or mermaid and dot (pictures)',
  },
  sql: { kind: 'flag', does: 'also show the SQL' },
  out: {
    kind: 'text',
    value: 'FILE',
    short: 'o',
    does: 'write it to a file. A plan is shown, too',
  },
  policy: {
    kind: 'text',
    value: 'FILE',
    does: 'the policy file that may ask for it. Otherwise the first that there is, if there is one',
  },
  public: { kind: 'flag', does: 'also list what the role has only because PUBLIC has it' },
  yes: { kind: 'flag', short: 'y', does: 'do not ask. Without a terminal there is nobody to ask' },
  strict: { kind: 'flag', does: 'change nothing if something would be skipped or stay' },
  force: { kind: 'flag', does: 'write over a file that exists' },
  role: {
    kind: 'texts',
    value: 'ROLE',
    does: 'a role to describe. It can be given several times; otherwise all roles but superusers are described',
  },
  'act-as': {
    kind: 'text',
    value: 'ROLE',
    does: 'act as this role, of which the one that connects is a member',
  },
  timeout: {
    kind: 'seconds',
    value: 'SECONDS',
    does: 'how long each plan, and each execution of one, may take; 0 is for ever. Otherwise 60',
  },
  'lock-timeout': {
    kind: 'seconds',
    value: 'SECONDS',
    does: 'how long to wait for locks of others; 0 is for ever. Otherwise 10',
  },
  quiet: { kind: 'flag', short: 'q', does: 'say nothing but the answer and errors' },
  debug: { kind: 'flag', does: 'show where an error comes from' },
  help: { kind: 'flag', short: 'h', does: 'say how to use the command' },
  version: { kind: 'flag', short: 'V', does: 'say which version this is' },
} as const satisfies Readonly<Record<string, OptionRow>>

export type OptionName = keyof typeof options

export const optionRows: Readonly<Record<OptionName, OptionRow>> = options

/** The options that every command takes. */
export const commonOptions = ['quiet', 'debug', 'help'] as const satisfies readonly OptionName[]
