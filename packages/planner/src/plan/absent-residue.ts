import type { Catalog } from '../catalog/catalog.ts'
import { isNameable, rolesLeft, type Tie, tiesOf } from '../diff/absent-roles.ts'
import { describeFact, describeName } from '../model/describe.ts'
import type { Fact } from '../model/fact.ts'
import type { Residue } from '../model/residue.ts'
import { quoteIdent } from '../postgres/identifier.ts'
import type { Goal } from '../resolve/target-state.ts'
import { dropMappingStatement, policyStatement, revokeMembershipStatement } from '../sql/statement.ts'
import { flatMap } from '../util/collections.ts'

type End = Pick<Residue, 'statement' | 'by' | 'database'>

const superuser = 'a superuser'

const nameless = 'which no statement can spell: its names are not valid in the encoding of the database'

const byHand: End = {
  statement: '-- no statement can spell it',
  by: 'a superuser who edits the catalogs by hand',
}

/** What ends something that pgsr does not manage, by its kind. No statement ends one thing of another kind alone. */
const endOfUnmanaged = (kind: string, role: string): End => {
  if (kind.startsWith('temporary '))
    return {
      statement: '-- it goes when the session ends that has created it',
      by: 'a sync with terminateSessions',
    }
  if (kind === 'subscription of another database')
    return {
      statement: '-- ALTER SUBSCRIPTION … OWNER TO, in the database of the subscription',
      by: superuser,
    }
  const name = quoteIdent(role)
  return kind === 'pg_extension'
    ? { statement: `REASSIGN OWNED BY ${name} TO CURRENT_USER`, by: superuser }
    : { statement: `REASSIGN OWNED BY ${name} TO CURRENT_USER; DROP OWNED BY ${name}`, by: superuser }
}

const residueFor = (catalog: Catalog, goal: Goal, role: string, tie: Tie): Residue => {
  const { actingRole } = catalog.server
  const staying = (
    why: string,
    reason: Residue['reason'],
    end: End,
    fact: Fact = { kind: 'role', role },
  ) => ({
    role,
    fact,
    reason,
    message: `role ${describeName(role)} is not dropped: ${why}`,
    ...end,
  })
  const mayNot = (what: string): string => `role ${describeName(actingRole)} may not ${what}`
  switch (tie.kind) {
    case 'other database': {
      const database = describeName(tie.database)
      return staying(`it has something in database ${database}`, 'in another database', {
        database: tie.database,
        statement: `-- in database ${database}: a sync with the same absent role`,
        by: 'a role that may do there what was done here',
      })
    }
    case 'policy': {
      const { policy, table, owner } = tie.policy
      const fact = { kind: 'policy', role, policy, table } as const
      return isNameable(tie.policy)
        ? staying(
            `${describeFact(fact)} names it, and ${mayNot('alter that')}`,
            'not permitted',
            { statement: policyStatement(tie.policy, rolesLeft(goal, tie.policy)), by: ownerOr(owner) },
            fact,
          )
        : staying(`${describeFact(fact)} names it, ${nameless}`, 'not permitted', byHand, fact)
    }
    case 'user mapping': {
      const { server, owner } = tie.mapping
      const fact = { kind: 'user mapping', role, server } as const
      return isNameable(tie.mapping)
        ? staying(
            `${mayNot('drop')} ${describeFact(fact)}`,
            'not permitted',
            { statement: dropMappingStatement(tie.mapping), by: ownerOr(owner) },
            fact,
          )
        : staying(`it has ${describeFact(fact)}, ${nameless}`, 'not permitted', byHand, fact)
    }
    case 'granted membership': {
      const { row } = tie
      const why = `it has granted membership in role ${describeName(row.role)} to role ${describeName(row.member)}, and ${mayNot('revoke that')}`
      const end = { statement: revokeMembershipStatement(row), by: superuser }
      return staying(why, 'granted by the role itself', end, { kind: 'membership', ...row })
    }
    case 'unmanaged': {
      const { kind, description } = tie.unmanaged
      return staying(`it has ${kind} ${describeName(description)}`, 'not managed', endOfUnmanaged(kind, role))
    }
    case 'ownership, privileges':
      return staying('it keeps what the other entries say', 'keeps something', {
        statement: `DROP ROLE ${quoteIdent(role)}`,
        by: 'a role that may drop it, once it has nothing',
      })
    case 'not permitted':
      return staying(mayNot('drop it'), 'not permitted', {
        statement: `DROP ROLE ${quoteIdent(role)}`,
        by: 'a superuser, or a role with CREATEROLE, and from PostgreSQL 16 on ADMIN option for it',
      })
  }
}

const ownerOr = (owner: string): string => `the owner, ${describeName(owner)}, or a superuser`

/** What keeps the roles from being dropped that should not exist. */
export const absentResidue = (catalog: Catalog, goal: Goal): readonly Residue[] =>
  flatMap(goal.absent.size === 0 ? [] : tiesOf(catalog, goal), ([role, ties]) =>
    ties.map((tie) => residueFor(catalog, goal, role, tie)),
  )
