import {
  type Operation,
  operationsOf,
  type Plan,
  PlanChangedError,
  planDifferenceOf,
  planRoles,
} from '@pgsr/node-postgres'
import type pg from 'pg'
import { callOptions, type Context } from '../context.ts'

const textsOf = (all: readonly unknown[]): ReadonlySet<string> =>
  new Set(all.map((one) => JSON.stringify(one)))

/** Whether each of some things was shown before, or only says that a role is dropped which should not exist. */
const isWithin = (shown: Plan, now: Plan, absent: ReadonlySet<string>): boolean => {
  const isDrop = (one: Operation): boolean => one.kind === 'dropRole' && absent.has(one.role)
  const parts = [
    [operationsOf(shown), operationsOf(now).filter((one) => !isDrop(one))],
    [shown.effects, now.effects.filter(({ role, fact }) => fact.kind !== 'role' || !absent.has(role))],
    [shown.skipped, now.skipped],
    [shown.residue, now.residue],
  ] as const
  return parts.every(([before, after]) => {
    const known = textsOf(before)
    return after.every((one) => known.has(JSON.stringify(one)))
  })
}

/**
 * Plans again for a database whose turn comes after others. What was done there makes a difference here: roles exist by then,
 * or have nothing there any more. What is left to do has to be a part of what was shown; a role that should not exist is
 * dropped as well.
 * @throws PlanChangedError
 */
export const planLater = async (context: Context, pool: pg.Pool, shown: Plan): Promise<Plan> => {
  const { request } = shown
  if (request.kind !== 'sync') return shown
  const now = await planRoles(pool, request.desired, { ...request.options, ...callOptions(context) })
  const absent = new Set(request.desired.flatMap((one) => (one.absent === true ? [one.role] : [])))
  if (now.actingRole === shown.actingRole && isWithin(shown, now, absent)) return now
  throw new PlanChangedError({ ...planDifferenceOf(shown, now), missing: [] })
}
