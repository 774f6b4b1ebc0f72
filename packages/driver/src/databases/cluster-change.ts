import type { DatabaseObject, Membership, Role, Snapshot } from '@pgsr/planner'
import { flatMap, objectKey, objectKinds } from '@pgsr/planner/internal'
import type { PlanSource } from '../sync/plan-source.ts'

/** The snapshot that a plan was made from, and the one that it leads to. */
export interface Outcome {
  readonly before: Snapshot
  readonly after: Snapshot
}

/** What a plan changes of what belongs to the cluster. */
export interface ClusterChange {
  readonly memberships: { readonly gone: readonly Membership[]; readonly added: readonly Membership[] }
  readonly roles: { readonly dropped: ReadonlySet<string>; readonly changed: readonly Role[] }
  /** By key. */
  readonly objects: ReadonlyMap<string, DatabaseObject>
}

const sharedObjects = ({ objects }: Snapshot): readonly DatabaseObject[] =>
  objects.filter(({ kind }) => objectKinds[kind].shared === true)

/** Those of some things that are not among others. */
const notIn = <T>(all: readonly T[], others: readonly T[]): readonly T[] => {
  const known = new Set(others.map((one) => JSON.stringify(one)))
  return all.filter((one) => !known.has(JSON.stringify(one)))
}

export const clusterChangeOf = ({ before, after }: Outcome): ClusterChange => {
  const remaining = new Set(after.roles.map(({ name }) => name))
  return {
    memberships: {
      gone: notIn(before.memberships, after.memberships),
      added: notIn(after.memberships, before.memberships),
    },
    roles: {
      dropped: new Set(flatMap(before.roles, ({ name }) => (remaining.has(name) ? [] : [name]))),
      changed: notIn(after.roles, before.roles),
    },
    objects: new Map(
      notIn(sharedObjects(after), sharedObjects(before)).map((object) => [objectKey(object), object]),
    ),
  }
}

const membershipsAfter = (
  memberships: readonly Membership[],
  roles: readonly Role[],
  { memberships: { gone, added } }: ClusterChange,
): readonly Membership[] => {
  const there = new Set(roles.map(({ name }) => name))
  const ofThese = added.filter(({ role, member }) => there.has(role) && there.has(member))
  return [...notIn(memberships, gone), ...notIn(ofThese, memberships)]
}

/** Roles with other attributes, but with what they have in this database. */
const rolesAfter = (
  { roles, scope }: Snapshot,
  { roles: { dropped, changed } }: ClusterChange,
): readonly Role[] => {
  const byName = new Map(
    flatMap(roles, (role) => (dropped.has(role.name) ? [] : [[role.name, role] as const])),
  )
  const wanted = new Set(scope?.desired)
  const isRead = (role: string): boolean => wanted.has(role) || scope?.access?.roles === 'all'
  for (const role of changed) {
    const here = byName.get(role.name)
    if (here === undefined && !isRead(role.name)) continue
    byName.set(role.name, here === undefined ? role : { ...role, elsewhere: here.elsewhere })
  }
  return [...byName.values()]
}

/** The same plans, made for what an earlier plan leads to, which has read more. */
export const onOutcome = <E>(source: PlanSource<E>, { after }: Outcome): PlanSource<E> => ({
  ...source,
  planFor: (_snapshot, ...more) => source.planFor(after, ...more),
})

/** A database as it will be when something of the cluster has been changed in another one. */
export const snapshotAfter = (snapshot: Snapshot, change: ClusterChange): Snapshot => {
  const roles = rolesAfter(snapshot, change)
  return {
    ...snapshot,
    roles,
    memberships: membershipsAfter(snapshot.memberships, roles, change),
    objects: snapshot.objects.map((object) => change.objects.get(objectKey(object)) ?? object),
  }
}

/** The same plans, made for a database as it will be by then. */
export const afterChange = <E>(source: PlanSource<E>, change: ClusterChange): PlanSource<E> => ({
  ...source,
  planFor: (snapshot, ...more) => source.planFor(snapshotAfter(snapshot, change), ...more),
})
