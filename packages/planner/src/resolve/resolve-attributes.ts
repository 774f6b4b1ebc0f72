import type { Access } from '../access/access.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { LoginGrant, OtherAttributeGrant } from '../model/grant.ts'
import type { Reason } from '../model/operation.ts'
import type { Role } from '../model/snapshot.ts'
import { attributes, type GrantableAttribute } from '../postgres/attribute.ts'
import { getOrMake } from '../util/collections.ts'
import type { Skips } from './skips.ts'
import type { TargetLogin, TargetState } from './target-state.ts'

/** A password that was stored while the role could not log in must not work once it can, unless a grant asks for it. */
const passwordFor = (
  existing: Role | undefined,
  password: LoginGrant['password'],
): TargetLogin['password'] => {
  if (password === 'keep') return existing === undefined || existing.login ? 'keep' : 'clear'
  return existing?.passwordUnchanged === true ? 'keep' : 'set'
}

/** Resolves grants of LOGIN and other attributes. */
export class AttributeResolver implements Pick<TargetState, 'logins' | 'attributes'> {
  readonly logins: Map<string, TargetLogin> = new Map()
  readonly attributes: Map<string, Map<GrantableAttribute, Reason>> = new Map()
  readonly #catalog: Catalog
  readonly #access: Access
  readonly #skips: Skips

  constructor(catalog: Catalog, access: Access, skips: Skips) {
    this.#catalog = catalog
    this.#access = access
    this.#skips = skips
  }

  login({ validUntil, password, hashedBy }: LoginGrant, reason: Reason): void {
    const { role } = reason
    const existing = this.#catalog.roles.get(role)
    const login: TargetLogin = {
      validUntil,
      password: passwordFor(existing, password),
      ...(hashedBy !== undefined && { hashedBy }),
      reason,
    }
    const isThere =
      existing?.login === true && existing.validUntil === validUntil && login.password === 'keep'
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
