import type { AccessChange, DatabaseObject, ObjectName, Privilege } from '@pgsr/node-postgres'
import { hasIt, privilegesOn, type Subject } from './world.ts'

/** How a role has a privilege: without doing anything, or once it has become another one by SET ROLE. */
type How = 'has' | 'opens'

/** Who has what by PostgreSQL’s own account: read with no code of pgsr’s. */
export interface AccessOnServer {
  readonly roles: ReadonlySet<string>
  /** By object, privilege and role. */
  readonly how: ReadonlyMap<string, How>
}

type Read = (text: string) => Promise<readonly (readonly unknown[])[]>

const keyOf = ({ kind, name }: ObjectName, privilege: Privilege, role: string): string =>
  JSON.stringify([kind, name, privilege, role])

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

const subjectOf = ({ kind, name, oid }: DatabaseObject): Subject => ({
  kind,
  name,
  sql: '',
  oid: `${oid}::oid`,
})

/**
 * Columns are asked about by name, since there are others than the first, and parameters by oid of the role, which is 0 for
 * PUBLIC. Superusers have everything on a schema that is not
 * there yet, too.
 */
const hasOn = (object: DatabaseObject, privilege: Privilege, version: number): string => {
  if (object.kind === 'column')
    return `has_column_privilege(r.oid, ${object.oid}::oid, ${literal(object.name[2]!)}, '${privilege}')`
  if (object.kind === 'parameter')
    return `has_parameter_privilege(r.oid, ${literal(object.name[0]!)}, '${privilege}')`
  const has = hasIt(subjectOf(object), 'r.oid', privilege, version)
  return object.kind === 'schema'
    ? `exists (select from pg_namespace as n where n.oid = ${object.oid}) and ${has}`
    : has
}

/**
 * Asks PostgreSQL for all roles, objects and privileges.
 * @param others a condition for roles `r` that other tests make and drop meanwhile
 */
export const accessOnServer = async (
  read: Read,
  objects: readonly DatabaseObject[],
  others: string,
  version: number,
): Promise<AccessOnServer> => {
  const materialized = version >= 120000 ? 'materialized' : ''
  const roles = `existing as ${materialized} (select oid, rolname::text from pg_roles as r where not (${others})),
    anybody as ${materialized} (select * from existing union all select 0::oid, 'public'::text)`
  const asked = objects.flatMap((object) =>
    privilegesOn(subjectOf(object), version).map((privilege) => ({ object, privilege })),
  )
  const held = await read(
    `with ${roles} ${asked
      .map(
        ({ object, privilege }, index) =>
          `select ${index}, r.rolname from anybody as r where ${hasOn(object, privilege, version)}`,
      )
      .join(' union all ')}`,
  )
  const may = version >= 160000 ? 'SET' : 'MEMBER'
  const sets = await read(`with ${roles} select r.rolname, o.rolname from existing as r, existing as o
    where r.oid <> o.oid and pg_has_role(r.oid, o.oid, '${may}')`)
  const names = await read(`with ${roles} select rolname from anybody`)
  const how = new Map<string, How>()
  const holders = new Map<number, string[]>()
  for (const [index, role] of held as readonly (readonly [number, string])[]) {
    const { object, privilege } = asked[index]!
    how.set(keyOf(object, privilege, role), 'has')
    holders.set(index, [...(holders.get(index) ?? []), role])
  }
  const becoming = new Map<string, string[]>()
  for (const [role, other] of sets as readonly (readonly [string, string])[])
    becoming.set(other, [...(becoming.get(other) ?? []), role])
  for (const [index, having] of holders) {
    const { object, privilege } = asked[index]!
    for (const role of having.flatMap((holder) => becoming.get(holder) ?? []))
      if (how.get(keyOf(object, privilege, role)) === undefined)
        how.set(keyOf(object, privilege, role), 'opens')
  }
  return { roles: new Set(names.map(([role]) => role as string)), how }
}

/** A change as a line: by whom, and of what. */
export const lineOf = ({ role, change, privilege, object, bySetRole }: AccessChange): string =>
  `${role} ${change} ${privilege}${bySetRole ? ' by SET ROLE' : ''} on ${object.kind} ${object.name.join('.')}`

/** What differs between two accounts of PostgreSQL’s. A role that does not exist has what PUBLIC has. */
export const linesBetween = (
  objects: readonly ObjectName[],
  version: number,
  before: AccessOnServer,
  after: AccessOnServer,
): readonly string[] => {
  const howIn = ({ roles, how }: AccessOnServer, object: ObjectName, privilege: Privilege, role: string) =>
    how.get(keyOf(object, privilege, roles.has(role) ? role : 'public'))
  const lines: string[] = []
  for (const object of objects)
    for (const privilege of privilegesOn(object as Subject, version))
      for (const role of new Set([...before.roles, ...after.roles])) {
        const [one, other] = [before, after].map((account) => howIn(account, object, privilege, role))
        if (one === other) continue
        const line = (change: AccessChange['change'], bySetRole?: true): string =>
          lineOf({ role, change, privilege, object, ...(bySetRole && { bySetRole }) })
        if (other === 'has') lines.push(line('gains'))
        if (one === 'has') lines.push(line('loses'))
        if (one === 'opens' && other === undefined) lines.push(line('loses', true))
        if (other === 'opens') lines.push(line('gains', true))
      }
  return lines
}
