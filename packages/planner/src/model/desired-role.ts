import type { Grant } from './grant.ts'

/** A role and everything it should have. What it has beyond that is taken away. */
export interface DesiredRole {
  readonly role: string
  readonly grants: readonly Grant[]
  /**
   * In these schemas it keeps whatever it has on what is inside them, asked for or not: ownerships, privileges, and
   * memberships in intermediate roles. What it has on the schemas themselves is managed all the same.
   */
  readonly preserveExistingGrantsInSchemas?: readonly string[]
}

/** By role: the schemas in which it keeps whatever it has. */
export const preservedSchemas = (desired: readonly DesiredRole[]): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map(
    desired.map(({ role, preserveExistingGrantsInSchemas = [] }) => [
      role,
      new Set(preserveExistingGrantsInSchemas),
    ]),
  )
