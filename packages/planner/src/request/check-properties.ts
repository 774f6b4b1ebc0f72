import { describeName } from '../model/describe.ts'
import type { DesiredProperties, DesiredRole, Settings } from '../model/desired-role.ts'
import { isListOfNames, listText, settingValue } from '../model/role-property.ts'
import { hasLoneSurrogate, nameProblem } from '../postgres/identifier.ts'
import { sortedBy } from '../util/collections.ts'
import { parameterName } from './parse-grant.ts'
import type { Refuse } from './refuse.ts'

const isText = (value: unknown): value is string =>
  typeof value === 'string' && !value.includes('\0') && !hasLoneSurrogate(value)

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The largest connection limit, that of an `int4`. */
const mostConnections = 2 ** 31 - 1

const valueOf = (setting: string, value: unknown, refuse: Refuse): string => {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (isText(value)) return settingValue(setting, value)
  if (!Array.isArray(value) || !value.every(isText))
    return refuse(setting, 'its value must be a text, a number, true, false, or an array of names')
  if (!isListOfNames(setting))
    return refuse(setting, 'its value cannot be an array: it is not a list of names')
  return listText(value.length === 0 ? [''] : value)
}

const checkSettings = (settings: unknown, refuse: Refuse): Settings => {
  if (!isObject(settings)) return refuse('settings', 'they are not an object')
  const all = new Map<string, string>()
  for (const [given, value] of Object.entries(settings)) {
    const setting = parameterName(given, refuse)
    if (all.has(setting)) refuse(given, 'it is there twice, once in other letters')
    all.set(
      setting,
      valueOf(setting, value, (field, problem) =>
        refuse(field, `setting ${describeName(setting)}: ${problem}`),
      ),
    )
  }
  return Object.fromEntries(sortedBy(all, ([setting]) => setting))
}

const checkSettingsIn = (given: unknown, refuse: Refuse): Readonly<Record<string, Settings>> => {
  if (!isObject(given)) return refuse('settingsIn', 'they are not an object')
  const databases = Object.entries(given).map(([database, settings]) => {
    const problem = nameProblem(database)
    if (problem !== undefined)
      refuse('settingsIn', `the name of database ${describeName(database)} ${problem}`)
    return [database, checkSettings(settings, refuse)] as const
  })
  return Object.fromEntries(sortedBy(databases, ([database]) => database))
}

/** The names of what a desired role can have besides grants. */
export const propertyFields: readonly (keyof DesiredProperties)[] = [
  'connectionLimit',
  'inherit',
  'comment',
  'settings',
  'settingsIn',
]

/** Whether anything is asked for that the role should have besides grants. */
export const asksForProperties = (desired: DesiredProperties): boolean =>
  propertyFields.some((field) => desired[field] !== undefined)

/** Checks what a role should have besides its grants, and brings it into canonical form. */
export const checkProperties = (
  { connectionLimit, inherit, comment, settings, settingsIn }: DesiredRole,
  refuse: Refuse,
): DesiredProperties => {
  if (connectionLimit !== undefined) {
    const isLimit =
      Number.isInteger(connectionLimit) && connectionLimit >= -1 && connectionLimit <= mostConnections
    if (!isLimit)
      refuse('connectionLimit', `its connectionLimit must be a whole number from -1 to ${mostConnections}`)
  }
  if (inherit !== undefined && typeof inherit !== 'boolean')
    refuse('inherit', 'its inherit must be true or false')
  if (comment !== undefined && comment !== null && !isText(comment))
    refuse('comment', 'its comment must be a text without NUL, or null')
  return {
    ...(connectionLimit !== undefined && { connectionLimit }),
    ...(inherit !== undefined && { inherit }),
    // PostgreSQL takes an empty comment for none.
    ...(comment !== undefined && { comment: comment === '' ? null : comment }),
    ...(settings !== undefined && { settings: checkSettings(settings, refuse) }),
    ...(settingsIn !== undefined && { settingsIn: checkSettingsIn(settingsIn, refuse) }),
  }
}
