import { Access } from '../access/access.ts'
import type { Join } from '../access/joins.ts'
import { applyOperation } from '../catalog/apply-operation.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { compareMemberships, type Membership } from '../model/membership.ts'
import type { Operation, Reason } from '../model/operation.ts'
import type { ObjectName } from '../postgres/object-kind.ts'
import { once } from '../util/once.ts'
import { around, temporarily, type TemporaryRight } from './temporary-right.ts'
import { flatMap } from '../util/collections.ts'

/** The roles that the acting role has to act as, SET ROLE to, or administer for some operations. */
class Needs {
  readonly actAs: Set<string> = new Set()
  readonly become: Set<string> = new Set()
  readonly administer: Set<string> = new Set()
  readonly #catalog: Catalog
  readonly #access: Access

  constructor(catalog: Catalog) {
    this.#catalog = catalog
    this.#access = new Access(catalog)
  }

  /** Notes what an operation needs, in the catalog that it is about to change. */
  add(operation: Operation): void {
    if (this.#access.isSuperuser) return
    switch (operation.kind) {
      case 'createSchema':
        this.become.add(operation.owner)
        return
      case 'setOwner':
        if (this.#becomes(operation)) return
        this.become.add(operation.owner)
        this.#create(operation.object, operation.owner)
        return this.#manage(operation.object)
      case 'grantPrivilege':
      case 'revokePrivilege':
        if (!this.#becomes(operation)) this.#manage(operation.object, operation.grantor)
        return
      case 'createRole':
      case 'dropRole':
        this.#becomes(operation)
        return
      case 'setAttribute':
      case 'setValidUntil':
      case 'setPassword':
      case 'setProperty':
      case 'clearPassword':
        if (!this.#becomes(operation)) this.administer.add(operation.role)
        return
      case 'grantMembership':
        if (!this.#becomes(operation) && operation.namesGrantor) this.actAs.add(operation.grantor)
        return
      case 'revokeMembership':
        if (this.#becomes(operation) || operation.grantor === null) return
        this.actAs.add(operation.grantor)
        this.administer.add(operation.role)
        return
      case 'grantDefaultPrivilege':
      case 'revokeDefaultPrivilege':
        if (!this.#becomes(operation)) this.actAs.add(operation.owner)
        return
      case 'setPolicyRoles':
      case 'dropPolicy':
      case 'dropUserMapping':
        if (this.#becomes(operation)) return
        this.actAs.add(operation.owner)
        if ('table' in operation) this.#manage(operation.table)
        return
    }
  }

  /** Whether an operation runs as another role. Notes that the acting role then has to SET ROLE to it. */
  #becomes({ as }: Operation): boolean {
    if (as === this.#catalog.server.actingRole) return false
    this.become.add(as)
    return true
  }

  /** Notes the role whose CREATE privilege the acting role needs to become an owner, if any. */
  #create(name: ObjectName, owner: string): void {
    const container = this.#access.schemas.containerOf(name)
    if (owner !== this.#catalog.server.actingRole || container === undefined) return
    if (this.#access.schemas.mayCreateIn(owner, container)) return
    const holder = this.#access.schemas.holderFor(container, 'CREATE')
    if (holder !== undefined) this.actAs.add(holder)
  }

  /** @param inNameOf the grantor, which may be the acting role itself */
  #manage(name: ObjectName, inNameOf?: string): void {
    const object = this.#catalog.object(name)
    if (object === undefined) return
    for (const role of [
      inNameOf ?? object.owner,
      ...(this.#access.schemas.schemaUsageHolders(object, inNameOf) ?? []),
    ])
      this.actAs.add(role)
  }
}

/**
 * What the acting role borrows for some operations: memberships in the roles in whose name it acts. From 16
 * on, a membership itself says whether its member inherits. Before, the acting role needs INHERIT, and its
 * own members cannot stay members while it is a member of them.
 */
const rightsFor = (catalog: Catalog, { actAs, become, administer }: Needs): readonly TemporaryRight[] => {
  const access = new Access(catalog)
  const { actingRole } = catalog.server
  // What may not be borrowed, the server will refuse.
  const joins = flatMap(
    [
      ...[...actAs].map((role) => access.actingAs.toActAs(role)),
      ...[...become].map((role) => access.actingAs.toSetRole(role)),
      ...[...administer].map((role) => access.actingAs.toAdminister(role)),
    ],
    (joining) => joining ?? [],
  )
  const joined = new Map(joins.map((join) => [join.role, join]))
  const inTheWay = access.graph.membersInTheWay([...joined.keys()])
  const needsOthers = [...actAs].some((role) => role !== actingRole)
  const borrower = new Borrower(catalog)
  return [
    ...(needsOthers ? borrower.inherit() : []),
    ...inTheWay.toSorted(compareMemberships).map((row) => borrower.pause(row)),
    ...[...joined.values()].map((join) => borrower.borrow(join)),
  ]
}

/**
 * Applies operations to the catalog, and returns them with what the acting role borrows before and gives back
 * after them. No operation depends on what is borrowed, so that is worked out when all are known.
 */
export const withBorrowedRights = (
  catalog: Catalog,
  doAll: (run: (operation: Operation) => void) => void,
): readonly Operation[] => {
  const operations: Operation[] = []
  const needs = once(() => new Needs(catalog))
  doAll((operation) => {
    needs().add(operation)
    applyOperation(catalog, operation)
    operations.push(operation)
  })
  if (operations.length === 0) return []
  const rights = rightsFor(catalog, needs())
  for (const operation of around(rights, [])) applyOperation(catalog, operation)
  return around(rights, operations)
}

/** Makes the operations by which things are borrowed and given back. */
class Borrower {
  readonly #catalog: Catalog
  readonly #actingRole: string

  constructor(catalog: Catalog) {
    this.#catalog = catalog
    this.#actingRole = catalog.server.actingRole
  }

  #base(temporary: NonNullable<Reason['temporary']>): Pick<Operation, 'as' | 'reason'> {
    return { as: this.#actingRole, reason: temporarily(temporary, this.#actingRole) }
  }

  inherit(): readonly TemporaryRight[] {
    const role = this.#actingRole
    if (this.#catalog.membershipsHaveGrantors || this.#catalog.roles.get(role)!.inherit) return []
    const of = { kind: 'setAttribute', role, attribute: 'INHERIT' } as const
    return [
      {
        before: [{ ...of, value: true, ...this.#base('borrow') }],
        after: [{ ...of, value: false, ...this.#base('give back') }],
      },
    ]
  }

  pause({ role, member, admin }: Membership): TemporaryRight {
    const of = { role, member }
    const grantor = this.#actingRole
    return {
      before: [{ kind: 'revokeMembership', ...of, grantor: null, option: null, ...this.#base('pause') }],
      after: [{ kind: 'grantMembership', ...of, grantor, ...(admin && { admin }), ...this.#base('resume') }],
    }
  }

  /** GRANT of a role that is already granted changes the options of that membership, which are put back. */
  borrow({ role, as, grantor }: Join): TemporaryRight {
    const hasGrantors = this.#catalog.membershipsHaveGrantors
    const of = { role, member: this.#actingRole }
    const granted = {
      kind: 'grantMembership',
      ...of,
      grantor,
      ...(grantor !== as && { namesGrantor: true as const }),
    } as const
    const existing = this.#catalog.memberships
      .between(role, this.#actingRole)
      .find((row) => hasGrantors && row.grantor === grantor)
    const giveBack = { ...this.#base('give back'), as }
    return {
      before: [
        {
          ...granted,
          ...(hasGrantors && { options: { inherit: true, set: true } }),
          ...this.#base('borrow'),
          as,
        },
      ],
      after: [
        existing
          ? { ...granted, options: { inherit: existing.inherit, set: existing.set }, ...giveBack }
          : {
              kind: 'revokeMembership',
              ...of,
              grantor: hasGrantors ? grantor : null,
              option: null,
              ...giveBack,
            },
      ],
    }
  }
}
