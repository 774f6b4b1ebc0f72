import type { Grant } from '../model/grant.ts'
import { isNamed } from '../model/target.ts'
import { getOrMake, sortedBy } from '../util/collections.ts'
import { checkGrant } from './parse-grant.ts'
import type { Refuse } from './refuse.ts'

/** A grant that stands for all equal ones, and its text. */
export interface CheckedGrant {
  readonly grant: Grant
  readonly text: string
}

/** What is known of the grants that begin with the same parts. */
interface Known {
  readonly next: Map<unknown, Known>
  /** The checked grants for a given one that has no further part. */
  checked?: readonly CheckedGrant[]
}

const nothing = (): Known => ({ next: new Map() })

/** Everything that a grant of privileges on a named object asks for; `undefined` for other grants. */
const partsOf = (given: Grant): readonly unknown[] | undefined => {
  if (given?.kind !== 'privilege') return undefined
  const { object, privileges, direct, grantable } = given
  if (typeof object !== 'object' || object === null || !isNamed(object)) return undefined
  if (!Array.isArray(privileges) || !Array.isArray(object.name)) return undefined
  return [object.kind, direct, grantable, privileges.length, ...privileges, ...object.name]
}

/**
 * Checks grants. Many roles ask for the same: equal grants are checked once, and the request holds only one of them.
 */
export class CheckedGrants {
  readonly #byText = new Map<string, CheckedGrant>()
  readonly #given = nothing()
  readonly #areRepeated: boolean
  /** What the role before asked for, as it was given and in canonical order. */
  #before: { readonly checked: readonly CheckedGrant[]; readonly inOrder: readonly Grant[] } | undefined

  /** @param roles how many roles there are: a single one hardly repeats a grant */
  constructor(roles: number) {
    this.#areRepeated = roles > 1
  }

  /** @throws whatever `refuse` does */
  check(role: string, given: Grant, refuse: Refuse): readonly CheckedGrant[] {
    const parts = this.#areRepeated ? partsOf(given) : undefined
    if (parts === undefined) return this.#checkNew(role, given, refuse)
    let known = this.#given
    for (const part of parts) known = getOrMake(known.next, part, nothing)
    return (known.checked ??= this.#checkNew(role, given, refuse))
  }

  #checkNew(role: string, given: Grant, refuse: Refuse): readonly CheckedGrant[] {
    return checkGrant(role, given, refuse).map((grant) => {
      const text = JSON.stringify(grant)
      const make = (): CheckedGrant => ({ grant, text })
      return this.#areRepeated ? getOrMake(this.#byText, text, make) : make()
    })
  }

  /** All grants that a role asks for in canonical order, each once. */
  inOrder(checked: readonly CheckedGrant[]): readonly Grant[] {
    const { length } = checked
    const { checked: same, inOrder } = this.#before ?? {}
    if (inOrder && same?.length === length && same.every((one, index) => one === checked[index]))
      return inOrder
    const grants: Grant[] = []
    let last: string | undefined
    for (const { grant, text } of sortedBy(checked, (one) => one.text)) {
      if (text !== last) grants.push(grant)
      last = text
    }
    this.#before = { checked, inOrder: grants }
    return grants
  }
}
