import type { ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'

/** What desired roles can do only because PUBLIC, and so everybody, can. It is no difference from what is asked for. */
export interface ThroughPublic {
  /** Sorted. */
  readonly roles: readonly string[]
  readonly privileges: readonly Privilege[]
  /** Objects of one kind, in one schema or table if they are in any. */
  readonly objects: readonly ObjectName[]
  /** In words, without a full stop. */
  readonly message: string
}
