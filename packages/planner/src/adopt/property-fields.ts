import type { Catalog } from '../catalog/catalog.ts'
import type { DesiredProperties, Settings, SettingValue } from '../model/desired-role.ts'
import { describeName } from '../model/describe.ts'
import { isListOfNames, namesIn, type RoleProperty } from '../model/role-property.ts'
import type { Role } from '../model/snapshot.ts'
import { hasLoneSurrogate, nameProblem } from '../postgres/identifier.ts'
import { isParameterName } from '../request/parse-grant.ts'
import type { Unsaid } from './described.ts'
import { flatMap } from '../util/collections.ts'

type Property = Omit<RoleProperty, 'role'>

/** A value as a person would write it. */
const valueOf = (setting: string, value: string): SettingValue =>
  (isListOfNames(setting) ? namesIn(value) : undefined) ?? value

/** Why a property cannot be asked for; `undefined` if it can. */
const whyNotAskedFor = ({ setting, database, value }: Property): string | undefined => {
  if (hasLoneSurrogate(value)) return 'its value is not valid in the encoding of the database'
  if (setting === undefined) return undefined
  if (!isParameterName(setting)) return 'no desired role can have a setting of this name'
  const problem = database === undefined ? undefined : nameProblem(database)
  return problem === undefined ? undefined : `the name of the database ${problem}`
}

/** Says which properties cannot be asked for. All settings of a role stay as they are if none of them are asked for. */
const unsaidIn = (role: string, all: readonly Property[]): readonly Unsaid[] =>
  flatMap(all, (one): readonly Unsaid[] => {
    const why = whyNotAskedFor(one)
    if (why === undefined) return []
    const { property, setting, database } = one
    const where = database === undefined ? '' : ` in database ${describeName(database)}`
    const what = setting === undefined ? `a ${property}` : `setting ${describeName(setting)}${where}`
    const rest = setting === undefined ? 'it is left out' : 'its settings are left out'
    return [
      {
        role,
        reason: 'left as it is',
        message: `role ${describeName(role)} has ${what}, and ${why}; ${rest}, and stay${setting === undefined ? 's as it is' : ' as they are'}`,
      },
    ]
  })

/**
 * What a role has besides its grants, as far as it is not the default.
 * @param isExternal whether what others decide about is left out
 */
export const propertyFields = (
  catalog: Catalog,
  { name, inherit }: Role,
  isExternal: boolean,
): { readonly fields: DesiredProperties; readonly unsaid: readonly Unsaid[] } => {
  const whole = [...catalog.properties.of(name).values()]
  const unsaid = unsaidIn(name, whole)
  const isLeft = (one: Property): boolean =>
    whole.some((other) => other.property === one.property && whyNotAskedFor(other) !== undefined)
  const all = whole.filter((one) => !isLeft(one))
  const valueFor = (property: 'connection limit' | 'comment'): string | undefined =>
    all.find((one) => one.property === property)?.value
  const settingsIn = (where: string | undefined): Settings =>
    Object.fromEntries(
      flatMap(all, ({ setting, database, value }) =>
        setting === undefined || database !== where ? [] : [[setting, valueOf(setting, value)]],
      ),
    )
  const databases = [
    ...new Set(flatMap(all, ({ database }) => (typeof database === 'string' ? [database] : []))),
  ].sort()
  const settings = settingsIn(undefined)
  const limit = valueFor('connection limit')
  const comment = valueFor('comment')
  const fields: DesiredProperties = {
    ...(limit !== undefined && !isExternal && { connectionLimit: Number(limit) }),
    ...(!inherit && !isExternal && { inherit }),
    ...(comment !== undefined && { comment }),
    ...(Object.keys(settings).length > 0 && { settings }),
    ...(databases.length > 0 && {
      settingsIn: Object.fromEntries(databases.map((database) => [database, settingsIn(database)])),
    }),
  }
  return { fields, unsaid }
}
