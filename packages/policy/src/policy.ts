import type { AbsentRole, DesiredRole, Grant, PlanOptions } from '@pgsr/planner'
import type { Position } from './problem.ts'

/** Where a password is: in a variable of the environment, or in a file. It is never in the policy. */
export type SecretReference = { readonly env: string } | { readonly file: string }

/** A role of a policy, and what it should have in each database besides. */
export interface PolicyRole extends DesiredRole {
  /** What it should have in some of the databases besides, by database. Only if the policy names several databases. */
  readonly in?: Readonly<Record<string, readonly Grant[]>>
}

/** What a policy says, checked. */
export interface Policy {
  /** The databases that it is for; `undefined`: the one that the connection is to. */
  readonly databases: readonly string[] | undefined
  /** The roles. A password that is to be set is only `set`: `desiredOf` fills it in. */
  readonly desired: readonly (PolicyRole | AbsentRole)[]
  readonly options: PlanOptions
  /** Where the password of each role is, by role. */
  readonly passwords: ReadonlyMap<string, SecretReference>
  /** Everything in `passwords`, each once. */
  readonly secrets: readonly SecretReference[]
  /**
   * Where the policy asks for what a plan does: the `reason` of an operation. With `null` for the grant, where the role
   * is. `public` is the role PUBLIC. `undefined` if the policy does not ask for it, or was not read from a file.
   */
  readonly lineOf: (role: string, grant: Grant | null) => Position | undefined
}
