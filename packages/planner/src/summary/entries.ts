import { futurePrivileges } from '../postgres/default-privileges.ts'
import { describeFuture, describeName, describeObject } from '../model/describe.ts'
import { objectKey, type ObjectKind, objectKinds, type ObjectName, plural } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { append, getOrMake } from '../util/collections.ts'
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

/** More names than this are counted instead. */
const mostNames = 3

const listed = (names: readonly string[], one: string, several: string): string => {
  if (names.length === 1) return `${one} ${names[0]!}`
  return names.length <= mostNames ? `${several} ${names.join(', ')}` : `${names.length} ${several}`
}

/** What contains an object: the schema of a table, the table of a column. */
const containerOf = ({ kind, name }: ObjectName): ObjectName | undefined => {
  if (kind === 'column') return { kind: 'table', name: name.slice(0, 2) }
  return kind !== 'schema' && objectKinds[kind].parts[0] === 'schema'
    ? { kind: 'schema', name: name.slice(0, 1) }
    : undefined
}

/** Some objects of one kind in one container. */
const describeObjects = (kind: ObjectKind, objects: readonly ObjectName[]): string => {
  const [first] = objects
  const container = first && containerOf(first)
  if (objects.length > mostNames && container !== undefined)
    return `${objects.length} ${plural(kind)} of ${describeObject(container)}`
  if (kind === 'column' && container !== undefined) {
    const names = objects.map(({ name }) => describeName(name.at(-1) ?? ''))
    return `${listed(names, kind, plural(kind))} of ${describeObject(container)}`
  }
  return listed(
    objects.map((object) => describeObject(object).slice(kind.length + 1)),
    kind,
    plural(kind),
  )
}

/** Groups by a text, in the order in which the groups first appear. */
const groupedBy = <T>(all: readonly T[], key: (one: T) => string): readonly (readonly T[])[] => {
  const groups = new Map<string, T[]>()
  for (const one of all) append(groups, key(one), one)
  return [...groups.values()]
}

const placeOf = (object: ObjectName): string => {
  const container = containerOf(object)
  return `${object.kind}\0${container === undefined ? '' : objectKey(container)}`
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
): readonly ChangeSource[] => eachOnce(items.flatMap(({ sources }) => sources))

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
