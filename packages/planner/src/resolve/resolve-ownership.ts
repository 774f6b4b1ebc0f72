import type { Access } from '../access/access.ts'
import { describeRefusal, type Refusal } from '../access/refusal.ts'
import type { AccessStages } from '../access/stages.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { describeName, describeObject } from '../model/describe.ts'
import type { OwnershipGrant } from '../model/grant.ts'
import { takesNothing } from '../model/managed.ts'
import { isNamed } from '../model/target.ts'
import { objectKey, type ObjectName } from '../postgres/object-kind.ts'
import { accessTo, futureOwner, type Ownerships } from './future-owner.ts'
import { type Found, isNone, Targets } from './match-objects.ts'
import { accessIn, settled } from './settle.ts'
import { additive, type Skips } from './skips.ts'
import { type AskedGrant, judgesAttributes, type TargetOwner, type TargetState } from './target-state.ts'

/** The future owners, and what the acting role may do then. */
export interface ResolvedOwnership {
  readonly owners: ReadonlyMap<string, TargetOwner>
  readonly access: AccessStages
  /** The catalog after all changes of owner. */
  readonly settled: Catalog
}

type Asked = AskedGrant<OwnershipGrant>

const isOwnership = (asked: AskedGrant): asked is Asked => asked.grant.kind === 'ownership'

const schemaIn = ({ grant: { object } }: Asked): ObjectName | undefined =>
  isNamed(object) && object.kind === 'schema' ? object : undefined

const inWords = (refusal: Refusal | undefined): string | undefined => refusal && describeRefusal(refusal)

/** Resolves grants of ownership, and skips those that the acting role may not carry out. */
class OwnershipResolver {
  readonly owners = new Map<string, TargetOwner>()
  readonly #catalog: Catalog
  readonly #target: TargetState
  readonly #targets: Targets
  readonly #skips: Skips

  constructor(catalog: Catalog, target: TargetState, skips: Skips) {
    this.#catalog = catalog
    this.#target = target
    this.#targets = new Targets(catalog, this.owners)
    this.#skips = skips
  }

  /** What decides who owns what, as far as it is resolved by now. */
  ownerships(access: Ownerships['access']): Ownerships {
    return { ...this.#target, owners: this.owners, access }
  }

  resolveSchemas(asked: readonly Asked[], access: Ownerships['access']): void {
    for (const reason of asked) {
      const schema = schemaIn(reason)
      if (schema !== undefined) this.#resolve(schema, reason, access)
    }
  }

  /** What follows a table comes last: its owner depends on that of the table. */
  resolveContents(asked: readonly Asked[], access: Ownerships['access']): void {
    const following: [ObjectName, Asked][] = []
    for (const reason of asked)
      if (schemaIn(reason) === undefined)
        for (const { object, existing } of this.#contentsAskedFor(reason))
          if (existing?.ownerFollows === undefined) this.#resolve(object, reason, access)
          else following.push([object, reason])
    for (const [object, reason] of following) this.#resolve(object, reason, access)
  }

  /** Of all objects in a schema, parts of an extension or of a type stay with their owners. */
  #contentsAskedFor(reason: Asked): readonly Found[] {
    const { object } = reason.grant
    const found = this.#targets.objectsOf(object)
    if (isNone(found)) {
      this.#skips.add(reason, found.reason, found.why)
      return []
    }
    return isNamed(object)
      ? found
      : found.filter(({ existing }) => existing?.part !== true || existing.owner === reason.role)
  }

  #resolve(object: ObjectName, reason: Asked, access: Ownerships['access']): void {
    const existing = this.#catalog.object(object)
    const { role } = reason
    if (existing !== undefined && existing.owner !== role && takesNothing(this.#target.managed)) {
      const { owner } = existing
      return this.#skips.add(
        reason,
        'takes away',
        `${describeObject(existing)} belongs to role ${describeName(owner)}, and ${additive}`,
      )
    }
    if (existing?.ownerFollows !== undefined) {
      if (futureOwner(this.#catalog, this.ownerships(access), existing.key) !== role)
        this.#skips.notPermitted(
          reason,
          `its owner is always that of ${describeObject(existing.ownerFollows)}`,
        )
      return
    }
    const why = this.#whyNot(object, role, access)
    if (why !== undefined) return this.#skips.notPermitted(reason, why)
    this.owners.set(objectKey(object), { object, role, reason })
  }

  /** Why a role cannot become the owner of an object. */
  #whyNot(name: ObjectName, role: string, access: Ownerships['access']): string | undefined {
    const object = this.#catalog.object(name)
    if (object === undefined) return inWords(access.now.objects.whyNotCreatedFor(role))
    if (object.owner === role) return undefined
    if (object.ownedBySuperusers && this.#losesSuperuser(role, access.now))
      return 'only superusers can own it, and the role is to lose SUPERUSER'
    const becomesSuperuser = this.#target.attributes.get(role)?.has('SUPERUSER') === true
    return inWords(accessTo({ access }, object).objects.whyNotMoved(object, role, becomesSuperuser))
  }

  /** Whether a desired role is a superuser and loses SUPERUSER. */
  #losesSuperuser(role: string, access: Access): boolean {
    const { attributes } = this.#target
    return (
      judgesAttributes(this.#target, role) &&
      this.#catalog.isSuperuser(role) &&
      !(attributes.get(role)?.has('SUPERUSER') ?? false) &&
      access.roles.maySetAttribute(role, 'SUPERUSER')
    )
  }
}

/**
 * Resolves grants of ownership. This comes before other grants: an owner needs none, a schema may have to be
 * created, and what the acting role may do depends on the owners.
 * @param target what is already resolved: attributes, and the caller’s options
 */
export const resolveOwnership = (
  catalog: Catalog,
  target: TargetState,
  now: Access,
  asked: readonly AskedGrant[],
  skips: Skips,
): ResolvedOwnership => {
  const ownerships = asked.filter(isOwnership)
  const resolver = new OwnershipResolver(catalog, target, skips)
  const first = { now, overContents: now }
  resolver.resolveSchemas(ownerships, first)
  const withSchemas = now.isSuperuser ? catalog : settled(catalog, resolver.ownerships(first), 'schemas')
  const { roles, heirs } = target
  const newOwners = [...roles, ...roles.map((role) => heirs.get(role) ?? catalog.server.actingRole)]
  const overContents = now.isSuperuser ? now : accessIn(withSchemas, catalog, newOwners)

  const second = { now, overContents }
  resolver.resolveContents(ownerships, second)
  const withContents = now.isSuperuser
    ? catalog
    : settled(withSchemas, resolver.ownerships(second), 'contents')
  const overPrivileges = now.isSuperuser ? now : accessIn(withContents, catalog, [])
  return { owners: resolver.owners, access: { now, overContents, overPrivileges }, settled: withContents }
}
