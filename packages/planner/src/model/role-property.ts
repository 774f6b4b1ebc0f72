/** What a role has besides its attributes, and what is managed only where it is asked for. */
export interface PropertyName {
  readonly property: 'connection limit' | 'comment' | 'setting'
  /** The name of the setting, in lower case. */
  readonly setting?: string
  /** The database in which the setting is set. Without it, it is set in all. */
  readonly database?: string
}

/** A property of a role that is not the default: a limit, a comment, or a setting. */
export interface RoleProperty extends PropertyName {
  readonly role: string
  /** Of a setting, the value as the catalogs have it. */
  readonly value: string
}

/** What the server knows of a setting. */
export interface KnownSetting {
  /** In lower case. */
  readonly setting: string
  /**
   * `user`, `superuser` and so on, as in `pg_settings`; `null` for a setting that is not there. Its name may still be that
   * of a setting that an extension defines.
   * @see https://www.postgresql.org/docs/current/view-pg-settings.html
   */
  readonly context: string | null
  /** Whether the acting role may set it even if only superusers may. */
  readonly mayBeSet: boolean
}

/** A key that is unique to a property of a role. */
export const propertyKey = ({ property, setting = '', database = '' }: PropertyName): string =>
  `${property}\0${setting}\0${database}`

/** The name of a property alone. */
export const propertyNameOf = ({ property, setting, database }: PropertyName): PropertyName => ({
  property,
  ...(setting !== undefined && { setting }),
  ...(database !== undefined && { database }),
})

/**
 * The settings that are lists of names, which PostgreSQL quotes where it stores them.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/bin/pg_dump/dumputils.c (variable_is_guc_list_quote)
 */
const listsOfNames: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])

export const isListOfNames = (setting: string): boolean => listsOfNames.has(setting)

/** A list of names as a setting has it, each of them quoted. */
export const listText = (names: readonly string[]): string =>
  names.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ')

/**
 * Reads a list of names as PostgreSQL does: what is not quoted is in lower case. `undefined` if it is none.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/varlena.c (SplitIdentifierString)
 */
export const namesIn = (text: string): readonly string[] | undefined => {
  const names: string[] = []
  let rest = text.trim()
  if (rest === '') return ['']
  for (;;) {
    const [whole, quoted, plain = ''] = /^(?:"((?:[^"]|"")*)"|([^\s",]+))\s*/.exec(rest) ?? []
    if (whole === undefined) return undefined
    names.push(quoted === undefined ? plain.toLowerCase() : quoted.replaceAll('""', '"'))
    rest = rest.slice(whole.length)
    if (rest === '') return names
    if (!rest.startsWith(',')) return undefined
    rest = rest.slice(1).trimStart()
  }
}

/** The value of a setting in its one spelling. */
export const settingValue = (setting: string, value: string): string => {
  const names = isListOfNames(setting) ? namesIn(value) : undefined
  return names === undefined ? value : listText(names)
}
