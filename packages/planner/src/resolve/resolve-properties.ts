import type { Access } from '../access/access.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { type DesiredRole, propertiesManaged, type Settings } from '../model/desired-role.ts'
import { takesNothing } from '../model/managed.ts'
import { propertyKey, type PropertyName, type RoleProperty } from '../model/role-property.ts'
import { additive, type Skips, type WhyNot } from './skips.ts'
import type { TargetProperties, TargetState } from './target-state.ts'
import { flatMap } from '../util/collections.ts'

/** The properties of a role that a request asks for. */
const propertiesAsked = (desired: DesiredRole): readonly RoleProperty[] => {
  const { role, connectionLimit, comment, settings = {}, settingsIn = {} } = desired
  const settingsOf = (all: Settings, where: Pick<PropertyName, 'database'>): readonly RoleProperty[] =>
    Object.entries(all).map(([setting, value]) => ({
      role,
      property: 'setting',
      setting,
      ...where,
      value: String(value),
    }))
  return [
    ...(connectionLimit !== undefined && connectionLimit !== -1
      ? [{ role, property: 'connection limit' as const, value: String(connectionLimit) }]
      : []),
    ...(typeof comment === 'string' ? [{ role, property: 'comment' as const, value: comment }] : []),
    ...settingsOf(settings, {}),
    ...flatMap(Object.entries(settingsIn), ([database, all]) => settingsOf(all, { database })),
  ]
}

/** Resolves connection limits, comments, settings and INHERIT. */
export class PropertyResolver implements Pick<TargetState, 'properties' | 'inherits'> {
  readonly properties: Map<string, TargetProperties> = new Map()
  readonly inherits: Map<string, boolean> = new Map()
  readonly #catalog: Catalog
  readonly #access: Access
  readonly #skips: Skips
  readonly #takesNothing: boolean

  constructor(catalog: Catalog, access: Access, skips: Skips, { managed }: Pick<TargetState, 'managed'>) {
    this.#catalog = catalog
    this.#access = access
    this.#skips = skips
    this.#takesNothing = takesNothing(managed)
  }

  /**
   * Why a property cannot be set; `undefined` if it can.
   * @param there what the role has instead, if it exists
   */
  #whyNot(
    role: string,
    { property, setting, database }: PropertyName,
    there: RoleProperty | undefined,
  ): WhyNot | undefined {
    if (this.#takesNothing && (there !== undefined || this.#isLimit(role, property)))
      return { reason: 'takes away', why: `the role would lose what it has, and ${additive}` }
    if (database !== undefined && this.#catalog.object({ kind: 'database', name: [database] }) === undefined)
      return { reason: 'absent', why: 'the database does not exist' }
    const why = this.#whyNotPermitted(role, setting)
    return why === undefined ? undefined : { reason: 'not permitted', why }
  }

  /** Whether a property limits what a role can do already. */
  #isLimit(role: string, property: PropertyName['property']): boolean {
    return property === 'connection limit' && this.#catalog.roles.has(role)
  }

  #whyNotPermitted(role: string, setting: string | undefined): string | undefined {
    if (!this.#access.roles.mayAlter(role)) return `${this.#skips.acting} may not alter the role`
    if (setting === undefined) return undefined
    const known = this.#catalog.properties.setting(setting)
    if (known === undefined || known.context === 'user') return undefined
    if (known.context === null && !setting.includes('.')) return 'the server has no such setting'
    if (known.context !== null && known.context !== 'superuser')
      return 'it cannot be set for a role, but only for the whole server or when a connection starts'
    return known.mayBeSet ? undefined : `${this.#skips.acting} may not set it, which only a superuser may`
  }

  role(desired: DesiredRole): void {
    const { role, inherit } = desired
    const existing = this.#catalog.roles.get(role)
    if (inherit !== undefined) {
      const isThere = (existing?.inherit ?? true) === inherit
      if (!isThere && existing !== undefined && !inherit && this.#takesNothing)
        this.#skips.property(role, 'INHERIT', { reason: 'takes away', why: additive })
      else if (isThere || this.#access.roles.mayAlter(role)) this.inherits.set(role, inherit)
      else
        this.#skips.property(role, 'INHERIT', {
          reason: 'not permitted',
          why: `${this.#skips.acting} may not alter the role`,
        })
    }
    const managed = propertiesManaged(desired)
    if (managed.size === 0) return
    const now = this.#catalog.properties.of(role)
    const asked = new Map<string, RoleProperty>(this.#takesNothing ? now : [])
    for (const one of propertiesAsked(desired)) {
      const key = propertyKey(one)
      const there = now.get(key)
      const why = there?.value === one.value ? undefined : this.#whyNot(role, one, there)
      if (why === undefined) asked.set(key, one)
      else {
        this.#skips.property(role, one, why)
        if (there !== undefined) asked.set(key, there)
      }
    }
    this.properties.set(role, { managed, asked })
  }
}
