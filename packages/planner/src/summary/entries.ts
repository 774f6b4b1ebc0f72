import { futurePrivileges } from '../postgres/default-privileges.ts'
import { describeObjects, listed, placeOf } from '../model/describe-several.ts'
import { describeFuture, describeName } from '../model/describe.ts'
import { objectKey, objectKinds, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { append, flatMap, getOrMake } from '../util/collections.ts'
import type { GrantOption, Item, ChangeSource } from './change.ts'

/** Several things of one sort that roles gain or lose. */
export interface SummaryEntry {
  readonly kind: 'attribute' | 'membership' | 'ownership' | 'privilege' | 'default privilege'
  /** How many things these are: SELECT and INSERT on 3 tables are 6. */
  readonly count: number
  /** In words: `SELECT, INSERT on 3 tables of schema "sales"`. */
  readonly description: string
  /** What asks for them, each once. */
  readonly sources: readonly ChangeSource[]
}

/** Each source once. A grant is one object, wherever a plan has it. */
export const eachOnce = (sources: Iterable<ChangeSource>): readonly ChangeSource[] => {
  const seen = new Map<string, Set<ChangeSource['grant']>>()
  const unique: ChangeSource[] = []
  for (const source of sources) {
    const grants = getOrMake(seen, source.role, () => new Set())
    if (grants.has(source.grant)) continue
    grants.add(source.grant)
    unique.push(source)
  }
  return unique
}

/** Groups by a text, in the order in which the groups first appear. */
const groupedBy = <T>(all: readonly T[], key: (one: T) => string): readonly (readonly T[])[] => {
  const groups = new Map<string, T[]>()
  for (const one of all) append(groups, key(one), one)
  return [...groups.values()]
}

/** The privileges in the order of PostgreSQL’s manual. */
const privilegesText = (held: readonly Privilege[], option: GrantOption, all: readonly Privilege[]): string =>
  `${option === 'only' ? 'the grant option for ' : ''}${all.filter((one) => held.includes(one)).join(', ')}`

const optionText = (option: GrantOption): string => (option === 'with' ? ' with grant option' : '')

/** What a role gains or loses, and what asks for that. */
export type SourcedItem = Item & { readonly sources: readonly ChangeSource[] }

type Of<K extends Item['kind']> = Extract<SourcedItem, { readonly kind: K }>

const sourcesOf = (
  items: readonly { readonly sources: readonly ChangeSource[] }[],
): readonly ChangeSource[] => eachOnce(flatMap(items, ({ sources }) => sources))

const privileges = (items: readonly Of<'privilege'>[]): readonly SummaryEntry[] => {
  const byObject = new Map<
    string,
    { readonly object: ObjectName; readonly option: GrantOption; readonly all: Of<'privilege'>[] }
  >()
  for (const item of items) {
    const { object, option } = item
    getOrMake(byObject, `${option}\0${objectKey(object)}`, () => ({ object, option, all: [] })).all.push(item)
  }
  const rows = [...byObject.values()].map(({ object, option, all }) => ({
    object,
    text: privilegesText(
      all.map(({ privilege }) => privilege),
      option,
      objectKinds[object.kind].privileges,
    ),
    option: optionText(option),
    count: all.length,
    sources: sourcesOf(all),
  }))
  return groupedBy(rows, ({ object, text, option }) => `${text}\0${option}\0${placeOf(object)}`).map(
    (group): SummaryEntry => {
      const { text, option, object, count } = group[0]!
      const on = describeObjects(
        object.kind,
        group.map((row) => row.object),
      )
      return {
        kind: 'privilege',
        count: count * group.length,
        description: `${text} on ${on}${option}`,
        sources: sourcesOf(group),
      }
    },
  )
}

const ownerships = (items: readonly Of<'ownership'>[]): readonly SummaryEntry[] =>
  groupedBy(items, ({ object, newOwner = '' }) => `${placeOf(object)}\0${newOwner}`).map((group) => {
    const { object, newOwner } = group[0]!
    const of = describeObjects(
      object.kind,
      group.map((item) => item.object),
    )
    const to = newOwner === undefined ? '' : ` to role ${describeName(newOwner)}`
    const description = `ownership of ${of}${to}`
    return { kind: 'ownership', count: group.length, description, sources: sourcesOf(group) }
  })

const memberships = (items: readonly Of<'membership'>[]): readonly SummaryEntry[] =>
  groupedBy(items, ({ options }) => options).map((group) => {
    const names = group.map(({ role }) => describeName(role))
    const description = `membership in ${listed(names, 'role', 'roles')}${group[0]!.options}`
    return { kind: 'membership', count: group.length, description, sources: sourcesOf(group) }
  })

const defaults = (items: readonly Of<'default privilege'>[]): readonly SummaryEntry[] =>
  groupedBy(items, (item) => `${item.option}\0${describeFuture(item)}`).map((group) => {
    const [first] = group
    const { option } = first!
    const text = privilegesText(
      group.map(({ privilege }) => privilege),
      option,
      futurePrivileges(first!.on),
    )
    const description = `${text} on ${describeFuture(first!)}${optionText(option)}`
    return { kind: 'default privilege', count: group.length, description, sources: sourcesOf(group) }
  })

const attributes = (items: readonly Of<'attribute'>[]): readonly SummaryEntry[] =>
  items.length === 0
    ? []
    : [
        {
          kind: 'attribute',
          count: items.length,
          description: items.map(({ attribute }) => attribute).join(', '),
          sources: sourcesOf(items),
        },
      ]

/** Counts and groups what a role gains or loses. */
export const entriesOf = (items: readonly SourcedItem[]): readonly SummaryEntry[] => {
  const ofKind = <K extends Item['kind']>(kind: K): readonly Of<K>[] =>
    items.filter((item): item is Of<K> => item.kind === kind)
  return [
    ...attributes(ofKind('attribute')),
    ...ownerships(ofKind('ownership')),
    ...memberships(ofKind('membership')),
    ...privileges(ofKind('privilege')),
    ...defaults(ofKind('default privilege')),
  ]
}
