import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import { tableOf } from '../catalog/column.ts'
import { deniedOnSystemCatalogs } from '../model/access-traits.ts'
import type { PathSource } from '../model/explanation.ts'
import { everybody } from '../postgres/acl-item.ts'
import type { GrantableKind } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { getOrMake } from '../util/collections.ts'

/** A predefined role whose members have privileges on all objects of some kinds. */
interface PredefinedRow {
  readonly role: string
  readonly since: number
  readonly on: Readonly<Partial<Record<GrantableKind, readonly Privilege[]>>>
}

/**
 * @see https://www.postgresql.org/docs/current/predefined-roles.html
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/catalog/aclchk.c (pg_class_aclmask_ext)
 */
export const predefinedRoles: readonly PredefinedRow[] = [
  {
    role: 'pg_read_all_data',
    since: 140000,
    on: { table: ['SELECT'], column: ['SELECT'], sequence: ['SELECT'], schema: ['USAGE'] },
  },
  {
    role: 'pg_write_all_data',
    since: 140000,
    on: {
      table: ['INSERT', 'UPDATE', 'DELETE'],
      column: ['INSERT', 'UPDATE'],
      sequence: ['UPDATE'],
      schema: ['USAGE'],
    },
  },
  { role: 'pg_maintain', since: 170000, on: { table: ['MAINTAIN'] } },
]

/** By the role that holds it: what gives a privilege on an object to that role and all that have its privileges. */
export type Sources = ReadonlyMap<string, readonly PathSource[]>

/** What the ACL of an object gives, by grantee. */
const addItems = (found: Map<string, PathSource[]>, object: CatalogObject, privilege: Privilege): void => {
  const { kind, name, owner, acl, access } = object
  for (const { grantee, grantor, privileges } of acl.values()) {
    const grantable = privileges.get(privilege)
    if (grantable === undefined) continue
    const by = grantee === everybody ? 'PUBLIC' : grantee === owner ? 'ownership' : 'privilege'
    getOrMake(found, grantee, () => []).push({
      kind: by,
      object: { kind, name },
      privilege,
      grantee,
      grantor,
      grantable,
      byDefault: access?.byDefault === true && grantor === owner,
    })
  }
}

const isDenied = ({ access }: CatalogObject, privilege: Privilege): boolean =>
  access?.systemCatalog === true && deniedOnSystemCatalogs.has(privilege)

/** What gives a privilege on an object, apart from SUPERUSER. */
export const sourcesOf = (catalog: Catalog, object: CatalogObject, privilege: Privilege): Sources => {
  const found = new Map<string, PathSource[]>()
  const [table] = tableOf(catalog, object)
  if (!isDenied(object, privilege)) addItems(found, object, privilege)
  if (table !== undefined && !isDenied(table, privilege)) addItems(found, table, privilege)
  const isLimited = isDenied(table ?? object, privilege)
  for (const { role, since, on } of predefinedRoles)
    if (
      catalog.server.version >= since &&
      !isLimited &&
      on[object.kind as GrantableKind]?.includes(privilege) === true
    )
      getOrMake(found, role, () => []).push({ kind: 'predefined role', role, privilege })
  if (object.kind === 'large object' && catalog.server.largeObjectsForAll === true)
    getOrMake(found, everybody, () => []).push({ kind: 'setting', setting: 'lo_compat_privileges' })
  return found
}
