import type { CatalogObject } from '../catalog/catalog-object.ts'
import { columnsOf } from '../catalog/column.ts'
import type { Escalation } from '../model/explanation.ts'
import { everybody } from '../postgres/acl-item.ts'
import { objectKinds } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { AccessGraph } from './access-graph.ts'
import { sourcesOf } from './sources.ts'
import { flatMap } from '../util/collections.ts'

/**
 * Predefined roles that lead further than to the privileges of their members.
 * @see https://www.postgresql.org/docs/current/predefined-roles.html
 */
const leadingFar: ReadonlySet<string> = new Set([
  'pg_execute_server_program',
  'pg_read_server_files',
  'pg_write_server_files',
  'pg_create_subscription',
])

/**
 * Functions of PostgreSQL’s own that read or write files of the server, and so what is in every table.
 * @see https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-GENFILE
 */
const reachingFiles: ReadonlySet<string> = new Set([
  'lo_export',
  'lo_import',
  'pg_file_rename',
  'pg_file_unlink',
  'pg_file_write',
  'pg_read_binary_file',
  'pg_read_file',
])

/** Before 11, they ask for a superuser, whatever has been granted. */
const reachesFiles = ({ catalog }: AccessGraph, { kind, name }: CatalogObject): boolean =>
  catalog.server.version >= 110000 &&
  kind === 'function' &&
  name[0] === 'pg_catalog' &&
  reachingFiles.has(name[1]!)

/** The roles whose rights a role has or can get by SET ROLE, the nearest first. */
const becomes = (graph: AccessGraph, role: string): ReadonlySet<string> => {
  const all = new Set(graph.inheritsFrom.reachable(role))
  for (const other of graph.setsRoleTo.reachable(role))
    for (const one of graph.inheritsFrom.reachable(other)) all.add(one)
  return all
}

/** The roles that a role can act as: attributes are not inherited. */
const actsAs = (graph: AccessGraph, role: string): readonly string[] => [...graph.setsRoleTo.reachable(role)]

const byAttributes = (graph: AccessGraph, role: string): readonly Escalation[] =>
  flatMap(actsAs(graph, role), (by): readonly Escalation[] => {
    const { createRole = false, replication = false, superuser = false } = graph.catalog.roles.get(by) ?? {}
    return [
      ...(superuser && by !== role ? [{ kind: 'SET ROLE' as const, by: role, role: by }] : []),
      ...(createRole
        ? [
            {
              kind: 'CREATEROLE' as const,
              by,
              reach: graph.catalog.membershipsHaveGrantors
                ? ('roles that it creates' as const)
                : ('every role' as const),
            },
          ]
        : []),
      ...(replication ? [{ kind: 'REPLICATION' as const, by }] : []),
    ]
  })

const byMemberships = (graph: AccessGraph, role: string, all: ReadonlySet<string>): readonly Escalation[] => {
  const found = new Map<string, Escalation>()
  // A role that is only inherited leads no further: not to its attributes, nor to what it can SET ROLE to.
  const acting = new Set(actsAs(graph, role))
  for (const by of all) {
    if (leadingFar.has(by)) found.set(by, { kind: 'predefined role', by: role, role: by })
    for (const { role: administered, admin } of graph.catalog.memberships.ofMember(by))
      // Only superusers may make somebody a member of a superuser.
      if (admin && !acting.has(administered) && !graph.catalog.isSuperuser(administered))
        found.set(`${by}\0${administered}`, { kind: 'ADMIN option', by, role: administered })
  }
  return [...found.values()]
}

/** What leads further on one object. */
const onObject = (
  graph: AccessGraph,
  all: ReadonlySet<string>,
  object: CatalogObject,
): readonly Escalation[] => {
  const { kind, name, owner, acl, access } = object
  const named = { kind, name }
  if (kind !== 'column' && all.has(owner)) return [{ kind: 'ownership', by: owner, object: named }]
  const found: Escalation[] = []
  const passing = new Map<Privilege, string>()
  for (const { grantee, privileges } of acl.values())
    if (all.has(grantee))
      for (const [privilege, grantable] of privileges)
        if (grantable && !passing.has(privilege)) passing.set(privilege, grantee)
  for (const [privilege, by] of passing) found.push({ kind: 'grant option', by, object: named, privilege })
  // A view can be used by the privileges on some of its columns, too.
  const parts = [object, ...columnsOf(graph.catalog, object)]
  const holder = (privilege: Privilege): string | undefined => {
    const holders = flatMap(parts, (one) => [...sourcesOf(graph.catalog, one, privilege).keys()])
    return holders.includes(everybody) ? everybody : holders.find((one) => all.has(one))
  }
  const add = (
    escalation: 'security definer' | 'view' | 'server files' | 'TRIGGER' | 'REFERENCES',
    privileges: readonly Privilege[],
  ): void => {
    const by = privileges.map(holder).find((one) => one !== undefined)
    if (by !== undefined) found.push({ kind: escalation, by, object: named, owner })
  }
  if (access?.securityDefiner === true) add('security definer', ['EXECUTE'])
  if (access?.relation === 'view' && access.securityInvoker !== true)
    add('view', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])
  if (reachesFiles(graph, object)) add('server files', ['EXECUTE'])
  if (kind === 'parameter')
    for (const privilege of ['SET', 'ALTER SYSTEM'] as const) {
      const by = holder(privilege)
      if (by !== undefined) found.push({ kind: 'parameter', by, object: named, privilege })
    }
  if (kind === 'table') add('TRIGGER', ['TRIGGER'])
  if (kind === 'table' || kind === 'column') add('REFERENCES', ['REFERENCES'])
  return found
}

/** How a role may get more than it has. A superuser has everything, so that there is no more. */
export const escalationsOf = (graph: AccessGraph, role: string): readonly Escalation[] => {
  if (graph.catalog.isSuperuser(role)) return []
  const all = becomes(graph, role)
  return [
    ...byAttributes(graph, role),
    ...byMemberships(graph, role, all),
    ...flatMap(graph.catalog.objects.values(), (object) =>
      objectKinds[object.kind].privileges.length === 0 ? [] : onObject(graph, all, object),
    ),
  ]
}
