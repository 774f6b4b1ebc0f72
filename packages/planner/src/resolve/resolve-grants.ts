import { describeRefusal } from '../access/refusal.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { IntermediateRoles } from '../catalog/intermediate-roles.ts'
import { describeName } from '../model/describe.ts'
import type { MembershipGrant, PrivilegeGrant } from '../model/grant.ts'
import { intermediateName } from '../model/managed-role.ts'
import { takesNothing } from '../model/managed.ts'
import type { Membership } from '../model/membership.ts'
import type { ProvidedPrivilege, Reason } from '../model/operation.ts'
import type { Role } from '../model/snapshot.ts'
import { isAll } from '../model/target.ts'
import { everybody } from '../postgres/acl-item.ts'
import { heldBy } from '../postgres/acl.ts'
import {
  type AskedMembershipOptions,
  optionsOf,
  satisfy,
  together,
  withoutLoss,
  withWhatStays,
} from '../postgres/membership-option.ts'
import { getOrMake } from '../util/collections.ts'
import { futureOwner } from './future-owner.ts'
import { isNone, type NoObjects, Targets } from './match-objects.ts'
import { NewOptions } from './new-options.ts'
import type { Skips } from './skips.ts'
import {
  type Goal,
  privilegeKey,
  type TargetMembership,
  type TargetPrivilege,
  type TargetState,
} from './target-state.ts'

/** One privilege on one object that exists or will exist. */
interface Asked {
  readonly provides: ProvidedPrivilege
  /** The key of the object. */
  readonly key: string
  /** The future owner of the object. */
  readonly owner: string | undefined
  /** The intermediate roles that give this privilege. */
  readonly providers: readonly Role[]
  /** The new intermediate role that will give it, once one is needed. */
  newRole: string | undefined
}

const inherits = ({ inherit }: Membership): boolean => inherit

/** What resolving grants needs besides the catalog. */
export interface Context {
  /** The goal so far, with the future owners. */
  readonly goal: Goal
  /** The catalog after all changes of owner. */
  readonly settled: Catalog
  /** What the names of new intermediate roles are derived from. */
  readonly seed: string
  /** The roles that grants of membership name. */
  readonly joined: ReadonlySet<string>
  /** Whether a role does not exist and is not to be created. */
  readonly staysAbsent: (role: string) => boolean
  readonly skips: Skips
}

/** Resolves privileges and memberships: expands patterns, chooses or names intermediate roles. */
export class GrantResolver implements Pick<
  TargetState,
  'memberships' | 'privileges' | 'optionsNotGiven' | 'publicObjects'
