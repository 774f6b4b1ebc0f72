import type { AbsentRole, DescribedRoles, ManagesOption } from '@pgsr/planner'
import type { Policy, PolicyRole, SecretReference } from './policy.ts'

export type { Policy, PolicyRole, SecretReference } from './policy.ts'
export { PolicyError, type PolicyProblem, type Position } from './problem.ts'

export interface ParsePolicyOptions {
  readonly file?: string
  readonly format?: 'yaml' | 'json'
}
export interface RenderPolicyOptions {
  readonly databases?: readonly string[]
  readonly manages?: ManagesOption
  readonly comments?: boolean
}
export const parsePolicy = (_text: string, _options: ParsePolicyOptions = {}): Policy => {
  throw new Error('not yet')
}
export const policyFrom = (_data: unknown, _options: { readonly file?: string } = {}): Policy => {
  throw new Error('not yet')
}
export const desiredOf = (
  _policy: Policy,
  _secretOf: (reference: SecretReference) => string,
): readonly (PolicyRole | AbsentRole)[] => {
  throw new Error('not yet')
}
export const renderPolicy = (_described: DescribedRoles, _options: RenderPolicyOptions = {}): string => {
  throw new Error('not yet')
}
