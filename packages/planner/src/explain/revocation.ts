import type { CatalogObject } from '../catalog/catalog-object.ts'
import { columnsOf, tableOf } from '../catalog/column.ts'
import { describeName } from '../model/describe.ts'
import type { AccessStatement, ItemSource } from '../model/explanation.ts'
import { isNameless, whyNotNamed } from '../model/nameless.ts'
import { type AclEntry, aclKey } from '../postgres/acl.ts'
import { everybody } from '../postgres/acl-item.ts'
import { objectKinds, type ObjectName, schemaOf } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { revokeStatement, statementOf } from '../sql/statement.ts'
import type { AccessGraph } from './access-graph.ts'
import { sourcesOf } from './sources.ts'
import { defined, flatMap } from '../util/collections.ts'

/** One item for the privilege, on a table or one of its columns. */
interface Item {
  readonly object: CatalogObject
  readonly entry: AclEntry
}

const keyOf = ({ object, entry }: Item): string => `${object.key}\0${aclKey(entry)}`

/** What has to be run to end an item, or why that is impossible. */
export interface Revocation {
  readonly statements: readonly AccessStatement[]
  readonly note?: string
}

const impossible = (note: string): Revocation => ({ statements: [], note })

/** All items for a privilege on an object, and on the table or the columns that depend on each other with it. */
const itemsAround = (graph: AccessGraph, object: CatalogObject, privilege: Privilege): readonly Item[] =>
  flatMap([...tableOf(graph.catalog, object), object, ...columnsOf(graph.catalog, object)], (one) =>
    flatMap(one.acl.values(), (entry) => (entry.privileges.has(privilege) ? [{ object: one, entry }] : [])),
  )

/** The items that go with one. */
interface GoingWith {
  /** Those on columns that REVOKE on a table takes too. */
  readonly columns: readonly Item[]
  /** Those that were granted by virtue of a grant option that is lost, each after what it depends on. */
  readonly dependents: readonly Item[]
  /** Of these, the ones that depend only on the columns. */
  readonly again: readonly Item[]
}

const goingWith = (graph: AccessGraph, target: Item, privilege: Privilege): GoingWith => {
  const all = itemsAround(graph, target.object, privilege)
  const columns =
    target.object.kind === 'table'
      ? all.filter(({ object, entry }) => object.kind === 'column' && aclKey(entry) === aclKey(target.entry))
      : []
  const dependents = dependentsOf(graph, all, [target, ...columns], privilege)
  const lost = new Set(dependentsOf(graph, all, [target], privilege).map(keyOf))
  return { columns, dependents, again: dependents.filter((item) => !lost.has(keyOf(item))) }
}

/** The items that were granted by virtue of a grant option of some, each after what it depends on. */
const dependentsOf = (
  graph: AccessGraph,
  all: readonly Item[],
  targets: readonly Item[],
  privilege: Privilege,
): readonly Item[] => {
  const gone = new Set(targets.map(keyOf))
  const isOption = (item: Item): boolean => item.entry.privileges.get(privilege) === true
  /** Whether a grantor may still grant on an object by what is left. */
  const mayGrant = (object: CatalogObject, grantor: string): boolean =>
    graph.hasPrivilegesOf(grantor, object.owner) ||
    graph.catalog.isSuperuser(grantor) ||
    all.some(
      (item) =>
        isOption(item) &&
        !gone.has(keyOf(item)) &&
        (item.object === object || item.object.kind === 'table') &&
        graph.hasPrivilegesOf(grantor, item.entry.grantee),
    )
  const dependents: Item[] = []
  // Only what could be granted before depends on what goes.
  const depends = all.filter(({ object, entry }) => entry.grantor !== object.owner)
  for (let before = -1; before !== gone.size;) {
    before = gone.size
    for (const item of depends)
      if (!gone.has(keyOf(item)) && wasGrantedBy(graph, item, all, gone, privilege))
        if (!mayGrant(item.object, item.entry.grantor)) {
          gone.add(keyOf(item))
          dependents.push(item)
        }
  }
  return dependents
}

/** Whether the grantor of an item had its grant option from an item that goes. */
const wasGrantedBy = (
  graph: AccessGraph,
  { object, entry }: Item,
  all: readonly Item[],
  gone: ReadonlySet<string>,
  privilege: Privilege,
): boolean =>
  all.some(
    (item) =>
      gone.has(keyOf(item)) &&
      item.entry.privileges.get(privilege) === true &&
      (item.object === object || item.object.kind === 'table') &&
      graph.hasPrivilegesOf(entry.grantor, item.entry.grantee),
  )

