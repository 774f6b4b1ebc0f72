import {
  type KnownSetting,
  propertyKey,
  type PropertyName,
  propertyNameOf,
  type RoleProperty,
  settingValue,
} from '../model/role-property.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { flatMap, sortedBy } from '../util/collections.ts'
import { SharedMap } from './shared-map.ts'

type ByKey = ReadonlyMap<string, RoleProperty>

const none: ByKey = new Map()

/** The connection limits, comments and settings of roles, as far as they were read. */
export class Properties {
  readonly #byRole: SharedMap<string, ByKey>
  readonly #settings: ReadonlyMap<string, KnownSetting>

  constructor(from: Pick<Snapshot, 'properties' | 'settings'> | Properties) {
    if (from instanceof Properties) {
      this.#byRole = from.#byRole.fork()
      this.#settings = from.#settings
      return
    }
    this.#byRole = new SharedMap()
    for (const { role, value, ...name } of from.properties ?? []) this.set(role, name, value)
    this.#settings = new Map((from.settings ?? []).map((one) => [one.setting, one]))
  }

  fork(): Properties {
    return new Properties(this)
  }

  /** What a role has, by {@link propertyKey}. */
  of(role: string): ByKey {
    return this.#byRole.entries.get(role) ?? none
  }

  /** @param value `null` for the default */
  set(role: string, name: PropertyName, value: string | null): void {
    const changed = new Map(this.of(role))
    const key = propertyKey(name)
    const { setting } = name
    if (value === null) changed.delete(key)
    else {
      const stored = setting === undefined ? value : settingValue(setting, value)
      changed.set(key, { role, ...propertyNameOf(name), value: stored })
    }
    this.#byRole.set(role, changed)
  }

  remove(role: string): void {
    if (this.of(role).size > 0) this.#byRole.delete(role)
  }

  /** What the server knows of a setting. */
  setting(name: string): KnownSetting | undefined {
    return this.#settings.get(name)
  }

  /** The same as parts of a snapshot. */
  snapshot(): Pick<Snapshot, 'properties' | 'settings'> {
    const properties = flatMap(this.#byRole.entries.values(), (all) => [...all.values()])
    return {
      ...(properties.length > 0 && {
        properties: sortedBy(properties, (one) => `${one.role}\0${propertyKey(one)}`),
      }),
      ...(this.#settings.size > 0 && {
        settings: sortedBy(this.#settings.values(), ({ setting }) => setting),
      }),
    }
  }
}
