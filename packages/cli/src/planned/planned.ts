import {
  type Assertion,
  type Grant,
  hasDrift,
  operationsOf,
  type Plan,
  type Residue,
} from '@pgsr/node-postgres'
import type { SecretReference } from '@pgsr/policy'
import type { ExitName } from '../command-line/exit-codes.ts'
import type { NotNamed } from './not-named.ts'

/** Where a policy asks for something: `pgsr.yaml:12`. */
export type PlaceOf = (role: string, grant: Grant | null) => string | undefined

/** What is planned in one database. */
export interface PlannedDatabase {
  readonly database: string
  readonly plan: Plan
  /** What is planned for roles that should not exist, if it comes after what is planned in other databases. */
  readonly absent?: Plan
}

/** What has to be true of access, and where the policy says so. */
export interface PlannedAssertion {
  readonly assertion: Assertion
  readonly place?: string
}

/** A password that was not at hand. */
export interface NotAtHand {
  readonly role: string
  /** Why it was not, in words. */
  readonly why: string
  /** The plan sets it, since the role has none. Otherwise the role keeps the one that it has, compared with nothing. */
  readonly isSet: boolean
}

/** What is planned, in as many databases as the policy names. */
export interface Planned {
  /** The file that it was planned for. */
  readonly policyFile: string | undefined
  readonly databases: readonly PlannedDatabase[]
  /** Where the passwords are that it needs, by role. */
  readonly passwords: ReadonlyMap<string, SecretReference>
  /** Set if it was read from a file: what is so may have changed since. */
  readonly isSaved?: true
  /** Passwords that were not at hand when it was planned. */
  readonly notAtHand: readonly NotAtHand[]
  readonly placeOf: PlaceOf
  /** Roles that the policy could name, and does not; left out of a plan that was read from a file. */
  readonly notNamed?: readonly NotNamed[]
  /** What has to be true of access afterwards. */
  readonly assertions: readonly PlannedAssertion[]
}

/** A plan, in the order in which plans are executed. */
export interface Step {
  readonly database: string
  /** The plan as it was made. */
  readonly plan: Plan
  /** Without what it leaves to other steps. */
  readonly shown: Plan
  /** Set if it is for roles that should not exist, and comes after what is planned in other databases. */
  readonly isLater: boolean
  /** The roles that it drops, which it cannot say before the steps ahead of it are done. */
  readonly dropsAtLast: readonly string[]
  /** Set if nothing that comes after it in its database changes who has access there. */
  readonly isDecisive: boolean
}

/** Whether a role only stays because of what another step takes from it. */
const isLeftTo =
  (databases: readonly string[]) =>
  ({ database }: Residue): boolean =>
    database !== undefined && databases.includes(database)

const stepFor = (
  { database, plan, isLater, isDecisive }: Omit<Step, 'shown' | 'dropsAtLast'>,
  others: readonly string[],
  isLast = false,
): Step => {
  const isOfOthers = isLeftTo(others)
  const residue = plan.residue.filter((one) => !isOfOthers(one))
  const kept = new Set(residue.map(({ role }) => role))
  const waiting = plan.residue.filter((one) => isOfOthers(one) && !kept.has(one.role)).map(({ role }) => role)
  return {
    database,
    plan,
    shown: { ...plan, residue },
    isLater,
    isDecisive,
    dropsAtLast: isLast ? [...new Set(waiting)] : [],
  }
}

/**
 * All plans, in the order in which they are executed: the first database drops what should not exist last. These roles lose
 * there by its first plan what they have, elsewhere by the last.
 */
export const stepsIn = ({ databases }: Planned): readonly Step[] => {
  const [first, ...others] = databases
  const names = databases.map(({ database }) => database)
  return [
    ...databases.map(({ database, plan, absent }, index) =>
      stepFor({ database, plan, isLater: false, isDecisive: index === 0 || absent === undefined }, names),
    ),
    ...(first === undefined ? [] : [...others, first]).flatMap((one) => {
      if (one.absent === undefined) return []
      const isFirst = one === first
      const step = { database: one.database, plan: one.absent, isLater: true, isDecisive: !isFirst }
      return [stepFor(step, names, isFirst)]
    }),
  ]
}

/** The steps that there is something to say of. */
export const toldSteps = (planned: Planned): readonly Step[] =>
  stepsIn(planned).filter(
    ({ isLater, shown, dropsAtLast }) => !isLater || hasDrift(shown) || dropsAtLast.length > 0,
  )

/** Whether a plan leaves something undone. That a pattern matches nothing leaves nothing undone. */
export const leavesUndone = ({ skipped, residue }: Plan): boolean =>
  residue.length > 0 || skipped.some(({ reason }) => reason !== 'no match')

/** Whether roles keep passwords of which nobody knows whether they are those of the policy. */
const keepsPasswords = ({ notAtHand }: Planned): boolean => notAtHand.some(({ isSet }) => !isSet)

/** Whether a grant sets a password unless the role has it already. */
const comparesPassword = (grant: Grant): boolean =>
  grant.kind === 'attribute' &&
  grant.attribute === 'LOGIN' &&
  grant.password !== 'keep' &&
  grant.initial !== true

/** The roles that should have a password, whichever they have now. */
export const rolesWithComparedPassword = (
  desired: readonly { readonly role: string; readonly grants?: readonly Grant[] }[],
): readonly string[] =>
  desired.flatMap(({ role, grants = [] }) => (grants.some(comparesPassword) ? [role] : []))

/**
 * Whether plans are executed only with the password of a role: they set it, or compare it with the one that the role has. An
 * initial password is compared with nothing.
 */
export const needsPassword = ({ databases }: Pick<Planned, 'databases'>): ((role: string) => boolean) => {
  const plans = databases.flatMap(({ plan, absent }) => [plan, ...(absent === undefined ? [] : [absent])])
  const needed = new Set(
    plans.flatMap((plan) => [
      ...operationsOf(plan).flatMap((one) => (one.kind === 'setPassword' ? [one.role] : [])),
      ...(plan.request.kind === 'sync' ? rolesWithComparedPassword(plan.request.desired) : []),
    ]),
  )
  return (role) => needed.has(role)
}

/** Whether a role keeps a password by a saved plan that may not be the one of the policy. */
export const leavesPasswords = (planned: Planned): boolean =>
  planned.isSaved === true && keepsPasswords(planned)

/** What is said of passwords that were not at hand. */
export const notesOf = ({ notAtHand, isSaved }: Planned): readonly string[] =>
  notAtHand.flatMap(({ role, why, isSet }) => {
    const password = `the password of role ${JSON.stringify(role)}`
    if (isSaved)
      return isSet
        ? []
        : [
            `${password} was not compared when the plan was made: ${why}; it stays as it is, and pgsr apply with the policy sets it`,
          ]
    return [
      isSet
        ? `${password} is not at hand: ${why}; to apply the plan, it has to be`
        : `${password} is not compared: ${why}; a plan that is saved leaves it as it is`,
    ]
  })

/** How a command ends that only plans. */
export const exitOf = (planned: Planned): ExitName => {
  const plans = stepsIn(planned).map(({ shown }) => shown)
  if (plans.some(leavesUndone)) return 'remains'
  return plans.some(hasDrift) ? 'differs' : 'done'
}
