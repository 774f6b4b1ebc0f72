import { describeFact, describeName, describeObject } from './describe.ts'
import type { Fact, PrivilegeFact } from './fact.ts'
import { privilegeFact } from './facts-of.ts'
import { attributeWords } from './attribute.ts'
import { isNameless, whyNotNamed } from './nameless.ts'
import { sortedBy, sortedUnique } from './order.ts'
import { losesOwnership, whyNotMoved } from './owner-in-outcome.ts'
import type { MembershipOption } from './membership-option.ts'
import { membershipJudge } from './membership-verdict.ts'
import { hasUselessPassword, isUnwanted } from './phase/lose-attributes.ts'
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

/**
 * What would end something: nothing that names a role that is gone; and a name that is none in the encoding of this database
 * may be one in another.
 * @param roles whom the statement names
 */
const ended = (roles: readonly string[], by: string, statement: () => string): End => {
  if (roles.some(isVanished))
    return {
      statement: '-- no statement can name a role that does not exist any more',
      by: 'a superuser who edits the catalogs by hand, or drops what it is about',
    }
  return {
    statement: roles.some(isNameless)
      ? 'ALTER ROLE … RENAME, in a database whose encoding has the name'
      : statement(),
    by,
  }
}

const stays = (role: string, fact: Fact, why: string): { role: string; fact: Fact; message: string } => ({
  role,
  fact,
  message: `role ${describeName(role)} keeps ${describeFact(fact)}: ${why}`,
})

/** Revokes a privilege as who granted it. */
export const endAsGrantor = ({ object, privilege, grantee, grantor }: PrivilegeFact): End =>
  ended(
    [grantee, grantor],
    `a superuser, or a role that may become ${describeName(grantor)}`,
    () => `SET ROLE ${quoteIdent(grantor)}; ${revokeStatement({ object, privilege, grantee })}; RESET ROLE`,
  )

/** What a desired role still holds, or has granted, that cannot be revoked. */
const heldPrivileges = (wanted: Wanted, { revoked, obstacle }: Blocked): Residue[] => {
  const { object, item, privilege, verdict } = revoked
  const { grantee, grantor } = item
  const { reason, why } = obstacle
  const fact = privilegeFact(object, item, privilege)
  const owner = `the owner, ${describeName(object.owner)}`
  const byGrantor = endAsGrantor(fact)
  const byOwner = (more = ''): End =>
    ended(
      [grantee],
      owner,
      () => `${revokeStatement({ ...fact, grantOptionOnly: verdict === 'strip grant option' })}${more}`,
    )
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
          : 'a superuser, or a sync that names a role in reassignOwnedTo',
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
        whyNotNamed(fact.owner) ??
          whyNotNamed(fact.grantee) ??
          `role ${describeName(world.server.actingRole)} may not act as role ${describeName(fact.owner)}`,
      ),
      reason: 'not permitted' as const,
      ...ended([fact.owner, fact.grantee], `a superuser, or a member of ${describeName(fact.owner)}`, () =>
        revokeDefaultStatement({ ...fact, grantOptionOnly: change === 'strip grant option' }),
      ),
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

/** From 16 on a membership is revoked in the name of who granted it. */
const grantorIn = ({ membershipsHaveGrantors }: World, { member, grantor }: Membership): string =>
  membershipsHaveGrantors ? grantor : member

/** Revokes a row of `pg_auth_members`, or options of it. */
const revokeRowStatements = (
  world: World,
  row: Membership,
  options: readonly MembershipOption[],
  behavior = '',
): string => {
  const grantor = world.membershipsHaveGrantors ? row.grantor : null
  return (options.length === 0 ? [null] : options)
    .map((option) => `${revokeMembershipStatement({ ...row, grantor, option })}${behavior}`)
    .join('; ')
}

/** That a membership stays, or options of it that it should not have. */
const staysMember = (row: Membership, options: readonly MembershipOption[], why: string) => {
  const of = options.length === 0 ? '' : `${options.join(' and ')} option of `
  const fact = { kind: 'membership', ...row } as const
  const message = `role ${describeName(row.member)} keeps ${of}${describeFact(fact)}: ${why}`
  return { role: row.member, fact, message }
}

/** A membership by which its member made another one that a third role keeps. */
const passedOnMembership = (
  world: World,
  row: Membership,
  options: readonly MembershipOption[],
): Residue => ({
  ...staysMember(row, options, 'it has made a role a member that is to stay one'),
  reason: 'passed on',
  ...ended([row.role, row.member, grantorIn(world, row)], 'a superuser', () =>
    revokeRowStatements(world, row, options, ' CASCADE'),
  ),
})

/** A membership in what has the name of an intermediate role, and gives something here and something of the cluster. */
const mixedMembership = (world: World, row: Membership): Residue => ({
  ...staysMember(row, [], 'it gives something here, and is not of this database alone'),
  reason: 'more than an intermediate role',
  ...ended(
    [row.role, row.member, grantorIn(world, row)],
    'a sync with the scope cluster, or who may revoke it',
    () => revokeRowStatements(world, row, []),
  ),
})

const foreignMembership = (world: World, row: Membership, options: readonly MembershipOption[]): Residue => {
  const { actingRole } = world.server
  const named = [row.role, row.member, grantorIn(world, row)]
  const privileges = world.membershipsHaveGrantors
    ? ` and the privileges of ${describeName(row.grantor)}`
    : ''
  return {
    ...staysMember(
      row,
      options,
      named.map(whyNotNamed).find((why) => why !== undefined) ??
        `role ${describeName(actingRole)} may not revoke it`,
    ),
    reason: 'not permitted',
    ...ended(
      named,
      `a superuser, or a role with ADMIN option for ${describeName(row.role)}${privileges}`,
      () => revokeRowStatements(world, row, options),
    ),
  }
}

const memberships = (world: World, wanted: Wanted): Residue[] => {
  const serving = new ServingRoles(world)
  const judge = membershipJudge(world, wanted, serving)
  const all: Residue[] = []
  for (const role of wanted.roles)
    for (const row of world.membershipsOf(role)) {
      const { kind, options } = judge(row)
      if (kind === 'passed on') all.push(passedOnMembership(world, row, options))
      if (kind === 'shared with another database') all.push(sharedMembership(serving, row))
      if (kind === 'more than an intermediate role') all.push(mixedMembership(world, row))
      if (kind === 'not permitted') all.push(foreignMembership(world, row, options))
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

/** Passwords that are stored, of roles that are not to log in and that the acting role may not alter. */
const passwords = (world: World, wanted: Wanted): Residue[] =>
  wanted.roles
    .filter((role) => hasUselessPassword(world, wanted, role))
    .map((role) => ({
      ...stays(
        role,
        { kind: 'attribute', role, attribute: 'PASSWORD' },
        `role ${describeName(world.server.actingRole)} may not take it away`,
      ),
      reason: 'not permitted' as const,
      statement: `ALTER ROLE ${quoteIdent(role)} PASSWORD NULL`,
      by: 'a superuser, or from PostgreSQL 16 on a role with CREATEROLE and ADMIN option for it',
    }))

/** What the desired roles still hold in the outcome and should not. */
export const residueOf = (world: World, wanted: Wanted): readonly Residue[] =>
  sortedBy(
    [
      ...attributes(world, wanted),
      ...passwords(world, wanted),
      ...memberships(world, wanted),
      ...ownerships(world, wanted),
      ...revocationsOf(world, wanted, () => true).blocked.flatMap((one) => heldPrivileges(wanted, one)),
      ...defaults(world, wanted),
    ],
    ({ role, reason, fact }) => JSON.stringify([role, reason, fact]),
  )
