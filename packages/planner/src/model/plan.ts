import type { Effect } from './effect.ts'
import type { Grant } from './grant.ts'
import type { Operation } from './operation.ts'
import type { Request } from './request.ts'
import type { Residue } from './residue.ts'
import type { Unmanaged } from './snapshot.ts'

/** Something asked for and not given. */
export interface Skipped {
  readonly role: string
  /** `null`: the role itself, which does not exist. */
  readonly grant: Grant | null
  /**
   * `absent`: what it names does not exist. `no match`: its pattern matches nothing in a schema that does. `not permitted`:
   * the acting role may not grant it. `cycle`: the role would become a member of itself through others. `no effect`: it
   * would give nothing.
   */
  readonly reason: 'absent' | 'no match' | 'not permitted' | 'cycle' | 'no effect'
  /** A sentence without a full stop, in PostgreSQL’s tone. */
  readonly message: string
  /** Of a cycle: the roles that the role asked for is a member of, one of the other, up to the role itself. */
  readonly path?: readonly string[]
}

/** The version of the format of plans. */
export const planFormat = 2

/** What will be done, and everything worth knowing about it before. Plain data without secrets, safe in JSON. */
export interface Plan {
  /** The version of this format. */
  readonly format: typeof planFormat
  readonly request: Request
  /** `current_user` of the session that read the snapshot: who runs every operation that names nobody else. */
  readonly actingRole: string
  /** The operations in order, by transaction: all but the last transaction only prepare. */
  readonly transactions: readonly (readonly Operation[])[]
  /** What roles other than the desired ones gain or lose by it, new owners apart. */
  readonly effects: readonly Effect[]
  /** What is asked for and not given. */
  readonly skipped: readonly Skipped[]
  /** What a desired role holds, should not, and keeps all the same; unused roles that are not dropped. */
  readonly residue: readonly Residue[]
  /** What is tied to a desired role but of a kind that pgsr does not manage. */
  readonly unmanaged: readonly Unmanaged[]
}

/** All operations of a plan, in order. */
export const operationsOf = ({ transactions }: Plan): readonly Operation[] =>
  transactions.length === 1 ? transactions[0]! : transactions.flat()
