import { describeFact, describeName, describeObject } from './describe.ts'
import type { Fact, PrivilegeFact } from './fact.ts'
import { privilegeFact } from './facts-of.ts'
import { attributeWords } from './attribute.ts'
import { sortedBy, sortedUnique } from './order.ts'
import { losesOwnership, whyNotMoved } from './owner-in-outcome.ts'
import { membershipVerdict } from './phase/lose-memberships.ts'
import { isUnwanted } from './phase/lose-attributes.ts'
import { unwantedDefaults } from './phase/default-privileges.ts'
import { type Blocked, privilegeVerdict, revocationsOf } from './revocation.ts'
import { quoteIdent } from './quote.ts'
import {
  ownershipStatement,
  revokeDefaultStatement,
  revokeMembershipStatement,
  revokeStatement,
} from './render-statement.ts'
import { ServingRoles } from './serving-roles.ts'
import type { Membership } from './snapshot.ts'
import { isVanished } from './vanished-role.ts'
import type { Wanted } from './wanted.ts'
import type { World, WorldObject } from './world.ts'

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

/** What would end something, and who could do that. */
type End = Pick<Residue, 'statement' | 'by'>

const endless: End = {
  statement: '-- no statement can name a role that does not exist any more',
  by: 'a superuser who edits the catalogs by hand, or drops what it is about',
}

/** @param roles whom the statement names */
const ended = (roles: readonly string[], end: () => End): End => (roles.some(isVanished) ? endless : end())

const stays = (role: string, fact: Fact, why: string): { role: string; fact: Fact; message: string } => ({
  role,
  fact,
  message: `role ${describeName(role)} keeps ${describeFact(fact)}: ${why}`,
})

/** Revokes a privilege as who granted it. */
export const asGrantor = ({ object, privilege, grantee, grantor }: PrivilegeFact): string =>
  `SET ROLE ${quoteIdent(grantor)}; ${revokeStatement({ object, privilege, grantee })}; RESET ROLE`

/** What a desired role still holds, or has granted, that cannot be revoked. */
const heldPrivileges = (wanted: Wanted, { revoked, obstacle }: Blocked): Residue[] => {
  const { object, item, privilege, verdict } = revoked
  const { grantee, grantor } = item
  const { reason, why } = obstacle
  const fact = privilegeFact(object, item, privilege)
  const owner = `the owner, ${describeName(object.owner)}`
  const byGrantor = ended([grantee, grantor], () => ({
    statement: asGrantor(fact),
    by: `a superuser, or a role that may become ${describeName(grantor)}`,
  }))
  const byOwner = (more = ''): End =>
    ended([grantee], () => ({
      statement: `${revokeStatement({ ...fact, grantOptionOnly: verdict === 'strip grant option' })}${more}`,
      by: owner,
    }))
  const end = {
    'granted by another role': byGrantor,
    'passed on': byOwner(' CASCADE'),
    'not permitted': byOwner(),
  }[reason]
  const isHeld = wanted.desired.has(grantee) && privilegeVerdict(wanted, object, item, privilege) !== 'keep'
  const isLeftBehind = wanted.desired.has(grantor) && grantor !== object.owner
  return [
    ...(isHeld ? [{ ...stays(grantee, fact, why), reason, ...end }] : []),
    ...(isLeftBehind
      ? [
          {
            role: grantor,
            fact,
            reason: 'granted by the role itself' as const,
            message: `role ${describeName(grantor)} stays the grantor of ${privilege} on ${describeObject(fact.object)} to ${describeName(grantee)}: ${why}`,
            ...byGrantor,
          },
        ]
      : []),
    ...(!isHeld && !isLeftBehind ? [{ ...stays(grantee, fact, why), reason, ...end }] : []),
  ]
}

const ownerships = (world: World, wanted: Wanted): Residue[] => {
  const all: Residue[] = []
  for (const object of world.objects.values())
    if (losesOwnership(wanted, object)) all.push(...ownership(world, wanted, object))
  return all
}

