import type {
  AbsentRole,
  Assertion,
  DesiredRole,
  Grant,
  ObjectName,
  PlanOptions,
  Privilege,
} from '@pgsr/planner'
import type { Position } from './problem.ts'

/** Where a password is: in a variable of the environment, or in a file. It is never in the policy. */
export type SecretReference = { readonly env: string } | { readonly file: string }

/** A role of a policy, and what it should have in each database besides. */
export interface PolicyRole extends DesiredRole {
  /** What it should have in some of the databases besides, by database. Only if the policy names several databases. */
  readonly in?: Readonly<Record<string, readonly Grant[]>>
}

/** Something that a role has, of which one may ask whether a policy asks for it. `public` is PUBLIC. */
export type AccessFact = { readonly role: string } & (
  | { readonly kind: 'privilege'; readonly privilege: Privilege; readonly object: ObjectName }
  | { readonly kind: 'ownership'; readonly object: ObjectName }
  | { readonly kind: 'membership'; readonly of: string }
)

/** Whether a policy asks for something. */
export interface Asked {
  readonly isAsked: boolean
  /** Whether the policy names the role at all. */
  readonly isNamed: boolean
  /** The first place that asks for it; left out if none does, or the policy was not read from a text. */
  readonly at?: Position
}

/** What a policy says, checked. */
export interface Policy {
  /** The databases that it is for; `undefined`: the one that the connection is to. */
  readonly databases: readonly string[] | undefined
  /** The roles. A password that is to be set is only `set`: `desiredOf` fills it in. */
  readonly desired: readonly (PolicyRole | AbsentRole)[]
  readonly options: PlanOptions
  /** What has to be true of access, for the option `assertions` of a call. */
  readonly assertions: readonly Assertion[]
  /** Where the password of each role is, by role. */
  readonly passwords: ReadonlyMap<string, SecretReference>
  /** Everything in `passwords`, each once. */
  readonly secrets: readonly SecretReference[]
  /**
   * Where the policy asks for what a plan does: the `reason` of an operation. With `null` for the grant, where the role
   * is. `public` is the role PUBLIC. `undefined` if the policy does not ask for it, or was not read from a file.
   */
  readonly lineOf: (role: string, grant: Grant | null) => Position | undefined
  /** Where the assertion of this index is. `undefined` if the policy was not read from a text. */
  readonly lineOfAssertion: (index: number) => Position | undefined
  /** Whether and where the policy asks for what a role has. A database limits this to what it asks for there. */
  readonly asksFor: (fact: AccessFact, database?: string) => Asked
}
