/** What a name can be the name of, where pgsr is given one. */
export const positions = [
  'role',
  'group',
  'owner of future objects',
  'reassignOwnedTo',
  'actAs',
  'schema',
  'schema to be owned',
  'preserved schema',
  'table',
  'column',
  'function',
  'argument type',
  'sequence',
  'type',
  'database',
] as const

export type Position = (typeof positions)[number]

/** A name, and where it is not good for anything. Everywhere else it works. */
export interface HostileName {
  readonly what: string
  readonly name: string
  /** Where it is refused before anything is sent. */
  readonly refusedAs: readonly Position[]
  /** Where it may be asked for, but PostgreSQL lets nobody make such a thing. */
  readonly absentAs: readonly Position[]
}

/** PostgreSQL stores none of these as they are. */
const everywhere = { refusedAs: positions }

/** Quoting does not help: GRANT … TO "public" is to PUBLIC, and SET ROLE "none" is to no role. */
const asAnyRole = {
  refusedAs: ['role', 'group', 'owner of future objects', 'reassignOwnedTo', 'actAs'],
} as const

/** It is asked for by what it holds. That it owns something, granted it or acts is as good as of any other role. */
const asOurs = { refusedAs: ['role', 'group', 'reassignOwnedTo'] } as const

/** Of the names that begin so, PostgreSQL has roles and schemas of its own, and lets nobody make more. */
const asPostgres = {
  refusedAs: ['role', 'schema to be owned'],
  absentAs: ['group', 'owner of future objects', 'reassignOwnedTo', 'actAs', 'schema', 'preserved schema'],
} as const

const rows: readonly (readonly [string, string, Partial<HostileName>?])[] = [
  ['a double quote', `"`],
  ['an injection behind a double quote', `"; drop schema victim cascade; --`],
  ['a single quote', `'`],
  ['an injection behind a single quote', `'; drop schema victim cascade; --`],
  ['a backslash', '\\'],
  ['an injection behind an escaped quote', `\\'; drop schema victim cascade; --`],
  ['dollar quotes and a parameter', '$$ $a$ $1'],
  ['what format replaces', '%I %s %L %1$s %%'],
  ['what LIKE takes for anything', '%_'],
  ['the beginning of a comment', '/*'],
  ['the end of a comment', '*/'],
  ['a comment', '--'],
  ['a line feed', '\n; drop schema victim cascade; --'],
  ['a carriage return', '\r; drop schema victim cascade; --'],
  ['both, and a command of psql', '-- \r\n\\! false'],
  ['a line separator', '\u2028; drop schema victim cascade; --'],
  ['other ends of lines', '\u0085\v\f\u2029'],
  ['an escape sequence of terminals', '\u001B[2K\u0007\u007F'],
  ['what turns the direction of text', '\u202E\u2066'],
  ['what psql replaces', `:a :'a' :"a"`],
  ['emoji', '🐘🔑👩‍👩‍👧'],
  ['a no-break space', '\u00A0'],
  ['spaces around', ' a '],
  ['a composed letter', '\u00E9'],
  ['the same letter, decomposed', 'e\u0301'],
  ['an upper-case letter', 'Ab'],
  ['63 bytes', 'x'.repeat(63)],
  ['63 bytes, several for each letter', `${'é'.repeat(30)}€`],
  ['64 bytes', 'x'.repeat(64), everywhere],
  ['64 bytes, several for each letter', `\n${'é'.repeat(30)}€`, everywhere],
  ['nothing', '', everywhere],
  ['NUL', 'a\0\nb', everywhere],
  ['half a letter', 'a\n\uD83D', everywhere],
  ['PUBLIC', 'public', asAnyRole],
  ['PUBLIC in capitals', 'PUBLIC'],
  ['PUBLIC with a capital', 'Public'],
  ['NONE', 'none', asAnyRole],
  ['NONE in capitals', 'NONE'],
  ['whoever runs it', 'current_user'],
  ['whoever runs it, from 14 on', 'current_role'],
  ['whoever is logged in', 'session_user'],
  ['whoever it is', 'user'],
  ['everything', 'all'],
  ['a keyword', 'select'],
  ['the prefix of PostgreSQL’s own', 'pg_x', asPostgres],
  ['that prefix in capitals', 'PG_x'],
  ['the prefix of our own', '_pgsr_x'],
  ['a name of our own', '_pgsr_local_1_table_select_0123abcd', asOurs],
  ['a regular expression', '^.*[a-z]+(x|y)?\\d$'],
  ['what can stand behind a type', 'a(1)[2]'],
  ['an ACL item', 'a.b=c/d*{}'],
  ['an array', '{a,"b",NULL}'],
  ['JSON', '{"a": ["\\u0041", null]}'],
  ['the prototype of an object', '__proto__'],
  ['the constructor of an object', 'constructor'],
]

/** Names that mean something somewhere, and what is a fact about PostgreSQL: what may have them. */
export const hostileNames: readonly HostileName[] = rows.map(([what, name, exceptions]) => ({
  what,
  name,
  refusedAs: [],
  absentAs: [],
  ...exceptions,
}))
