import { type DesiredRole, Grant, operationsOf, plan } from '@pgsr/planner'
import * as internal from '@pgsr/planner/internal'
import { parsePolicy, policyData, policyFrom, renderPolicy } from '@pgsr/policy'
import { expect, test } from 'vitest'
import { forEveryInput } from '../../../planner/test/arbitrary/desired.ts'
import { isIntermediate } from '../../../planner/test/support/holdings.ts'

/** What roles ask for in canonical form; `undefined` if the planner refuses it. */
const requestOf = (roles: readonly DesiredRole[], options = {}): unknown => {
  try {
    return internal.requestOf(roles, options)
  } catch {
    return undefined
  }
}

test('roles that were described are the same when the policy is read, and a plan for it is empty', () => {
  let roles = 0
  let whole = 0
  forEveryInput(({ snapshot }) => {
    const names = snapshot.roles.flatMap(({ name }) => (isIntermediate(name) ? [] : [name]))
    const described = internal.describeSnapshot(snapshot, names, true)
    const text = renderPolicy(described)
    const { desired, options } = parsePolicy(text)
    expect(internal.requestOf(desired, options), text).toEqual(internal.requestOf(described.desired, {}))
    roles += desired.length

    const { scope: _, ...all } = snapshot
    const made = plan(all, desired, { ...options, allowSelf: true, allowSuperuser: true })
    const told = new Set(described.unsaid.map(({ role }) => role))
    const isTold = ({ reason }: (typeof made.transactions)[number][number]): boolean =>
      told.has(reason.role) || reason.temporary !== undefined
    expect(operationsOf(made).filter((operation) => !isTold(operation))).toEqual([])
    whole += desired.filter(({ role }) => !told.has(role)).length
  }, 80)
  expect(roles).toBeGreaterThan(150)
  expect(whole).toBeGreaterThan(40)
})

test('roles of any sort are the same when the policy is read', () => {
  let count = 0
  forEveryInput(({ desired: drawn }) => {
    const asked = drawn.map((one) => ({
      ...one,
      grants: one.grants.map((grant) =>
        grant.kind === 'attribute' && grant.attribute === 'LOGIN'
          ? Grant.login({ validUntil: grant.validUntil })
          : grant,
      ),
    }))
    const request = requestOf(asked)
    if (request === undefined) return
    count++
    const described = { desired: asked, unsaid: [] }
    const text = renderPolicy(described)
    expect(internal.requestOf(parsePolicy(text).desired, {}), text).toEqual(request)
    expect(internal.requestOf(policyFrom(policyData(described)).desired, {})).toEqual(request)
  }, 200)
  expect(count).toBeGreaterThan(40)
})
