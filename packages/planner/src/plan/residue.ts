import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import { privilegeFact } from '../catalog/facts.ts'
import { IntermediateRoles } from '../catalog/intermediate-roles.ts'
import { hasUselessPassword, isUnwanted } from '../diff/attributes.ts'
import { unwantedDefaults } from '../diff/default-privileges.ts'
import { judgedMembers, membershipJudge } from '../diff/memberships.ts'
import { privilegeVerdict } from '../diff/privilege-verdict.ts'
import { propertyChanges } from '../diff/properties.ts'
import { revocationsOf } from '../diff/revocation-graph.ts'
import type { Blocked } from '../diff/revoked.ts'
import { describeFact, describeGrantee, describeName, describeObject } from '../model/describe.ts'
import type { Fact, PrivilegeFact } from '../model/fact.ts'
import type { Membership } from '../model/membership.ts'
import { isNameless, isVanished, whyNotNamed } from '../model/nameless.ts'
import type { Residue } from '../model/residue.ts'
import { propertyKey } from '../model/role-property.ts'
import { attributeWords } from '../postgres/attribute.ts'
import { quoteIdent } from '../postgres/identifier.ts'
import type { MembershipOption } from '../postgres/membership-option.ts'
import { whyNotMoved } from '../resolve/future-owner.ts'
import { lostObjects } from '../resolve/owner-changes.ts'
import type { Goal } from '../resolve/target-state.ts'
import {
  ownershipStatement,
  revokeDefaultStatement,
  revokeMembershipStatement,
  revokeStatement,
  setPropertyStatement,
} from '../sql/statement.ts'
import { flatMap, sortedBy, sortedUnique } from '../util/collections.ts'
import { absentResidue } from './absent-residue.ts'

/** What would end something, and who could run that. */
type End = Pick<Residue, 'statement' | 'by'>

/**
 * What would end something. No statement can name a role that is gone; a name that is not valid in the
 * encoding of this database may be valid in that of another.
 * @param roles the roles that the statement names
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
  message: `${describeGrantee(role)} keeps ${describeFact(fact)}: ${why}`,
})

/** Revokes a privilege as its grantor. */
export const endAsGrantor = ({ object, privilege, grantee, grantor }: PrivilegeFact): End =>
  ended(
    [grantee, grantor],
    `a superuser, or a role that may become ${describeName(grantor)}`,
    () => `SET ROLE ${quoteIdent(grantor)}; ${revokeStatement({ object, privilege, grantee })}; RESET ROLE`,
  )

/** Residue for a privilege that cannot be revoked: of the desired role that holds it, or that granted it. */
const heldPrivileges = (goal: Goal, { revoked, obstacle }: Blocked): Residue[] => {
  const { object, item, privilege, verdict } = revoked
  const { grantee, grantor } = item
  const { reason, why } = obstacle
  const fact = privilegeFact(object, item, privilege)
  const owner = isVanished(object.owner) ? 'a superuser' : `the owner, ${describeName(object.owner)}`
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
  const isHeld = goal.desired.has(grantee) && privilegeVerdict(goal, object, item, privilege) !== 'keep'
  const isLeftBehind = goal.desired.has(grantor) && grantor !== object.owner
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

const ownership = (catalog: Catalog, goal: Goal, object: CatalogObject): Residue[] => {
  const notMoved = whyNotMoved(catalog, goal, object)
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

const defaults = (catalog: Catalog, goal: Goal): Residue[] =>
  flatMap(unwantedDefaults(catalog, goal), ({ fact, change, role }) =>
    // Nobody holds a privilege that is still to be restored.
    (change === 'restore'
      ? []
      : [role, ...(goal.desired.has(fact.grantee) && fact.grantee !== role ? [fact.grantee] : [])]
    ).map((who) => ({
      ...stays(
        who,
        fact,
        whyNotNamed(fact.owner) ??
          whyNotNamed(fact.grantee) ??
          `role ${describeName(catalog.server.actingRole)} may not act as role ${describeName(fact.owner)}`,
      ),
      reason: 'not permitted' as const,
      ...ended([fact.owner, fact.grantee], `a superuser, or a member of ${describeName(fact.owner)}`, () =>
        revokeDefaultStatement({ ...fact, grantOptionOnly: change === 'strip grant option' }),
      ),
    })),
  )

/** A membership in an intermediate role that a copied database uses too. */
const sharedMembership = (intermediateRoles: IntermediateRoles, row: Membership): Residue => {
  const revokes = intermediateRoles
    .holdingsOf(row.role)
    .filter(({ object }) => object.owner !== row.role)
    .map(({ object, privilege }) => revokeStatement({ object, privilege, grantee: row.role }))
  return {
    ...stays(row.member, { kind: 'membership', ...row }, 'another database uses the intermediate role too'),
    reason: 'shared with another database',
    statement:
      revokes.length > 0
        ? sortedUnique(revokes).join('; ')
        : revokeMembershipStatement({ ...row, grantor: null }),
    by: 'the owner of the object, in this database',
  }
}

/** The grantor that REVOKE names, from 16 on; before, the member, so that no further role is named. */
const grantorIn = ({ membershipsHaveGrantors }: Catalog, { member, grantor }: Membership): string =>
  membershipsHaveGrantors ? grantor : member

/** Revokes a row of `pg_auth_members`, or options of it. */
const revokeRowStatements = (
  catalog: Catalog,
  row: Membership,
  options: readonly MembershipOption[],
  behavior = '',
): string => {
  const grantor = catalog.membershipsHaveGrantors ? row.grantor : null
  return (options.length === 0 ? [null] : options)
    .map((option) => `${revokeMembershipStatement({ ...row, grantor, option })}${behavior}`)
    .join('; ')
}

/** Says that a membership stays, or options of it that it should not have. */
const staysMember = (row: Membership, options: readonly MembershipOption[], why: string) => {
  const of = options.length === 0 ? '' : `${options.join(' and ')} option of `
  const fact = { kind: 'membership', ...row } as const
  const message = `role ${describeName(row.member)} keeps ${of}${describeFact(fact)}: ${why}`
  return { role: row.member, fact, message }
}

/** A membership whose member has made a third role a member, which that role keeps. */
const passedOnMembership = (
  catalog: Catalog,
  row: Membership,
  options: readonly MembershipOption[],
): Residue => ({
  ...staysMember(row, options, 'it has made a role a member, which is to stay one'),
  reason: 'passed on',
  ...ended([row.role, row.member, grantorIn(catalog, row)], 'a superuser', () =>
    revokeRowStatements(catalog, row, options, ' CASCADE'),
  ),
})

/** A membership in a role with the name of an intermediate role that gives something managed, and something else. */
const mixedMembership = (catalog: Catalog, row: Membership): Residue => ({
  ...staysMember(row, [], 'that role also gives something that this call does not manage'),
  reason: 'more than an intermediate role',
  ...ended(
    [row.role, row.member, grantorIn(catalog, row)],
    'a sync that manages all that the role gives, or a role that may revoke it',
    () => revokeRowStatements(catalog, row, []),
  ),
})

const foreignMembership = (
  catalog: Catalog,
  row: Membership,
  options: readonly MembershipOption[],
): Residue => {
  const { actingRole } = catalog.server
  const named = [row.role, row.member, grantorIn(catalog, row)]
  const privileges = catalog.membershipsHaveGrantors
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
      () => revokeRowStatements(catalog, row, options),
    ),
  }
}

