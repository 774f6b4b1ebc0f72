import fc from 'fast-check'
import {
  type AclItem,
  type ObjectKind,
  objectKinds,
  type Privilege,
  type PrivilegeLetter,
  privilegeLetters,
} from '@pgsr/planner'
import { pick } from './name.ts'

/** One privilege of an ACL item. */
export interface Entry {
  readonly grantee: string
  readonly grantor: string
  readonly privilege: Privilege
  readonly grantable: boolean
}

/** A GRANT that somebody may have run; each number stands for one of the roles or privileges there are. */
export interface DrawnGrant {
  readonly grantor: number
  readonly grantee: number
  readonly privilege: number
  readonly grantable: boolean
}

const grant: fc.Arbitrary<DrawnGrant> = fc.record({
  grantor: fc.oneof(fc.constant(0), fc.nat()),
  grantee: fc.nat(),
  privilege: fc.oneof(fc.constant(0), fc.nat()),
  grantable: fc.boolean(),
})

export const grants: fc.Arbitrary<DrawnGrant[]> = fc.array(grant, { maxLength: 6 })

export const privilegesOn = (kind: ObjectKind, version: number): readonly Privilege[] =>
  objectKinds[kind].privileges.filter((privilege) => privilege !== 'MAINTAIN' || version >= 170000)

/** What an owner has on an object whose ACL nobody has touched. */
export const ownersEntries = (kind: ObjectKind, owner: string, version: number): Entry[] =>
  kind === 'column'
    ? []
    : privilegesOn(kind, version).map((privilege) => ({
        grantee: owner,
        grantor: owner,
        privilege,
        grantable: false,
      }))

/** Through whom a role has a grant option: PostgreSQL lets none of them have it from that role. */
const sourcesOf = (entries: readonly Entry[], privilege: Privilege, role: string): Set<string> => {
  const sources = new Set([role])
  for (const source of sources)
    for (const entry of entries)
      if (entry.privilege === privilege && entry.grantable && entry.grantee === source)
        sources.add(entry.grantor)
  return sources
}

/**
 * Runs those of the GRANTs that PostgreSQL would accept: only the owner, and who holds the grant option, on the object
 * or for a column on its table, can be a grantor.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/acl.c (check_circularity)
 */
export const withGrants = (
  kind: ObjectKind,
  owner: string,
  before: readonly Entry[],
  drawn: readonly DrawnGrant[],
  { roles, version, onTable = [] }: { roles: readonly string[]; version: number; onTable?: readonly Entry[] },
): Entry[] => {
  const entries = [...before]
  if (privilegesOn(kind, version).length === 0) return entries
  for (const { grantor: grantorIndex, grantee: granteeIndex, privilege: privilegeIndex, ...rest } of drawn) {
    const privilege = pick(privilegesOn(kind, version), privilegeIndex)!
    const all = [...onTable, ...entries]
    const holders = all.filter((entry) => entry.privilege === privilege && entry.grantable)
    const grantor = pick([owner, ...new Set(holders.map(({ grantee }) => grantee))], grantorIndex)!
    const grantee = pick([...roles, 'public'], granteeIndex)!
    const grantable = rest.grantable && grantee !== 'public'
    if (grantee === grantor) continue
    if (grantable && (grantee === owner || sourcesOf(all, privilege, grantor).has(grantee))) continue
    const same = entries.findIndex(
      (entry) => entry.grantee === grantee && entry.grantor === grantor && entry.privilege === privilege,
    )
    if (same < 0) entries.push({ grantee, grantor, privilege, grantable })
    else if (grantable) entries[same] = { ...entries[same]!, grantable }
  }
  return entries
}

/**
 * Takes what some have away from them, or only their grant option, without what they granted by it: PostgreSQL comes to
 * that by a REVOKE … CASCADE while they are members of the owner.
 */
export const withLosses = (owner: string, entries: readonly Entry[], losses: readonly number[]): Entry[] => {
  const passedOn = entries.filter(
    ({ grantee, grantable }) =>
      grantable && grantee !== owner && entries.some((one) => one.grantor === grantee),
  )
  const lost = new Map(losses.flatMap((loss) => (passedOn.length > 0 ? [[pick(passedOn, loss)!, loss]] : [])))
  return entries.flatMap((entry) => {
    const loss = lost.get(entry)
    if (loss === undefined) return [entry]
    return loss % 2 === 0 ? [] : [{ ...entry, grantable: false }]
  })
}

const letters = Object.keys(privilegeLetters) as PrivilegeLetter[]

/** The entries as PostgreSQL keeps them: one item for each grantee and grantor. */
export const aclOf = (entries: readonly Entry[]): AclItem[] => {
  const items = new Map(entries.map((entry) => [JSON.stringify([entry.grantee, entry.grantor]), entry]))
  return [...items.values()].map(({ grantee, grantor }) => ({
    grantee,
    grantor,
    privileges: letters
      .flatMap((letter) => {
        const found = entries.find(
          (entry) =>
            entry.grantee === grantee &&
            entry.grantor === grantor &&
            entry.privilege === privilegeLetters[letter],
        )
        return found === undefined ? [] : [found.grantable ? `${letter}*` : letter]
      })
      .join(''),
  }))
}