const ownership = (world: World, wanted: Wanted, object: WorldObject): Residue[] => {
  const notMoved = whyNotMoved(world, wanted, object)
  if (notMoved === undefined) return []
  const { kind, name, owner } = object
  return [
    {
      ...stays(owner, { kind: 'ownership', object: { kind, name }, owner }, notMoved.why),
      reason: notMoved.reason,
      statement: ownershipStatement(object, 'CURRENT_USER'),
      by:
        notMoved.reason === 'not permitted'
          ? 'a superuser'
          : 'a role with which it can do no harm, or a sync that names such a role in reassignOwnedTo',
    },
  ]
}

const defaults = (world: World, wanted: Wanted): Residue[] =>
  unwantedDefaults(world, wanted).flatMap(({ fact, change, role }) =>
    // What would have to come back, nobody holds.
    (change === 'restore'
      ? []
      : [role, ...(wanted.desired.has(fact.grantee) && fact.grantee !== role ? [fact.grantee] : [])]
    ).map((who) => ({
      ...stays(
        who,
        fact,
        isVanished(fact.owner)
          ? 'whose objects it is about does not exist any more, and nobody can speak for it'
          : `role ${describeName(world.server.actingRole)} may not act as role ${describeName(fact.owner)}`,
      ),
      reason: 'not permitted' as const,
      ...ended([fact.owner, fact.grantee], () => ({
        statement: revokeDefaultStatement({ ...fact, grantOptionOnly: change === 'strip grant option' }),
        by: `a superuser, or a member of ${describeName(fact.owner)}`,
      })),
    })),
  )

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
  ...ended([row.role, row.member], () => ({
    statement: `${revokeRowStatement(world, row)} CASCADE`,
    by: 'a superuser',
  })),
})

const foreignMembership = (world: World, row: Membership): Residue => {
  const { role, member, grantor } = row
  const privileges = world.membershipsHaveGrantors ? ` and the privileges of ${describeName(grantor)}` : ''
  const named = world.membershipsHaveGrantors ? [role, member, grantor] : [role, member]
  return {
    ...stays(
      member,
      { kind: 'membership', ...row },
      named.some(isVanished)
        ? `${isVanished(role) ? 'that role' : 'who granted it'} does not exist any more, and no statement can name it`
        : `role ${describeName(world.server.actingRole)} may not revoke it`,
    ),
    reason: 'not permitted',
    ...ended(named, () => ({
      statement: revokeRowStatement(world, row),
      by: `a superuser, or a role with ADMIN option for ${describeName(role)}${privileges}`,
    })),
  }
}

const memberships = (world: World, wanted: Wanted): Residue[] => {
  const serving = new ServingRoles(world)
  const all: Residue[] = []
  for (const role of wanted.roles)
    for (const row of world.membershipsOf(role)) {
      const verdict = membershipVerdict(world, wanted, serving, row)
      if (verdict === 'passed on') all.push(passedOnMembership(world, row))
      if (verdict === 'shared with another database') all.push(sharedMembership(serving, row))
      if (verdict === 'not permitted') all.push(foreignMembership(world, row))
    }
  return all
}

const attributes = (world: World, wanted: Wanted): Residue[] =>
  wanted.roles.flatMap((role) =>
    attributeWords
      .filter((attribute) => isUnwanted(world, wanted, role, attribute))
      .map((attribute) => ({
        ...stays(
          role,
          { kind: 'attribute', role, attribute },
          `role ${describeName(world.server.actingRole)} may not take it away`,
        ),
        reason: 'not permitted' as const,
        statement: `ALTER ROLE ${quoteIdent(role)} NO${attribute}${attribute === 'LOGIN' ? ' PASSWORD NULL' : ''}`,
        by: 'a superuser, or from PostgreSQL 16 on a role with CREATEROLE and ADMIN option for it, and the attribute',
      })),
  )

/** What the desired roles still hold in the outcome and should not. */
export const residueOf = (world: World, wanted: Wanted): readonly Residue[] =>
  sortedBy(
    [
      ...attributes(world, wanted),
      ...memberships(world, wanted),
      ...ownerships(world, wanted),
      ...revocationsOf(world, wanted, () => true).blocked.flatMap((one) => heldPrivileges(wanted, one)),
      ...defaults(world, wanted),
    ],
    ({ role, reason, fact }) => JSON.stringify([role, reason, fact]),
  )
