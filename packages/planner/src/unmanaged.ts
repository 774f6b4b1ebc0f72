import { describeFact, describeName, describeObject } from './describe.ts'
import { attributesOf, privilegeFacts } from './facts-of.ts'
import { objectKinds } from './object-kind.ts'
import { sortedBy } from './order.ts'
import { comesWithCreateRole } from './phase/lose-memberships.ts'
import type { Unmanaged } from './snapshot.ts'
import type { Wanted } from './wanted.ts'
import type { World, WorldObject } from './world.ts'

/** What every role may have without anything being granted to it, or what a grant asks for. */
const managedAttributes: ReadonlySet<string> = new Set(['LOGIN', 'INHERIT'])

const ofRole = (world: World, name: string): Unmanaged[] => {
  const role = world.roles.get(name)
  const attributes = role === undefined ? [] : attributesOf(role)
  return [
    ...attributes
      .filter((attribute) => !managedAttributes.has(attribute))
      .map((description) => ({ role: name, kind: 'attribute', description })),
    ...world
      .membershipsOf(name)
      .filter((row) => comesWithCreateRole(world, row))
      .map((row) => ({
        role: name,
        kind: 'membership',
        description: `ADMIN option for role ${describeName(row.role)}, which comes with CREATEROLE`,
      })),
    ...(world.membershipsHaveGrantors ? world.membershipsGrantedBy(name) : []).map((row) => ({
      role: name,
      kind: 'membership',
      description: `having granted membership in role ${describeName(row.role)} to role ${describeName(row.member)}`,
    })),
  ]
}

const ofObject = ({ desired }: Wanted, object: WorldObject): Unmanaged[] => {
  const { kind, owner, follows } = object
  const row = objectKinds[kind]
  const found: Unmanaged[] = []
  if (desired.has(owner) && row.ownerKeyword && !row.managesOwnership && !follows)
    found.push({ role: owner, kind, description: `ownership of ${describeObject(object)}` })
  if (row.managesPrivileges) return found
  for (const fact of privilegeFacts(object)) {
    const { grantee, grantor } = fact
    if (desired.has(grantee) && grantee !== owner)
      found.push({ role: grantee, kind, description: describeFact(fact) })
    if (desired.has(grantor) && grantor !== owner)
      found.push({
        role: grantor,
        kind,
        description: `having granted ${describeFact(fact)}, to ${describeName(grantee)}`,
      })
  }
  return found
}

const ofDefaultPrivileges = (world: World, { desired }: Wanted): Unmanaged[] =>
  world.defaultPrivileges.flatMap(({ role, schema, objectType, acl }) => {
    const what = `default privileges of role ${describeName(role)}${schema === null ? '' : ` in schema ${describeName(schema)}`} (${objectType})`
    const named = new Set([role, ...acl.flatMap(({ grantee, grantor }) => [grantee, grantor])])
    return [...named]
      .filter((name) => desired.has(name))
      .map((name) => ({ role: name, kind: 'default privileges', description: what }))
  })

/** What is tied to the desired roles in the outcome, and is not pgsr’s to manage. */
export const unmanagedOf = (world: World, wanted: Wanted): readonly Unmanaged[] =>
  sortedBy(
    [
      ...world.unmanaged.filter(({ role }) => wanted.desired.has(role)),
      ...wanted.roles.flatMap((role) => ofRole(world, role)),
      ...[...world.objects.values()].flatMap((object) => ofObject(wanted, object)),
      ...ofDefaultPrivileges(world, wanted),
    ],
    ({ role, kind, description }) => JSON.stringify([role, kind, description]),
  )
