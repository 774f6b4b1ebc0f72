import type { Effect } from './effect.ts'
import type { Grant } from './grant.ts'
import type { Kept } from './kept.ts'
import type { Operation } from './operation.ts'
import type { Request } from './request.ts'
import type { Residue } from './residue.ts'
import type { PropertyName } from './role-property.ts'
import type { Unmanaged } from './snapshot.ts'
import type { ThroughPublic } from './through-public.ts'
import { flat } from '../util/collections.ts'

/** Something that is asked for but not given. */
export interface Skipped {
  readonly role: string
  /** `null`: the role itself, which does not exist and cannot be created; or a property of it. */
  readonly grant: Grant | null
  readonly property?: PropertyName
  /**
   * `absent`: something that it names does not exist. `no match`: the schema exists, but the pattern matches
   * nothing in it. `not permitted`: the acting role may not grant it. `cycle`: the role would become a member
   * of itself through others. `no effect`: it would give the role nothing. `takes away`: the mode is `additive`, and
   * to give it would take something from a role, such as the ownership from the owner.
   */
  readonly reason: 'absent' | 'no match' | 'not permitted' | 'cycle' | 'no effect' | 'takes away'
  /** A sentence without a full stop, in PostgreSQL’s tone. */
  readonly message: string
  /** For a cycle: the chain of memberships from the role that was asked for up to the role that asks for it. */
  readonly path?: readonly string[]
}

/** The version of the plan format. */
export const planFormat = 2

/** What will be done, and everything worth knowing about it beforehand. Plain data without secrets, safe in JSON. */
export interface Plan {
  /** The version of this format. */
  readonly format: typeof planFormat
  /** What the plan was made for. */
  readonly request: Request
  /** `current_user` of the session that read the snapshot. It runs every operation whose `as` names no other role. */
  readonly actingRole: string
  /**
   * The operations in order, by transaction. There is usually one; those before the last give no desired role anything.
   */
  readonly transactions: readonly (readonly Operation[])[]
  /** Roles that are dropped because they should not exist, all ownership that is lost, then LOGIN that desired roles lose, then what other roles gain or lose. */
  readonly effects: readonly Effect[]
  /** What is asked for but not given. */
  readonly skipped: readonly Skipped[]
  /**
   * What desired roles, and members of roles that list these, keep although nothing asks for it; and unused roles that
   * are not dropped.
   */
  readonly residue: readonly Residue[]
  /** What roles keep only because the mode is `additive`. */
  readonly kept: readonly Kept[]
  /**
   * What desired roles can do, on objects that the request names, only because PUBLIC can. It is no drift, and no reason not
   * to execute a plan that was made before.
   */
  readonly throughPublic: readonly ThroughPublic[]
  /** What is tied to desired roles but is not managed by pgsr. */
  readonly unmanaged: readonly Unmanaged[]
}

/** All operations of a plan, in order. */
export const operationsOf = ({ transactions }: Plan): readonly Operation[] =>
  transactions.length === 1 ? transactions[0]! : flat(transactions)
