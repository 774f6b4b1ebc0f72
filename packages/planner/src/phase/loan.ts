import { apply } from '../apply.ts'
import { Authority } from '../authority.ts'
import type { Join } from '../joins.ts'
import type { ObjectName } from '../object-kind.ts'
import type { Operation, Reason } from '../operation.ts'
import { sortedBy } from '../order.ts'
import type { Membership } from '../snapshot.ts'
import { membershipKey, type World } from '../world.ts'

/** What is done before the operations that need it, and what undoes it after them. */
interface Loan {
  readonly before: Operation
  readonly after: Operation
}

/** Whose privileges the acting role needs for some operations, and whom it has to be able to make an owner. */
class Needs {
  readonly actAs: Set<string> = new Set()
  readonly become: Set<string> = new Set()
  readonly administer: Set<string> = new Set()
  readonly #world: World
  readonly #authority: Authority

  constructor(world: World) {
    this.#world = world
    this.#authority = new Authority(world)
  }

  /** Notes what an operation needs, in the world that it is about to change. */
  add(operation: Operation): void {
    if (this.#authority.isSuperuser) return
    switch (operation.kind) {
      case 'createSchema':
        this.become.add(operation.owner)
        return
      case 'setOwner':
        if (this.#speak(operation)) return
        this.become.add(operation.owner)
        this.#create(operation.object, operation.owner)
        return this.#manage(operation.object)
      case 'grantPrivilege':
      case 'revokePrivilege':
        if (!this.#speak(operation)) this.#manage(operation.object, operation.grantor)
        return
      case 'createRole':
      case 'dropRole':
        this.#speak(operation)
        return
      case 'setAttribute':
      case 'setValidUntil':
      case 'setPassword':
      case 'clearPassword':
        if (!this.#speak(operation)) this.administer.add(operation.role)
        return
      case 'grantMembership':
        if (!this.#speak(operation) && operation.namesGrantor) this.actAs.add(operation.grantor)
        return
      case 'revokeMembership':
        if (this.#speak(operation) || operation.grantor === null) return
        this.actAs.add(operation.grantor)
        this.administer.add(operation.role)
        return
      case 'grantDefaultPrivilege':
      case 'revokeDefaultPrivilege':
        if (!this.#speak(operation)) this.actAs.add(operation.owner)
        return
    }
  }

  /** Whether the operation is run as another role, which then has to be become. */
  #speak({ as }: Operation): boolean {
    if (as === this.#world.server.actingRole) return false
    this.become.add(as)
    return true
  }

  /** What only another role’s privileges let the acting role own. */
  #create(name: ObjectName, owner: string): void {
    const container = this.#authority.containerOf(name)
    if (owner !== this.#world.server.actingRole || container === undefined) return
    if (this.#authority.mayCreateIn(owner, container)) return
    const holder = this.#authority.holderFor(container, 'CREATE')
    if (holder !== undefined) this.actAs.add(holder)
  }

  /** @param inNameOf who may be the acting role itself, where that has a grant option */
  #manage(name: ObjectName, inNameOf?: string): void {
    const object = this.#world.object(name)
    if (object === undefined) return
    for (const role of [inNameOf ?? object.owner, ...(this.#authority.guides(object, inNameOf) ?? [])])
      this.actAs.add(role)
  }
}

/**
 * What the acting role borrows so that it can do something: memberships of the roles in whose name it acts. From 16 on
 * a membership says itself whether its member inherits; before, the acting role has to have INHERIT, and those who are
 * members of it cannot be so for as long as it is a member of them.
 */
const loansFor = (
  world: World,
  { actAs, become, administer }: Needs,
): { readonly before: readonly Operation[]; readonly after: readonly Operation[] } => {
  const authority = new Authority(world)
  const { actingRole } = world.server
  // What may not be borrowed is left to the server to refuse.
  const joins = [
    ...[...actAs].map((role) => authority.toActAs(role)),
    ...[...become].map((role) => authority.toBecome(role)),
    ...[...administer].map((role) => authority.toAdminister(role)),
  ].flatMap((joining) => joining ?? [])
  const joined = new Map(joins.map((join) => [join.role, join]))
  const inTheWay = authority.membersInTheWay([...joined.keys()])
  const needsOthers = [...actAs].some((role) => role !== actingRole)
  const borrower = new Borrower(world)
  const loans = [
    ...(needsOthers ? borrower.inherit() : []),
    ...sortedBy(inTheWay, membershipKey).map((row) => borrower.pause(row)),
    ...[...joined.values()].map((join) => borrower.borrow(join)),
  ]
  return {
    before: loans.map(({ before }) => before),
    after: loans.toReversed().map(({ after }) => after),
  }
}

/**
 * Does operations to the world, and answers them with what the acting role borrows for them before and gives back after
 * them. None of them asks what is borrowed, so that it can be worked out when they are all known.
 */
export const withLoans = (
  world: World,
  doAll: (run: (operation: Operation) => void) => void,
): readonly Operation[] => {
  const operations: Operation[] = []
  const needs = new Needs(world)
  doAll((operation) => {
    needs.add(operation)
    apply(world, operation)
    operations.push(operation)
  })
  const { before, after } = loansFor(world, needs)
  for (const operation of [...before, ...after]) apply(world, operation)
  return [...before, ...operations, ...after]
}

/** Knows how each thing is borrowed and given back. */
class Borrower {
  readonly #world: World
  readonly #actingRole: string

  constructor(world: World) {
    this.#world = world
    this.#actingRole = world.server.actingRole
  }

  #base(meanwhile: NonNullable<Reason['meanwhile']>): Pick<Operation, 'as' | 'because'> {
    return { as: this.#actingRole, because: { role: this.#actingRole, grant: null, meanwhile } }
  }

  inherit(): readonly Loan[] {
    const role = this.#actingRole
    if (this.#world.membershipsHaveGrantors || this.#world.roles.get(role)!.inherit) return []
    return [
      {
        before: { kind: 'setAttribute', role, attribute: 'INHERIT', value: true, ...this.#base('borrow') },
        after: { kind: 'setAttribute', role, attribute: 'INHERIT', value: false, ...this.#base('give back') },
      },
    ]
  }

  pause({ role, member, admin }: Membership): Loan {
    const of = { role, member }
    const grantor = this.#actingRole
    return {
      before: {
        kind: 'revokeMembership',
        ...of,
        grantor: null,
        option: null,
        ...this.#base('pause'),
      },
      after: { kind: 'grantMembership', ...of, grantor, ...(admin && { admin }), ...this.#base('resume') },
    }
  }

  /** To grant a role that was granted already changes the options of that membership: they are put back. */
  borrow({ role, as, grantor }: Join): Loan {
    const hasGrantors = this.#world.membershipsHaveGrantors
    const of = { role, member: this.#actingRole }
    const granted = {
      kind: 'grantMembership',
      ...of,
      grantor,
      ...(grantor !== as && { namesGrantor: true as const }),
    } as const
    const existing = this.#world
      .membershipsIn(role, this.#actingRole)
      .find((row) => hasGrantors && row.grantor === grantor)
    return {
      before: {
        ...granted,
        ...(hasGrantors && { options: { inherit: true, set: true } }),
        ...this.#base('borrow'),
        as,
      },
      after: existing
        ? {
            ...granted,
            options: { inherit: existing.inherit, set: existing.set },
            ...this.#base('give back'),
            as,
          }
        : {
            kind: 'revokeMembership',
            ...of,
            grantor: hasGrantors ? grantor : null,
            option: null,
            ...this.#base('give back'),
            as,
          },
    }
  }
}
