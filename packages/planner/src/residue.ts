import { describeFact, describeName, describeObject } from './describe.ts'
import type { Fact, PrivilegeFact } from './fact.ts'
import { privilegeFact } from './facts-of.ts'
import { objectKinds } from './object-kind.ts'
import { sortedBy, sortedUnique } from './order.ts'
import { losesOwnership, whyNotMoved } from './owner-in-outcome.ts'
import { membershipVerdict } from './phase/lose-memberships.ts'
import { losesLogin } from './phase/lose-login.ts'
import { privilegeVerdict, whyNotRevoked } from './phase/revoke-privileges.ts'
import { quoteIdent } from './quote.ts'
import { ownershipStatement, revokeMembershipStatement, revokeStatement } from './render-statement.ts'
import { ServingRoles } from './serving-roles.ts'
import type { Membership } from './snapshot.ts'
import { isPreserved, type Wanted } from './wanted.ts'
import { type World, type WorldAclItem, type WorldObject } from './world.ts'

/**
 * Something that a desired role holds, that nothing asks for, and that a plan does not take away; or an intermediate role
 * that nothing needs, and that a plan does not drop.
 */
export interface Residue {
  readonly role: string
  readonly fact: Fact
  readonly reason:
    | 'granted by another role'
    | 'granted by the role itself'
    | 'passed on'
    | 'acts as its owner'
    | 'shared with another database'
    | 'more than an intermediate role'
    | 'not permitted'
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

/** Revokes a privilege as who granted it. */
export const asGrantor = ({ object, privilege, grantee, grantor }: PrivilegeFact): string =>
  `SET ROLE ${quoteIdent(grantor)}; ${revokeStatement({ object, privilege, grantee })}; RESET ROLE`

const heldPrivileges = (world: World, wanted: Wanted, object: WorldObject, item: WorldAclItem): Residue[] =>
  [...item.privileges.keys()].flatMap((privilege): Residue[] => {
    const verdict = privilegeVerdict(wanted, object, item, privilege)
    if (verdict === 'keep') return []
    const reason = whyNotRevoked(world, wanted, object, item, privilege)
    if (reason === undefined) return []
    const fact = privilegeFact(object, item, privilege)
    const revoke = revokeStatement({ ...fact, grantOptionOnly: verdict === 'strip grant option' })
    const by = `the owner, ${describeName(object.owner)}`
    if (reason === 'passed on')
      return [
        {
          ...stays(item.grantee, fact, 'it has passed it on to others'),
          reason,
          statement: `${revoke} CASCADE`,
          by,
        },
      ]
    if (reason === 'not permitted')
      return [
        {
          ...stays(item.grantee, fact, wanted.authorityOverPrivileges.whyNotManaged(object, privilege)!),
          reason,
          statement: revoke,
          by,
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
  if (losesOwnership(wanted, object)) {
    const notMoved = whyNotMoved(wanted, object)
    if (notMoved !== undefined)
      ownership.push({
        ...stays(owner, { kind: 'ownership', object: { kind, name }, owner }, notMoved.why),
        reason: notMoved.reason,
        statement: ownershipStatement(object, 'CURRENT_USER'),
        by:
          notMoved.reason === 'not permitted'
            ? 'a superuser'
            : 'a role with which it can do no harm, or a sync that names such a role in reassignOwnedTo',
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
      wanted.desired.has(item.grantor) && item.grantor !== owner && !isPreserved(wanted, item.grantor, object)
        ? grantedPrivileges(object, item)
        : [],
    ),
  ]
}

/** A membership in an intermediate role that a copied database has too. */
const sharedMembership = (serving: ServingRoles, row: Membership): Residue => {
  const revokes = serving
    .holdingsOf(row.role)
    .filter(({ object }) => object.owner !== row.role)
    .map(({ object, privilege }) => revokeStatement({ object, privilege, grantee: row.role }))
  return {
    ...stays(row.member, { kind: 'membership', ...row }, 'the intermediate role serves another database too'),
    reason: 'shared with another database',
    statement:
      revokes.length > 0
        ? sortedUnique(revokes).join('; ')
        : revokeMembershipStatement({ ...row, grantor: null }),
    by: 'the owner of the object, in this database',
  }
}

/** Revokes one row of `pg_auth_members`, from 16 on in the name of who granted it. */
const revokeRowStatement = (world: World, row: Membership): string =>
  revokeMembershipStatement({ ...row, grantor: world.membershipsHaveGrantors ? row.grantor : null })

/** A membership by which its member made another one that a third role keeps. */
const passedOnMembership = (world: World, row: Membership): Residue => ({
  ...stays(row.member, { kind: 'membership', ...row }, 'it has made a role a member that is to stay one'),
  reason: 'passed on',
  statement: `${revokeRowStatement(world, row)} CASCADE`,
  by: 'a superuser',
})

const foreignMembership = (world: World, row: Membership): Residue => {
  const { actingRole } = world.server
  const privileges = world.membershipsHaveGrantors
    ? ` and the privileges of ${describeName(row.grantor)}`
    : ''
  return {
    ...stays(
      row.member,
      { kind: 'membership', ...row },
      `role ${describeName(actingRole)} may not revoke it`,
    ),
    reason: 'not permitted',
    statement: revokeRowStatement(world, row),
    by: `a superuser, or a role with ADMIN option for ${describeName(row.role)}${privileges}`,
  }
}

const memberships = (world: World, wanted: Wanted): Residue[] => {
  const serving = new ServingRoles(world)
  return wanted.roles.flatMap((role) =>
    world.membershipsOf(role).flatMap((row): Residue[] => {
      const verdict = membershipVerdict(world, wanted, serving, row)
      if (verdict === 'passed on') return [passedOnMembership(world, row)]
      if (verdict === 'shared with another database') return [sharedMembership(serving, row)]
      return verdict === 'not permitted' ? [foreignMembership(world, row)] : []
    }),
  )
}

const logins = (world: World, wanted: Wanted): Residue[] =>
  wanted.roles
    .filter((role) => losesLogin(world, wanted, role))
    .map((role) => ({
      ...stays(
        role,
        { kind: 'attribute', role, attribute: 'LOGIN' },
        `role ${describeName(world.server.actingRole)} may not alter it`,
      ),
      reason: 'not permitted',
      statement: `ALTER ROLE ${quoteIdent(role)} NOLOGIN PASSWORD NULL`,
      by: 'a superuser, or from PostgreSQL 16 on a role with CREATEROLE and ADMIN option for it',
    }))

/** What the desired roles still hold in the outcome and should not. */
export const residueOf = (world: World, wanted: Wanted): readonly Residue[] =>
  sortedBy(
    [
      ...logins(world, wanted),
      ...memberships(world, wanted),
      ...[...world.objects.values()].flatMap((object) => onObject(world, wanted, object)),
    ],
    ({ role, reason, fact }) => JSON.stringify([role, reason, fact]),
  )
