import { access, type AccessPrivileges } from '@pgsr/planner'
import { describeName } from '@pgsr/planner/internal'
import { suggestion } from '../check/nearest.ts'
import { builtInProfiles } from '../grammar/access.ts'
import type { Problems } from '../text/problems.ts'
import { type ObjectValue, type Place, type Value, valueAt } from '../text/tree.ts'
import { objectOf, textsAt, textsOf, valuesOf } from './values.ts'

const parts = ['schema', 'tables', 'sequences', 'routines', 'types'] as const

/** What a profile gives. */
export interface Profile {
  readonly privileges: AccessPrivileges
  /** The roles whose future objects it extends to. */
  readonly future: readonly string[]
}

const partOn = { tables: 'tables', sequences: 'sequences', functions: 'routines', types: 'types' } as const

/** The privileges of a built-in profile, from the grants that it makes. */
const builtIn = (name: (typeof builtInProfiles)[number]): Profile => {
  const privileges: Record<string, readonly string[]> = {}
  for (const grant of access[name]('s', { future: 'o' })) {
    if (grant.kind === 'privilege' && grant.object.kind === 'schema') privileges.schema = grant.privileges
    if (grant.kind === 'default privilege' && grant.on in partOn)
      privileges[partOn[grant.on as keyof typeof partOn]] = grant.privileges
  }
  return { privileges, future: [] }
}

const union = (lists: readonly (readonly string[])[]): readonly string[] => [...new Set(lists.flat())]

const merged = (all: readonly Profile[]): Profile => ({
  privileges: Object.fromEntries(
    parts.map((part) => [part, union(all.map(({ privileges }) => privileges[part] ?? []))]),
  ),
  future: union(all.map(({ future }) => future)),
})

/** The profiles of a policy, and what they extend. */
export class Profiles {
  readonly #values: ReadonlyMap<string, Value>
  readonly #known = new Map<string, Profile>(builtInProfiles.map((name) => [name, builtIn(name)]))
  readonly #problems: Problems

  /**
   * @param checked the profiles without what is wrong with them
   * @param given all of them: one that is wrong is known all the same
   */
  constructor(checked: ObjectValue | undefined, given: ObjectValue | undefined, problems: Problems) {
    this.#problems = problems
    this.#values = new Map(
      [...(given?.entries ?? [])].map(([name, { value }]) => [
        name,
        (checked && valueAt(checked, name)) ?? value,
      ]),
    )
    for (const name of this.#values.keys()) this.#resolve(name)
  }

  get #names(): readonly string[] {
    return [...builtInProfiles, ...this.#values.keys()]
  }

  /** Resolves a profile and all that it extends, without recursion. */
  #resolve(start: string): void {
    const path = [start]
    while (path.length > 0) {
      const name = path.at(-1)!
      const object = objectOf(this.#values.get(name))
      const extended = object === undefined ? [] : valuesOf(valueAt(object, 'extends'))
      const open = extended.flatMap((one) => textsOf(one).map((text) => ({ text, place: one })))
      const next = open.find(({ text }) => !this.#known.has(text) && this.#values.has(text))
      if (next !== undefined && path.includes(next.text)) {
        const circle = [...path.slice(path.indexOf(next.text)), next.text]
        this.#problems.add(
          next.place,
          `profiles extend each other in a circle: ${circle.map(describeName).join(' extends ')}`,
        )
        for (const one of circle) this.#known.set(one, this.#known.get(one) ?? { privileges: {}, future: [] })
        continue
      }
      if (next !== undefined) {
        path.push(next.text)
        continue
      }
      path.pop()
      if (this.#known.has(name)) continue
      const bases = open.flatMap(({ text, place }) => this.find(text, place) ?? [])
      this.#known.set(
        name,
        object === undefined ? merged(bases) : merged([...bases, this.#own(object, bases)]),
      )
    }
  }

  #own(object: ObjectValue, bases: readonly Profile[]): Profile {
    const own = Object.fromEntries(
      parts.flatMap((part) => (object.entries.has(part) ? [[part, textsAt(object, part)]] : [])),
    )
    return {
      privileges: {
        ...(bases.length === 0 && { schema: ['USAGE'] }),
        ...own,
      },
      future: textsAt(object, 'future'),
    }
  }

  /** The profile of a name. If there is none, that is said. */
  find(name: string, place: Place): Profile | undefined {
    const profile = this.#known.get(name)
    if (profile !== undefined) return profile
    const hint = name === 'owner' ? '; a role owns a schema with owns' : suggestion(name, this.#names)
    return this.#problems.add(place, `there is no profile ${describeName(name)}${hint}`)
  }
}
