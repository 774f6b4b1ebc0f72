import { applyOperation } from '../catalog/apply-operation.ts'
import { Catalog } from '../catalog/catalog.ts'
import {
  defaultPrivilegeFacts,
  mentionFacts,
  privilegeFact,
  propertyFacts,
  roleFacts,
} from '../catalog/facts.ts'
import { IntermediateRoles } from '../catalog/intermediate-roles.ts'
import { rolesWithMembers } from '../model/desired-role.ts'
import { type Fact, factKey } from '../model/fact.ts'
import { isLocalElsewhere } from '../model/managed-role.ts'
import type { Membership } from '../model/membership.ts'
import { operationsOf, type Plan } from '../model/plan.ts'
import { desiredRolesOf, heirsOf } from '../model/request.ts'
import type { Role, Snapshot } from '../model/snapshot.ts'
import { type Touched, touchedBy } from '../model/touched.ts'
import { isSameItem } from '../postgres/acl.ts'
import { attributes, attributeWords } from '../postgres/attribute.ts'
import { isInert } from '../resolve/future-owner.ts'
import { defined, flatMap, getOrMake } from '../util/collections.ts'
import { objectsTouched } from './effects.ts'

/** How the catalogs differ from what a plan predicted. */
export interface Difference {
  /** Facts that were predicted but not found. */
  readonly missing: readonly Fact[]
  /** Facts that were found but not predicted. */
  readonly unexpected: readonly Fact[]
}

const isSameRole = (one: Role, other: Role | undefined): boolean =>
  other !== undefined &&
  one.validUntil === other.validUntil &&
  attributeWords.every((attribute) => one[attributes[attribute]] === other[attributes[attribute]])

const isSameRow = (one: Membership, other: Membership): boolean =>
  one.grantor === other.grantor &&
  one.admin === other.admin &&
  one.inherit === other.inherit &&
  one.set === other.set

const has = (rows: readonly Membership[] | undefined, row: Membership): boolean =>
  rows !== undefined && rows.some((one) => isSameRow(row, one))

/** What is compared: everything about the desired roles, and what the plan touched of others. */
interface Concern {
  readonly touched: Touched
  readonly desired: ReadonlySet<string>
  /** The roles of which all members are compared. */
  readonly listing: readonly string[]
  /** The roles about which everything is compared. */
  readonly roles: ReadonlySet<string>
  /** The memberships that are compared besides theirs: of other members, and in intermediate roles of other databases. */
  readonly memberships: Touched['memberships']
  /** The keys of the objects about which everything is compared. */
  readonly objects: ReadonlySet<string>
}

const concernOf = (plan: Plan, predicted: Catalog): Concern => {
  const operations = operationsOf(plan)
  const touched = touchedBy(operations)
  const desired = new Set(desiredRolesOf(plan.request))
  const roles = new Set([...desired, ...touched.creators.keys(), ...touched.dropped])
  return {
    touched,
    desired,
    listing: plan.request.kind === 'sync' ? rolesWithMembers(plan.request.desired) : [],
    roles,
    memberships: touched.memberships.filter(
      ({ role, member }) => !roles.has(member) || isLocalElsewhere(predicted.server, role),
    ),
    objects: objectsTouched(predicted, operations),
  }
}

/**
 * Whether a role is an intermediate role of another database, and gives its members nothing here. A sync there may change its
 * memberships at the same time.
 */
const ofAnotherDatabase = (catalog: Catalog): ((role: string) => boolean) => {
  const intermediateRoles = new IntermediateRoles(catalog)
  const known = new Map<string, boolean>()
  return (role) =>
    isLocalElsewhere(catalog.server, role) &&
    getOrMake(
      known,
      role,
      () => intermediateRoles.whose(role) === 'theirs' && intermediateRoles.isPlain(role),
    )
}

