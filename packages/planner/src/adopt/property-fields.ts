import type { Catalog } from '../catalog/catalog.ts'
import type { DesiredProperties, Settings, SettingValue } from '../model/desired-role.ts'
import { isListOfNames, namesIn } from '../model/role-property.ts'
import type { Role } from '../model/snapshot.ts'

/** A value as a person would write it. */
const valueOf = (setting: string, value: string): SettingValue =>
  (isListOfNames(setting) ? namesIn(value) : undefined) ?? value

/** What a role has besides its grants, as far as it is not the default. */
export const propertyFields = (catalog: Catalog, { name, inherit }: Role): DesiredProperties => {
  const all = [...catalog.properties.of(name).values()]
  const valueFor = (property: 'connection limit' | 'comment'): string | undefined =>
    all.find((one) => one.property === property)?.value
  const settingsIn = (where: string | undefined): Settings =>
    Object.fromEntries(
      all.flatMap(({ setting, database, value }) =>
        setting === undefined || database !== where ? [] : [[setting, valueOf(setting, value)]],
      ),
    )
  const databases = [...new Set(all.flatMap(({ database }) => database ?? []))].sort()
  const settings = settingsIn(undefined)
  const limit = valueFor('connection limit')
  const comment = valueFor('comment')
  return {
    ...(limit !== undefined && { connectionLimit: Number(limit) }),
    ...(!inherit && { inherit }),
    ...(comment !== undefined && { comment }),
    ...(Object.keys(settings).length > 0 && { settings }),
    ...(databases.length > 0 && {
      settingsIn: Object.fromEntries(databases.map((database) => [database, settingsIn(database)])),
    }),
  }
}
