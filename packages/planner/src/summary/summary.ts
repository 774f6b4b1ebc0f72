import { describeName, describeUnmanaged } from '../model/describe.ts'
import { isIntermediateName } from '../model/managed-role.ts'
import { operationsOf, type Plan, type Skipped } from '../model/plan.ts'
import { desiredRolesOf, sessionsEndedBy } from '../model/request.ts'
import type { Residue } from '../model/residue.ts'
import { warningsOf } from '../sql/warnings.ts'
import { append, flatMap, getOrMake, sortedBy, sortedUnique } from '../util/collections.ts'
import { type Change, type Changes, changesOf, changesOfOthers, changesOfPublic } from './change.ts'
import { eachOnce, entriesOf, type SourcedItem, type SummaryEntry } from './entries.ts'

/** What some roles gain and lose. They all gain and lose the same. */
export interface RolesSummary {
  readonly roles: readonly string[]
  readonly gains: readonly SummaryEntry[]
  readonly loses: readonly SummaryEntry[]
  /** How many things each of them keeps, but holds in another way: itself, or by an intermediate role. */
  readonly rearranged: number
}

/** What is skipped, or stays, for one reason. */
export interface LeftSummary<R extends string = string> {
  readonly reason: R
  readonly messages: readonly string[]
}

/** A plan in short: plain data, safe in JSON. */
export interface Summary {
  readonly actingRole: string
  /** The roles that are synced. */
  readonly desired: readonly string[]
  readonly operations: number
  readonly transactions: number
  /** Whether the roles differ from what is asked for, even if nothing can be done about it. */
  readonly hasDrift: boolean
  /**
   * What a reader must not miss, in words: roles that are dropped, or lose an ownership or an attribute such as LOGIN or
   * SUPERUSER, what PUBLIC loses, roles that become superusers, and roles and schemas that are created because a membership or
   * an ownership names them.
   */
  readonly warnings: readonly string[]
  /** The roles that are created, without those of pgsr’s own. */
  readonly created: readonly string[]
  readonly dropped: readonly string[]
  /** The roles whose sessions are ended after the commit. */
  readonly sessionsEnded: readonly string[]
  /** How many roles of pgsr’s own are created, and how many are dropped. */
  readonly intermediate: { readonly created: number; readonly dropped: number }
  /** What the desired roles gain and lose. */
  readonly roles: readonly RolesSummary[]
  /** What PUBLIC, and so every role, gains and loses; `null` if it is nothing. */
  readonly public: RolesSummary | null
  /** What other roles gain and lose by it. */
  readonly others: readonly RolesSummary[]
  readonly skipped: readonly LeftSummary<Skipped['reason']>[]
  readonly residue: readonly LeftSummary<Residue['reason']>[]
  /** What desired roles can do only because PUBLIC can. */
  readonly throughPublic: readonly string[]
  readonly unmanaged: readonly string[]
}

/**
 * Whether the roles differ from what is asked for: the plan has something to do, or something that it cannot do is left.
 * That a pattern matches nothing is no difference.
 */
export const hasDrift = (plan: Plan): boolean =>
  operationsOf(plan).length > 0 ||
  plan.residue.length > 0 ||
  plan.skipped.some(({ reason }) => reason !== 'no match')

/** Groups the roles that gain and lose the same. */
export const rolesOf = ({ all, replaced }: Changes): readonly RolesSummary[] => {
  const byRole = new Map<string, Change[]>()
  for (const change of all) append(byRole, change.role, change)
  for (const role of replaced.keys()) getOrMake(byRole, role, () => [])
  const groups = new Map<string, RolesSummary[]>()
  for (const [role, changes] of sortedBy(byRole, ([name]) => name)) {
    const entries = (which: Change['change']): readonly SummaryEntry[] =>
      entriesOf(
        flatMap(changes, ({ change, item, sources }): readonly SourcedItem[] =>
          change === which ? [{ ...item, sources }] : [],
        ),
      )
    const its = { gains: entries('gains'), loses: entries('loses'), rearranged: replaced.get(role) ?? 0 }
    append(groups, whatever(its), { roles: [role], ...its })
  }
  return [...groups.values()].map(merged)
}

const withoutSources = (entries: readonly SummaryEntry[]) =>
  entries.map(({ kind, count, description }) => [kind, count, description])

/** What a role gains and loses, whatever asks for it. */
const whatever = ({ gains, loses, rearranged }: Omit<RolesSummary, 'roles'>): string =>
  JSON.stringify([withoutSources(gains), withoutSources(loses), rearranged])

/** Several roles that gain and lose the same, as one. */
const merged = (group: readonly RolesSummary[]): RolesSummary => {
  const [first] = group
  const sourced = (which: 'gains' | 'loses'): readonly SummaryEntry[] =>
    first![which].map((entry, index) => ({
      ...entry,
      sources: eachOnce(flatMap(group, (one) => one[which][index]!.sources)),
    }))
  return {
    ...first!,
    roles: flatMap(group, ({ roles }) => roles),
    gains: sourced('gains'),
    loses: sourced('loses'),
  }
}

const leftOf = <R extends string>(
  all: readonly { readonly reason: R; readonly message: string }[],
): readonly LeftSummary<R>[] => {
  const byReason = new Map<R, string[]>()
  for (const { reason, message } of all) append(byReason, reason, message)
  return [...byReason].map(([reason, messages]) => ({ reason, messages }))
}

/** The roles that operations of a kind are about, those of pgsr’s own apart. */
const madeBy = (plan: Plan, kind: 'createRole' | 'dropRole') => {
  const names = flatMap(operationsOf(plan), (operation) => (operation.kind === kind ? [operation.role] : []))
  const own = names.filter(isIntermediateName)
  return { ordinary: sortedUnique(names.filter((name) => !isIntermediateName(name))), own: own.length }
}

/**
 * For each role that is created although it is not desired: who is to be a member of it. For each schema that is created: who
 * is to own it. A misspelt name is one.
 */
const createdByTheWay = (plan: Plan): readonly string[] => {
  const desired = new Set(desiredRolesOf(plan.request))
  return flatMap(operationsOf(plan), (operation) => {
    const { kind, reason } = operation
    const because = `is created, because role ${describeName(reason.role)} is to`
    if (kind === 'createRole' && !desired.has(operation.role) && !isIntermediateName(operation.role))
      return [`role ${describeName(operation.role)} ${because} be a member of it`]
    return kind === 'createSchema' ? [`schema ${describeName(operation.schema)} ${because} own it`] : []
  })
}

/** Counts and groups what a plan does: what each role gains and loses, and what is left undone. */
export const summaryOf = (plan: Plan): Summary => {
  const [created, dropped] = [madeBy(plan, 'createRole'), madeBy(plan, 'dropRole')]
  return {
    actingRole: plan.actingRole,
    desired: desiredRolesOf(plan.request),
    operations: operationsOf(plan).length,
    transactions: plan.transactions.length,
    hasDrift: hasDrift(plan),
    warnings: [...warningsOf(plan), ...createdByTheWay(plan)],
    created: created.ordinary,
    dropped: dropped.ordinary,
    sessionsEnded: sessionsEndedBy(plan.request),
    intermediate: { created: created.own, dropped: dropped.own },
    roles: rolesOf(changesOf(plan)),
    public: rolesOf(changesOfPublic(plan))[0] ?? null,
    others: rolesOf(changesOfOthers(plan)),
    skipped: leftOf(plan.skipped),
    residue: leftOf(plan.residue),
    throughPublic: plan.throughPublic.map(({ message }) => message),
    unmanaged: plan.unmanaged.map(describeUnmanaged),
  }
}
