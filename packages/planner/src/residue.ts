import { describeFact, describeName, describeObject } from './describe.ts'
import type { Fact, PrivilegeFact } from './fact.ts'
import { privilegeFact } from './facts-of.ts'
import { objectKinds } from './object-kind.ts'
import { sortedBy, sortedUnique } from './order.ts'
import { whyNotMoved } from './owner-in-outcome.ts'
import { membershipVerdict } from './phase/lose-memberships.ts'
import { privilegeVerdict, whyNotRevoked } from './phase/revoke-privileges.ts'
import { quoteIdent } from './quote.ts'
import { ownershipStatement, revokeMembershipStatement, revokeStatement } from './render-statement.ts'
import { ServingRoles } from './serving-roles.ts'
import type { Wanted } from './wanted.ts'
import { ownerIsManaged, type World, type WorldAclItem, type WorldObject } from './world.ts'

/** Something that a desired role holds, that nothing asks for, and that a plan does not take away. */
export interface Residue {
  readonly role: string
  readonly fact: Fact
  readonly reason:
    | 'granted by another role'
    | 'granted by the role itself'
    | 'passed on'
    | 'acts as its owner'
    | 'shared with another database'
  /** A sentence without a full stop, in PostgreSQL’s tone. */
  readonly message: string
  /** What would end it, and who could run that. */
  readonly statement: string
  readonly by: string
}

const stays = (role: string, fact: Fact, why: string): { role: string; fact: Fact; message: string } => ({
  role,
  fact,
  message: `role ${describeName(role)} keeps ${describeFact(fact)}: ${why}`,
})

const asGrantor = ({ object, privilege, grantee, grantor }: PrivilegeFact): string =>
  `SET ROLE ${quoteIdent(grantor)}; ${revokeStatement({ object, privilege, grantee })}; RESET ROLE`

const heldPrivileges = (world: World, wanted: Wanted, object: WorldObject, item: WorldAclItem): Residue[] =>
  [...item.privileges.keys()].flatMap((privilege): Residue[] => {
    const verdict = privilegeVerdict(wanted, object, item, privilege)
    if (verdict === 'keep') return []
    const reason = whyNotRevoked(world, object, item, privilege)
    if (reason === undefined) return []
    const fact = privilegeFact(object, item, privilege)
    if (reason === 'passed on')
      return [
        {
          ...stays(item.grantee, fact, 'it has passed it on to others'),
          reason,
          statement: `${revokeStatement({ ...fact, grantOptionOnly: verdict === 'strip grant option' })} CASCADE`,
          by: `the owner, ${describeName(object.owner)}`,
        },
      ]
    return [
      {
        ...stays(item.grantee, fact, 'only who granted it can revoke it'),
        reason,
        statement: asGrantor(fact),
        by: `a superuser, or a role that may become ${describeName(item.grantor)}`,
      },
    ]
  })

const grantedPrivileges = (object: WorldObject, item: WorldAclItem): Residue[] =>
  [...item.privileges.keys()].map((privilege): Residue => {
    const fact = privilegeFact(object, item, privilege)
    const message = `role ${describeName(item.grantor)} stays the grantor of ${privilege} on ${describeObject(fact.object)} to ${describeName(item.grantee)}`
    return {
      role: item.grantor,
      fact,
      reason: 'granted by the role itself',
      message,
      statement: asGrantor(fact),
      by: `a superuser, or a role that may become ${describeName(item.grantor)}`,
    }
  })

const onObject = (world: World, wanted: Wanted, object: WorldObject): Residue[] => {
  const { kind, name, owner, acl } = object
  const ownership: Residue[] = []
  if (wanted.desired.has(owner) && ownerIsManaged(object) && wanted.owners.get(object.key)?.role !== owner) {
    const why = whyNotMoved(wanted, object)
    if (why !== undefined)
      ownership.push({
        ...stays(owner, { kind: 'ownership', object: { kind, name }, owner }, why),
        reason: 'acts as its owner',
        statement: ownershipStatement(object, 'CURRENT_USER'),
        by: 'a role with which it can do no harm, or a sync that names such a role in reassignOwnedTo',
      })
  }
  if (!objectKinds[kind].managesPrivileges) return ownership
  const items = [...acl.values()]
  return [
    ...ownership,
    ...items.flatMap((item) =>
      wanted.desired.has(item.grantee) ? heldPrivileges(world, wanted, object, item) : [],
    ),
    ...items.flatMap((item) =>
      wanted.desired.has(item.grantor) && item.grantor !== owner ? grantedPrivileges(object, item) : [],
    ),
  ]
}

const memberships = (world: World, wanted: Wanted): Residue[] => {
  const serving = new ServingRoles(world)
  return wanted.roles.flatMap((role) =>
    world.membershipsOf(role).flatMap((row): Residue[] => {
      if (membershipVerdict(world, wanted, serving, row) !== 'residue') return []
      const revokes = serving
        .holdingsOf(row.role)
        .filter(({ object }) => object.owner !== row.role)
        .map(({ object, privilege }) => revokeStatement({ object, privilege, grantee: row.role }))
      const statement =
        revokes.length > 0
          ? sortedUnique(revokes).join('; ')
          : revokeMembershipStatement({ role: row.role, member: role })
      return [
        {
          ...stays(role, { kind: 'membership', ...row }, 'the intermediate role serves another database too'),
          reason: 'shared with another database',
          statement,
          by: 'the owner of the object, in this database',
        },
      ]
    }),
  )
}

/** What the desired roles still hold in the outcome and should not. */
export const residueOf = (world: World, wanted: Wanted): readonly Residue[] =>
  sortedBy(
    [
      ...memberships(world, wanted),
      ...[...world.objects.values()].flatMap((object) => onObject(world, wanted, object)),
    ],
    ({ role, reason, fact }) => JSON.stringify([role, reason, fact]),
  )