/** Adds the facts to compare, some of them twice. What is the same in the other catalog is left out. */
const factsToProve = (
  catalog: Catalog,
  other: Catalog,
  { touched, desired, listing, roles, memberships, objects }: Concern,
  add: (fact: Fact) => void,
): void => {
  for (const name of new Set([...roles, ...touched.altered])) {
    const role = catalog.roles.get(name)
    if (role !== undefined && !isSameRole(role, other.roles.get(name))) roleFacts(role).forEach(add)
  }
  for (const name of desired)
    for (const fact of [...propertyFacts(catalog, name), ...mentionFacts(catalog, name)]) add(fact)
  for (const { owner, schema, on } of touched.defaults)
    defaultPrivilegeFacts(catalog.defaultsOf(owner, schema, on)).forEach(add)
  for (const defaults of catalog.defaults)
    for (const fact of defaultPrivilegeFacts(defaults))
      if (desired.has(fact.owner) || desired.has(fact.grantee)) add(fact)
  const isOfAnotherDatabase = ofAnotherDatabase(catalog)
  for (const member of roles) {
    const there = other.memberships.byRole(member)
    for (const row of catalog.memberships.ofMember(member))
      if (!has(there?.get(row.role), row) && !isOfAnotherDatabase(row.role))
        add({ kind: 'membership', ...row })
  }
  const addMembership = (row: Membership): void => {
    if (!has(other.memberships.between(row.role, row.member), row)) add({ kind: 'membership', ...row })
  }
  for (const role of listing) catalog.memberships.inRole(role).forEach(addMembership)
  for (const { role, member } of memberships) catalog.memberships.between(role, member).forEach(addMembership)
  // Others than these matter only for what the desired roles have on them.
  const compared =
    desired.size > 0 ? catalog.objects.values() : defined([...objects].map((key) => catalog.objects.get(key)))
  for (const object of compared) {
    const { key, kind, name, owner } = object
    const there = other.objects.get(key)
    const whole = objects.has(key)
    if (kind !== 'column' && owner !== there?.owner && (whole || desired.has(owner)))
      add({ kind: 'ownership', object: { kind, name }, owner })
    for (const item of object.acl.values())
      if (whole || desired.has(item.grantee) || desired.has(item.grantor))
        if (!isSameItem(item, there?.acl.get(item.grantee, item.grantor)))
          for (const privilege of item.privileges.keys()) add(privilegeFact(object, item, privilege))
  }
}

const nothingAsked = { attachable: new Set<string>(), attachableIn: new Set<string>() }

/**
 * Ownership that the acting role got because no grant asks for it, of objects that turn out to hold code: the
 * old owner could add it until the owner changed.
 */
const nowActing = (plan: Plan, found: Catalog): readonly Fact[] => {
  if (plan.request.kind !== 'sync') return []
  const heirs = heirsOf(plan.request)
  return flatMap(operationsOf(plan), (operation): Fact[] => {
    if (operation.kind !== 'setOwner' || operation.reason.grant !== null) return []
    const { object, owner, reason } = operation
    const moved = found.object(object)
    const isHarmless =
      owner !== plan.actingRole ||
      heirs.has(reason.role) ||
      (moved !== undefined && isInert(found, nothingAsked, moved))
    return isHarmless ? [] : [{ kind: 'ownership', object, owner }]
  })
}

/** What the catalogs should say after a plan has been executed. */
export class Prediction {
  readonly #plan: Plan
  readonly #outcome: Catalog
  readonly #concern: Concern

  /** @param before what they said, or should have said, before the plan */
  constructor(plan: Plan, before: Snapshot | Prediction) {
    this.#plan = plan
    this.#outcome = before instanceof Prediction ? before.#outcome.fork() : new Catalog(before)
    for (const operation of operationsOf(plan)) applyOperation(this.#outcome, operation)
    this.#concern = concernOf(plan, this.#outcome)
  }

  /** Compares this with what the catalogs do say, read within the scope of the plan; `undefined` when they agree. */
  differenceTo(found: Snapshot): Difference | undefined {
    return compare(this.#plan, this.#outcome, this.#concern, new Catalog(found))
  }
}

/**
 * Compares what the catalogs say after a plan has been executed with what it predicted; `undefined` when they agree.
 * @param before the snapshot that the plan was made from
 * @param found the snapshot after the plan, read within `scopeOf(plan)`
 */
export const differenceOf = (plan: Plan, before: Snapshot, found: Snapshot): Difference | undefined =>
  new Prediction(plan, before).differenceTo(found)

const compare = (
  plan: Plan,
  predicted: Catalog,
  concern: Concern,
  actual: Catalog,
): Difference | undefined => {
  const expected = new Map<string, { readonly fact: Fact; isFound: boolean }>()
  factsToProve(predicted, actual, concern, (fact) => expected.set(factKey(fact), { fact, isFound: false }))
  const others = new Map<string, Fact>()
  factsToProve(actual, predicted, concern, (fact) => {
    const key = factKey(fact)
    const same = expected.get(key)
    if (same === undefined) others.set(key, fact)
    else same.isFound = true
  })
  const missing: Fact[] = []
  for (const { fact, isFound } of expected.values()) if (!isFound) missing.push(fact)
  const unexpected = [...others.values(), ...nowActing(plan, actual)]
  return missing.length + unexpected.length === 0 ? undefined : { missing, unexpected }
}
