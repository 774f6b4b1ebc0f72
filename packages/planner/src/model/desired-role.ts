import type { Grant } from './grant.ts'

/** A role and everything that it should have. Anything else that it has is taken away. */
export interface DesiredRole {
  /** The name of the role, which is created if it does not exist. */
  readonly role: string
  readonly grants: readonly Grant[]
  /**
   * Schemas in which the role keeps what it has, even if no grant asks for it: ownership of and privileges on
   * objects in them, memberships in intermediate roles that give such privileges, and default privileges.
   * What it has on the schemas themselves is managed all the same.
   */
  readonly preserveExistingGrantsInSchemas?: readonly string[]
  /**
   * Somebody else makes the role. It is not created, and its attributes, password and VALID UNTIL stay as they are.
   * Default: no.
   */
  readonly external?: boolean
}

/** For each role that keeps something, the schemas in which it keeps what it has. */
export const preservedSchemas = (
  desired: readonly DesiredRole[],
): ReadonlyMap<string, ReadonlySet<string>> => {
  const preserved = new Map<string, ReadonlySet<string>>()
  for (const { role, preserveExistingGrantsInSchemas: schemas } of desired)
    if (schemas !== undefined) preserved.set(role, new Set(schemas))
  return preserved
}