/** Why nobody can revoke in the name of a grantor. */
const whyNot = (graph: AccessGraph, { object, entry }: Item, privilege: Privilege): string | undefined => {
  const { grantee, grantor } = entry
  const nameless = [grantee, grantor].find(isNameless)
  if (nameless !== undefined) return whyNotNamed(nameless)
  if (grantor === object.owner) return undefined
  if (graph.catalog.isSuperuser(grantor))
    return `PostgreSQL revokes what superuser ${describeName(grantor)} has granted only while that is no superuser`
  const isOption = itemsAround(graph, object, privilege).some(
    (item) =>
      item.entry.privileges.get(privilege) === true &&
      item.entry.grantee === grantor &&
      (item.object === object || item.object.kind === 'table'),
  )
  if (!isOption) return `grantor ${describeName(grantor)} has no grant option any more`
  const missing = schemasNamedBy(object).find((schema) => !mayUse(graph, grantor, schema))
  return missing === undefined
    ? undefined
    : `grantor ${describeName(grantor)} has no USAGE on schema ${describeName(missing)}`
}

/** The schemas that a statement about an object names: its own, and those of the types of arguments. */
export const schemasNamedBy = (object: ObjectName): readonly string[] => {
  const { kind, name } = object
  const schema = schemaOf(object)
  const { parts, more } = objectKinds[kind]
  const types = more === undefined ? [] : name.slice(parts.length)
  return [
    ...(schema === undefined ? [] : [schema]),
    ...defined(
      types.map((type) => {
        const [, quoted, plain] = /^(?:"((?:[^"]|"")*)"|([^".]+))\./.exec(type) ?? []
        return quoted?.replaceAll('""', '"') ?? plain
      }),
    ),
  ]
}

/** Whether a role may use a schema. Of one that was not read, that is taken for so. */
const mayUse = (graph: AccessGraph, role: string, schema: string): boolean => {
  const object = graph.catalog.object({ kind: 'schema', name: [schema] })
  if (object === undefined) return true
  const holders = sourcesOf(graph.catalog, object, 'USAGE')
  return holders.has(everybody) || graph.inheritsFrom.isAnyReachable(role, holders)
}

const asWhom = ({ object, entry }: Item): string | null =>
  entry.grantor === object.owner ? null : entry.grantor

const revoking = (item: Item, privilege: Privilege): AccessStatement => ({
  sql: revokeStatement({ object: item.object, privilege, grantee: item.entry.grantee }),
  as: asWhom(item),
})

/** Grants again what REVOKE on a table takes on a column. */
const grantingAgain = (item: Item, privilege: Privilege): AccessStatement => ({
  sql: grantStatement(
    item.object,
    privilege,
    item.entry.grantee,
    item.entry.privileges.get(privilege) === true,
  ),
  as: asWhom(item),
})

/** GRANT, as the owner of the object or whoever runs it. */
export const grantStatement = (
  object: CatalogObject,
  privilege: Privilege,
  grantee: string,
  grantable = false,
): string =>
  statementOf({
    kind: 'grantPrivilege',
    object: { kind: object.kind, name: object.name },
    privilege,
    grantee,
    grantor: object.owner,
    as: object.owner,
    reason: { role: grantee, grant: null },
    ...(grantable && { grantable }),
  })

/** How an ACL item loses one privilege, and nothing else does but what depends on it. */
export const revocationOf = (graph: AccessGraph, source: ItemSource): Revocation => {
  const { privilege, grantee, grantor } = source
  const object = graph.catalog.object(source.object)
  const entry = object?.acl.get(grantee, grantor)
  if (object === undefined || entry === undefined) return impossible('the item is not there')
  if (object.access?.untrusted === true)
    return impossible('GRANT and REVOKE do not work on an untrusted language')
  const target = { object, entry }
  const { columns, dependents, again } = goingWith(graph, target, privilege)
  const all = [...dependents.toReversed(), target]
  const why = all.map((item) => whyNot(graph, item, privilege)).find((one) => one !== undefined)
  if (why !== undefined) return impossible(why)
  return {
    statements: [
      ...all.map((item) => revoking(item, privilege)),
      ...[...columns, ...again].map((item) => grantingAgain(item, privilege)),
    ],
    ...(grantee === object.owner && { note: 'the owner can grant it to itself again' }),
  }
}
