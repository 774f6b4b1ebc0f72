import type { Fact, Snapshot } from '@pgsr/planner'
import { defaultEntriesOf, defaultsIn, factsIn, objectIn, roleIn, textOf } from './holdings.ts'

/** What a fact lets a role do, whoever gave it: a privilege, and the right to pass it on, are two things. */
export const powersOf = (fact: Fact): string[] => {
  switch (fact.kind) {
    case 'role':
      return []
    case 'attribute':
    case 'property':
    case 'policy':
    case 'user mapping':
    case 'ownership':
      return [textOf(fact)]
    case 'membership': {
      const { kind, role, member, admin, inherit, set } = fact
      // `pg_hba.conf` can name the members of a role, whatever options they have.
      return [
        textOf({ kind, role, member }),
        ...Object.entries({ admin, inherit, set }).flatMap(([option, has]) =>
          has ? [textOf({ kind, role, member, option })] : [],
        ),
      ]
    }
    case 'privilege':
    case 'default privilege': {
      const { grantable, ...rest } = { ...fact, grantor: '' }
      return [textOf(rest), ...(grantable ? [textOf({ ...rest, grantable })] : [])]
    }
  }
}

/** Whether how long a role may log in, or its password, tells nothing of what it can do: it may not log in. */
const isIdle = (world: Snapshot, fact: Fact): boolean =>
  fact.kind === 'attribute' &&
  /^(VALID UNTIL|PASSWORD)/.test(fact.attribute) &&
  !roleIn(world, fact.role)!.login

/** What an owner has on its own object comes with the ownership. */
const isOfOwner = (worlds: readonly Snapshot[], fact: Fact): boolean =>
  fact.kind === 'privilege' && worlds.some((world) => objectIn(world, fact.object)?.owner === fact.grantee)

/** What a role may do until when, if it may do so longer than in another world. */
const isLonger = (fact: Fact, after: Snapshot): boolean =>
  fact.kind !== 'attribute' ||
  !fact.attribute.startsWith('VALID UNTIL ') ||
  (roleIn(after, fact.role)!.login && fact.attribute > `VALID UNTIL ${roleIn(after, fact.role)!.validUntil}`)

/** The facts that give roles what they can do no more. */
export const lostBetween = (before: Snapshot, after: Snapshot): Fact[] => {
  // What is as PostgreSQL has it is in no catalog.
  const future = before.defaultPrivileges.flatMap((one) => defaultEntriesOf(defaultsIn(after, one)))
  const left = new Set([...factsIn(after), ...future].flatMap(powersOf))
  return factsIn(before).filter(
    (fact) =>
      !isIdle(before, fact) &&
      !isOfOwner([before, after], fact) &&
      isLonger(fact, after) &&
      powersOf(fact).some((power) => !left.has(power)),
  )
}
