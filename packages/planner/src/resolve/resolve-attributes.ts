import type { Access } from '../access/access.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { LoginGrant, OtherAttributeGrant } from '../model/grant.ts'
import { takesNothing } from '../model/managed.ts'
import type { Reason } from '../model/operation.ts'
import type { Role } from '../model/snapshot.ts'
import { attributes, type GrantableAttribute } from '../postgres/attribute.ts'
import { getOrMake } from '../util/collections.ts'
import { additive, type Skips } from './skips.ts'
import type { TargetLogin, TargetState } from './target-state.ts'
import { isLater } from '../postgres/timestamp.ts'

/** A password that was stored while the role could not log in must not work once it can, unless a grant asks for it. */
const passwordFor = (
  existing: Role | undefined,
  { password, initial }: LoginGrant,
): TargetLogin['password'] => {
  if (password === 'keep') return existing === undefined || existing.login ? 'keep' : 'clear'
  if (initial === true) return existing?.login === true && existing.hasPassword !== false ? 'keep' : 'set'
  return existing?.passwordUnchanged === true ? 'keep' : 'set'
}

/** Resolves grants of LOGIN and other attributes. */
export class AttributeResolver implements Pick<TargetState, 'logins' | 'attributes'> {
  readonly logins: Map<string, TargetLogin> = new Map()
  readonly attributes: Map<string, Map<GrantableAttribute, Reason>> = new Map()
  readonly #catalog: Catalog
  readonly #access: Access
  readonly #skips: Skips
  readonly #takesNothing: boolean

  constructor(catalog: Catalog, access: Access, skips: Skips, { managed }: Pick<TargetState, 'managed'>) {
    this.#catalog = catalog
    this.#access = access
    this.#skips = skips
    this.#takesNothing = takesNothing(managed)
  }

  /** A role that may log in already keeps its password, and may go on as long as now, if nothing is to be taken from it. */
  #withoutLoss(login: TargetLogin, existing: Role | undefined): TargetLogin {
    if (!this.#takesNothing || existing?.login !== true) return login
    const { validUntil } = isLater(existing.validUntil, login.validUntil) ? existing : login
    // A role without a password loses none.
    if (login.password === 'set' && existing.hasPassword === false) return { ...login, validUntil }
    if (login.password === 'set')
      this.#skips.add(login.reason, 'takes away', `its password would be replaced, and ${additive}`)
    const { hashedBy: _, ...rest } = login
    return { ...rest, validUntil, password: 'keep' }
  }

  login(grant: LoginGrant, reason: Reason): void {
    const { validUntil, hashedBy } = grant
    const { role } = reason
    const existing = this.#catalog.roles.get(role)
    const asked: TargetLogin = {
      validUntil,
      password: passwordFor(existing, grant),
      ...(hashedBy !== undefined && { hashedBy }),
      reason,
    }
    const login = this.#withoutLoss(asked, existing)
    const isThere =
      existing?.login === true && existing.validUntil === login.validUntil && login.password === 'keep'
    if (isThere || this.#access.roles.mayAlter(role)) {
      this.logins.set(role, login)
      return
    }
    this.#skips.notPermitted(reason, `${this.#skips.acting} may not alter the role`)
    if (existing?.login === true)
      this.logins.set(role, { validUntil: existing.validUntil, password: 'keep', reason })
  }

  attribute({ attribute }: OtherAttributeGrant, reason: Reason): void {
    const { role } = reason
    const isThere = this.#catalog.roles.get(role)?.[attributes[attribute]] === true
    if (isThere || this.#access.roles.maySetAttribute(role, attribute))
      getOrMake(this.attributes, role, () => new Map<GrantableAttribute, Reason>()).set(attribute, reason)
    else this.#skips.notPermitted(reason, `${this.#skips.acting} may not set ${attribute}`)
  }
}
