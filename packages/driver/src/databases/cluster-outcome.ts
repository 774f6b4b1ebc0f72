import type { DatabaseObject, Membership, Role, Snapshot } from '@pgsr/planner'
import { objectKey, objectKinds } from '@pgsr/planner/internal'
import type { PlanSource } from '../sync/plan-source.ts'

/** What a plan does to what belongs to the cluster: the snapshot that it was made from, and the one that it leads to. */
export interface ClusterOutcome {
  readonly before: Snapshot
  readonly after: Snapshot
}

const sharedObjects = ({ objects }: Snapshot): readonly DatabaseObject[] =>
  objects.filter(({ kind }) => objectKinds[kind].shared === true)

const textsOf = (all: readonly unknown[]): ReadonlySet<string> =>
  new Set(all.map((one) => JSON.stringify(one)))

/** Those of some things that are not among others. */
const notIn = <T>(all: readonly T[], others: readonly T[]): readonly T[] => {
  const known = textsOf(others)
  return all.filter((one) => !known.has(JSON.stringify(one)))
}

const membershipsAfter = (
  { memberships, roles }: Snapshot,
  { before, after }: ClusterOutcome,
): readonly Membership[] => {
  const gone = notIn(before.memberships, after.memberships)
  const there = new Set(roles.map(({ name }) => name))
  const added = notIn(after.memberships, before.memberships).filter(
    ({ role, member }) => there.has(role) && there.has(member),
  )
  return [...notIn(memberships, gone), ...notIn(added, memberships)]
}

/** Roles with other attributes, but with what they have in this database. */
const rolesAfter = ({ roles, scope }: Snapshot, { before, after }: ClusterOutcome): readonly Role[] => {
  const byName = new Map(roles.map((role) => [role.name, role]))
  const remaining = new Set(after.roles.map(({ name }) => name))
  for (const { name } of before.roles) if (!remaining.has(name)) byName.delete(name)
  const wanted = new Set(scope?.desired)
  for (const role of notIn(after.roles, before.roles)) {
    const here = byName.get(role.name)
    if (here === undefined && !wanted.has(role.name)) continue
    byName.set(role.name, here === undefined ? role : { ...role, elsewhere: here.elsewhere })
  }
  return [...byName.values()]
}

const objectsAfter = (
  { objects }: Snapshot,
  { before, after }: ClusterOutcome,
): readonly DatabaseObject[] => {
  const changed = new Map(
    notIn(sharedObjects(after), sharedObjects(before)).map((object) => [objectKey(object), object]),
  )
  return objects.map((object) => changed.get(objectKey(object)) ?? object)
}

/** The same plans, made for a database as it will be when what belongs to the cluster has been done in another one. */
export const afterCluster = <E>(source: PlanSource<E>, outcome: ClusterOutcome): PlanSource<E> => ({
  ...source,
  planFor: (snapshot, ...more) =>
    source.planFor(
      {
        ...snapshot,
        roles: rolesAfter(snapshot, outcome),
        memberships: membershipsAfter(snapshot, outcome),
        objects: objectsAfter(snapshot, outcome),
      },
      ...more,
    ),
})
