import { type Grant, hasDrift, type Plan } from '@pgsr/node-postgres'
import type { SecretReference } from '@pgsr/policy'
import type { ExitName } from '../command-line/exit-codes.ts'

/** Where a policy asks for something: `pgsr.yaml:12`. */
export type PlaceOf = (role: string, grant: Grant | null) => string | undefined

/** What is planned in one database. */
export interface PlannedDatabase {
  readonly database: string
  readonly plan: Plan
  /** What is planned for roles that should not exist, if it comes after what is planned in other databases. */
  readonly absent?: Plan
}

/** What is planned, in as many databases as the policy names. */
export interface Planned {
  /** The file that it was planned for. */
  readonly policyFile: string | undefined
  readonly databases: readonly PlannedDatabase[]
  /** Where the passwords are that it needs, by role. */
  readonly passwords: ReadonlyMap<string, SecretReference>
  /** Passwords that were not at hand when it was planned, and why, in words. */
  readonly notCompared: readonly string[]
  readonly placeOf: PlaceOf
}

/** All plans, in the order in which they are executed: the first database drops what should not exist last. */
export const plansIn = ({
  databases,
}: Planned): readonly { readonly database: string; readonly plan: Plan }[] => {
  const [first, ...others] = databases
  const absent = first === undefined ? [] : [...others, first]
  return [
    ...databases.map(({ database, plan }) => ({ database, plan })),
    ...absent.flatMap(({ database, absent: plan }) => (plan === undefined ? [] : [{ database, plan }])),
  ]
}

/** Whether a plan leaves something undone. That a pattern matches nothing leaves nothing undone. */
export const leavesUndone = ({ skipped, residue }: Plan): boolean =>
  residue.length > 0 || skipped.some(({ reason }) => reason !== 'no match')

/** How a command ends that only plans. */
export const exitOf = (plans: readonly Plan[]): ExitName => {
  if (plans.some(leavesUndone)) return 'remains'
  return plans.some(hasDrift) ? 'differs' : 'done'
}