const memberships = (catalog: Catalog, goal: Goal): Residue[] => {
  const intermediateRoles = new IntermediateRoles(catalog)
  const judge = membershipJudge(catalog, goal, intermediateRoles)
  const all: Residue[] = []
  for (const member of judgedMembers(catalog, goal))
    for (const row of catalog.memberships.ofMember(member)) {
      const { kind, options } = judge(row)
      if (kind === 'passed on') all.push(passedOnMembership(catalog, row, options))
      if (kind === 'shared with another database') all.push(sharedMembership(intermediateRoles, row))
      if (kind === 'more than an intermediate role') all.push(mixedMembership(catalog, row))
      if (kind === 'not permitted') all.push(foreignMembership(catalog, row, options))
    }
  return all
}

const attributes = (catalog: Catalog, goal: Goal): Residue[] =>
  flatMap(goal.roles, (role) =>
    attributeWords
      .filter((attribute) => isUnwanted(catalog, goal, role, attribute))
      .map((attribute) => ({
        ...stays(
          role,
          { kind: 'attribute', role, attribute },
          `role ${describeName(catalog.server.actingRole)} may not take it away`,
        ),
        reason: 'not permitted' as const,
        statement: `ALTER ROLE ${quoteIdent(role)} NO${attribute}${attribute === 'LOGIN' ? ' PASSWORD NULL' : ''}`,
        by: 'a superuser, or from PostgreSQL 16 on a role with CREATEROLE and ADMIN option for it, and the attribute',
      })),
  )

/** Connection limits, comments and settings that no list asks for, or that should have another value. */
const properties = (catalog: Catalog, goal: Goal): Residue[] =>
  flatMap(propertyChanges(catalog, goal), ({ role, name, value }) => {
    const there = catalog.properties.of(role).get(propertyKey(name))
    if (there === undefined) return []
    const may = `role ${describeName(catalog.server.actingRole)} may not change it`
    return [
      {
        ...stays(role, { kind: 'property', ...there }, may),
        reason: 'not permitted' as const,
        statement: setPropertyStatement({ role, ...name, value }),
        by: 'a superuser',
      },
    ]
  })

/** Stored passwords of roles that should not log in and that the acting role may not alter. */
const passwords = (catalog: Catalog, goal: Goal): Residue[] =>
  goal.roles
    .filter((role) => hasUselessPassword(catalog, goal, role))
    .map((role) => ({
      ...stays(
        role,
        { kind: 'attribute', role, attribute: 'PASSWORD' },
        `role ${describeName(catalog.server.actingRole)} may not take it away`,
      ),
      reason: 'not permitted' as const,
      statement: `ALTER ROLE ${quoteIdent(role)} PASSWORD NULL`,
      by: 'a superuser, or from PostgreSQL 16 on a role with CREATEROLE and ADMIN option for it',
    }))

/** What the desired roles still hold in the outcome but should not. */
export const residueOf = (catalog: Catalog, goal: Goal): readonly Residue[] =>
  sortedBy(
    [
      ...attributes(catalog, goal),
      ...passwords(catalog, goal),
      ...properties(catalog, goal),
      ...memberships(catalog, goal),
      ...flatMap(lostObjects(catalog, goal), (object) => ownership(catalog, goal, object)),
      ...flatMap(revocationsOf(catalog, goal, () => true).blocked, (one) => heldPrivileges(goal, one)),
      ...defaults(catalog, goal),
      ...absentResidue(catalog, goal),
    ],
    ({ role, reason, fact, message }) => JSON.stringify([role, reason, fact, message]),
  )
