import type { AbsentRole } from '@pgsr/planner'
import type { ObjectValue, Place } from '../text/tree.ts'
import type { PlacedAssertion } from './assertions.ts'
import type { BuiltOptions } from './options.ts'
import type { BuiltRole } from './role.ts'

/** A role that should not exist, and where it is. */
export interface BuiltAbsent {
  readonly role: AbsentRole
  readonly place: Place
  readonly object: ObjectValue | undefined
}

/** Everything that a policy says, and where. */
export interface Built extends BuiltOptions {
  readonly policy: ObjectValue
  readonly databases: readonly string[] | undefined
  readonly roles: readonly BuiltRole[]
  readonly absent: readonly BuiltAbsent[]
  readonly assertions: readonly PlacedAssertion[]
}
