import type { OtherDatabase, Plan, Snapshot } from '@pgsr/planner'
import { flatMap } from '@pgsr/planner/internal'
import type { SyncResult } from '../functions.ts'
import type { PlanSource } from '../sync/plan-source.ts'
import type { FirstDatabase } from './same-cluster.ts'

// A plan for one database knows what roles that should not exist have in others, and leaves it to these.

/** Whether something of a role stays in a database by the plan for it. */
const isLeft = (plan: Plan | undefined, role: string): boolean =>
  plan === undefined || plan.residue.some((one) => one.role === role && one.reason !== 'in another database')

type OtherDatabases = readonly OtherDatabase[]

/** The same plans, made as if absent roles had something in other databases than they have. */
const withOthers = <E>(
  source: PlanSource<E>,
  othersIn: (snapshot: Snapshot, others: OtherDatabases) => OtherDatabases,
): PlanSource<E> => ({
  ...source,
  planFor: (snapshot, ...more) => {
    const { mentions } = snapshot
    if (mentions === undefined) return source.planFor(snapshot, ...more)
    const otherDatabases = othersIn(snapshot, mentions.otherDatabases)
    return source.planFor({ ...snapshot, mentions: { ...mentions, otherDatabases } }, ...more)
  },
})

/** Leaves out what absent roles lose in other databases by the plans for these, which are executed before. */
export const withoutOthers = <E>(source: PlanSource<E>, plans: ReadonlyMap<string, Plan>): PlanSource<E> =>
  withOthers(source, (_snapshot, others) =>
    others.filter(({ role, database }) => isLeft(plans.get(database), role)),
  )

/** Leaves it to the first database to drop absent roles: two databases must never drop the same role at once. */
export const leavingDrops = <E>(source: PlanSource<E>, { name: database }: FirstDatabase): PlanSource<E> => {
  const absent = new Set(source.scope.absent)
  return withOthers(source, ({ roles }, others) => [
    ...others.filter((one) => one.database !== database),
    ...flatMap(roles, ({ name: role }) => (absent.has(role) ? [{ role, database }] : [])),
  ])
}

/** What was done, without what was left to some databases, and was done there. */
export const withoutLeft = <T extends SyncResult>(done: T, databases: readonly string[]): T => {
  const { plan } = done
  const residue = plan.residue.filter(
    ({ database }) => database === undefined || !databases.includes(database),
  )
  return { ...done, plan: { ...plan, residue } }
}