> {
  readonly memberships: Map<string, Map<string, TargetMembership>> = new Map()
  readonly privileges: Map<string, TargetPrivilege> = new Map()
  readonly optionsNotGiven: Set<string> = new Set()
  readonly publicObjects: Set<string> = new Set()
  readonly #catalog: Catalog
  readonly #context: Context
  readonly #intermediate: IntermediateRoles
  readonly #targets: Targets
  /** What each grant asks for, kept because many roles ask for the same. */
  readonly #asked = new Map<PrivilegeGrant, readonly Asked[] | NoObjects>()
  readonly #newRoleFor = new Map<string, string>()
  readonly #newNames = new Set<string>()
  readonly #newOptions = new NewOptions()

  constructor(catalog: Catalog, context: Context) {
    this.#catalog = catalog
    this.#context = context
    this.#intermediate = new IntermediateRoles(catalog)
    this.#targets = new Targets(catalog, context.goal.owners)
  }

  get #access(): Goal['access'] {
    return this.#context.goal.access
  }

  get #skips(): Skips {
    return this.#context.skips
  }

  privilege(grant: PrivilegeGrant, reason: Reason): void {
    const asked = this.#askedBy(grant)
    if (isNone(asked)) return this.#skips.add(reason, asked.reason, asked.why)
    if (reason.role === everybody) this.#listForPublic(grant)
    const memberInherits =
      this.#catalog.membershipsHaveGrantors ||
      (this.#context.goal.inherits.get(reason.role) ?? this.#catalog.roles.get(reason.role)?.inherit ?? true)
    let hasNoEffect = false
    let notPermitted: Set<string> | undefined
    for (const one of asked) {
      const isOwner = one.owner === reason.role
      const direct = grant.direct || isOwner
      if (!direct && !memberInherits) hasNoEffect = true
      else {
        // An owner has every grant option anyway.
        const why = direct
          ? this.#grantDirectly(one, grant.grantable && !isOwner, reason)
          : this.#grantByRole(one, reason)
        if (why !== undefined && !this.#isGivenByPublic(grant, one)) (notPermitted ??= new Set()).add(why)
      }
    }
    for (const why of notPermitted ?? []) this.#skips.notPermitted(reason, why)
    if (hasNoEffect)
      this.#skips.add(
        reason,
        'no effect',
        'the role is NOINHERIT, and before PostgreSQL 16 gets nothing from an intermediate role; grant it directly',
      )
  }

  /**
   * Of all objects in a schema, some are often an extension’s, and not for the acting role to grant. What PUBLIC has on
   * these need not be granted.
   */
  #isGivenByPublic({ object, grantable }: PrivilegeGrant, { key, provides }: Asked): boolean {
    if (!isAll(object) || grantable) return false
    return this.#context.settled.objects.get(key)!.acl.holders(provides.privilege).has(everybody)
  }

  /** A grant to PUBLIC may list no privileges. */
  #listForPublic({ object }: PrivilegeGrant): void {
    const found = this.#targets.objectsOf(object)
    if (!isNone(found)) for (const { key } of found) this.publicObjects.add(key)
  }

  /** What a grant asks for, whichever role asks, or why there is no such object. */
  #askedBy(grant: PrivilegeGrant): readonly Asked[] | NoObjects {
    const isRepeated = this.#context.goal.roles.length > 1
    return isRepeated ? getOrMake(this.#asked, grant, () => this.#find(grant)) : this.#find(grant)
  }

  #find(grant: PrivilegeGrant): readonly Asked[] | NoObjects {
    const objects = this.#targets.objectsOf(grant.object)
    if (isNone(objects)) return objects
    const asked: Asked[] = []
    for (const privilege of grant.privileges)
      for (const { object, key, existing } of objects) {
        const owner = futureOwner(this.#catalog, this.#context.goal, key)
        const providers =
          existing === undefined || grant.direct ? [] : this.#intermediate.providing(existing, privilege)
        asked.push({ provides: { privilege, object }, key, owner, providers, newRole: undefined })
      }
    return asked
  }

  #addPrivilege(target: TargetPrivilege): void {
    const key = privilegeKey(target.key, target.privilege, target.role)
    const other = this.privileges.get(key)
    if (other === undefined || (target.grantable && !other.grantable)) this.privileges.set(key, target)
  }

  /** Why the acting role may not grant a privilege on an object. */
  #whyNotGranted({ provides, key, owner }: Asked, grantable = false): string | undefined {
    const { object, privilege } = provides
    const { overPrivileges } = this.#access
    if (owner === undefined || overPrivileges.isSuperuser) return undefined
    const existing = this.#context.settled.objects.get(key)
    const future = existing?.owner === owner ? existing : { ...existing, ...object, owner }
    const refusal = overPrivileges.objects.whyNotManaged(future, privilege, {
      statement: 'grant',
      ...(grantable && { newHolders: this.#newOptions.before(provides) }),
    })
    return refusal && describeRefusal(refusal)
  }

  #grantDirectly(asked: Asked, grantable: boolean, reason: Reason): string | undefined {
    const { provides, key } = asked
    const { object, privilege } = provides
    const { role } = reason
    const { owner, acl } = this.#context.settled.objects.get(key) ?? {}
    const held = acl && heldBy(acl, { privilege, grantee: role, grantor: owner! })
    const isHeld = held !== undefined && (held || !grantable)
    const option = { ...provides, role }
    if (grantable && !isHeld) this.#newOptions.add(option)
    const why = isHeld ? undefined : this.#whyNotGranted(asked, grantable)
    if (why !== undefined) this.#newOptions.remove(option)
    if (why !== undefined && grantable) this.optionsNotGiven.add(privilegeKey(key, privilege, role))
    // The role keeps what it already has of this.
    if (why === undefined || held !== undefined)
      this.#addPrivilege({
        object,
        key,
        privilege,
        role,
        grantable: grantable && why === undefined,
        reason,
      })
    return why
  }

  /**
   * Any trusted role that the member is already in counts. Otherwise it joins the oldest one that only this
   * database uses, that nobody else administers and that the acting role may grant; or else a new one.
   */
  #grantByRole(asked: Asked, reason: Reason): string | undefined {
    const membership: TargetMembership = { provides: asked.provides, inherit: true, reason }
    let isHeld = false
    for (const { name } of asked.providers)
      if (this.#catalog.memberships.between(name, reason.role).some(inherits)) {
        this.#addMembership(name, membership)
        isHeld = true
      }
    if (isHeld) return undefined
    const { now } = this.#access
    const reused = asked.providers.find(
      ({ name, elsewhere, administeredByOthers }) =>
        elsewhere === 0 &&
        administeredByOthers !== true &&
        now.roles.mayGrant(name, this.#context.goal.losers),
    )?.name
    const why = reused === undefined ? this.#whyNoNewRole(asked) : undefined
    if (why !== undefined) return why
    this.#addMembership(reused ?? (asked.newRole ??= this.#newRole(asked, reason)), membership)
    return undefined
  }

  #whyNoNewRole(asked: Asked): string | undefined {
    if (!this.#access.now.roles.mayCreateRoles) return `${this.#skips.acting} may not create roles`
    return this.#whyNotGranted(asked)
  }

  #newRole({ provides: { object, privilege }, key }: Asked, reason: Reason): string {
    return getOrMake(this.#newRoleFor, privilegeKey(key, privilege, ''), () => {
      const isTaken = (name: string): boolean => this.#catalog.roles.has(name) || this.#newNames.has(name)
      const { settled, seed } = this.#context
      const { oid = null } = settled.objects.get(key) ?? {}
      const role = intermediateName(settled.server, { kind: object.kind, key, oid }, privilege, seed, isTaken)
      this.#newNames.add(role)
      this.#addPrivilege({ object, key, privilege, role, grantable: false, reason })
      return role
    })
  }

  /** Adds a membership. If it is asked for more than once, it gets all options that were asked for. */
  #addMembership(role: string, membership: TargetMembership): void {
    const { role: member } = membership.reason
    const ofMember = getOrMake(this.memberships, member, () => new Map<string, TargetMembership>())
    const other = ofMember.get(role)
    ofMember.set(role, other === undefined ? membership : { ...membership, ...other })
  }

  /** A membership that a role asks for by listing its members. No role is created to be one. */
  member(grant: MembershipGrant, reason: Reason): void {
    const { role: member } = reason
    const isCreated =
      this.#access.now.roles.mayCreateRoles &&
      (this.#context.goal.desired.has(member) ||
        [...this.memberships.values()].some((roles) => roles.has(member)))
    if (this.#catalog.roles.has(member) || isCreated) this.membership(grant, reason)
    else this.#skips.add(reason, 'absent', `role ${describeName(member)} does not exist`)
  }

  /** Before 16, every membership has INHERIT and SET. */
  #withWhatStays(asked: AskedMembershipOptions, rows: readonly Membership[]): AskedMembershipOptions {
    return this.#catalog.membershipsHaveGrantors ? withWhatStays(asked, rows) : asked
  }

  membership({ role, ...options }: MembershipGrant, reason: Reason): void {
    if (role.startsWith('pg_') && !this.#catalog.roles.has(role))
      return this.#skips.add(
        reason,
        'absent',
        `role ${describeName(role)} does not exist, and the prefix "pg_" is PostgreSQL’s own`,
      )
    if (this.#context.staysAbsent(role))
      return this.#skips.add(reason, 'absent', `role ${describeName(role)} does not exist`)
    const rows = this.#catalog.memberships.between(role, reason.role)
    const { managed } = this.#context.goal
    const asked = takesNothing(managed) ? withoutLoss(options, rows) : optionsOf(options)
    const { admin, inherit, set } = asked
    if (satisfy(rows, asked) || this.#access.now.roles.mayGrant(role, this.#context.goal.losers))
      return this.#addMembership(role, { ...this.#withWhatStays(asked, rows), reason })
    this.#skips.notPermitted(reason, `${this.#skips.acting} may not grant it`)
    // The role keeps what it already has of this.
    const kept = {
      ...(admin === true && together(rows).admin && { admin }),
      ...(inherit === false && { inherit }),
      ...(set === false && { set }),
    }
    if (satisfy(rows, kept)) this.#addMembership(role, { ...kept, reason })
  }
}
