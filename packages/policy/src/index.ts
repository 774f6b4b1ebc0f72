import type { DescribedRoles, ManagesOption } from '@pgsr/planner'

export { desiredOf } from './desired-of.ts'
export { parsePolicy, type ParsePolicyOptions, policyFrom, type PolicyFromOptions } from './parse.ts'
export type { Policy, PolicyRole, SecretReference } from './policy.ts'
export { PolicyError, type PolicyProblem, type Position } from './problem.ts'

export interface RenderPolicyOptions {
  readonly databases?: readonly string[]
  readonly manages?: ManagesOption
  readonly comments?: boolean
}
export const renderPolicy = (_described: DescribedRoles, _options: RenderPolicyOptions = {}): string => {
  throw new Error('not yet')
}
