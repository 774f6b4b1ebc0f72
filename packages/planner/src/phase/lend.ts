import { Authority, type Lending } from '../authority.ts'
import { objectKey, type ObjectName, schemaOf } from '../object-kind.ts'
import { objectTouched, type Operation, type Reason } from '../operation.ts'
import type { Privilege } from '../privilege.ts'
import type { Wanted } from '../wanted.ts'
import type { World, WorldObject } from '../world.ts'
import type { Phase } from './phase.ts'

/** What a role needs on a schema or database for what is done as it, or because it becomes an owner. */
interface Need {
  readonly role: string
  readonly container: WorldObject
  readonly privilege: Privilege
}

/** Collects what has to be lent, each thing once. */
class Lender {
  readonly #world: World
  readonly #authority: Authority
  readonly #now: Authority
  readonly #loans = new Map<string, readonly [lend: Operation, takeBack: Operation]>()

  /** @param authority what the acting role can do with what is in schemas */
  constructor(world: World, authority: Authority) {
    this.#world = world
    this.#authority = authority
    this.#now = new Authority(world)
  }

  around(operations: readonly Operation[]): readonly Operation[] {
    for (const operation of operations) this.#lendFor(operation)
    const loans = [...this.#loans.values()]
    return [
      ...loans.map(([lend]) => lend),
      ...operations,
      ...loans.map(([, takeBack]) => takeBack).toReversed(),
    ]
  }

  #lendFor(operation: Operation): void {
    for (const name of objectTouched(operation)) this.#lendUsage(name, operation)
    if (operation.kind !== 'setOwner' || this.#authority.isSuperuser) return
    const container = this.#now.containerOf(operation.object)
    if (container !== undefined && !this.#now.mayCreateIn(operation.owner, container))
      this.#lend({ role: operation.owner, container, privilege: 'CREATE' })
  }

  /** To come to what is in a schema. */
  #lendUsage(name: ObjectName, operation: Operation): void {
    const schema = schemaOf(name)
    const container =
      schema === undefined ? undefined : this.#world.object({ kind: 'schema', name: [schema] })
    if (container === undefined || this.#isAlmighty(operation)) return
    if (!this.#reaches(operation, name, container))
      this.#lend({ role: operation.as, container, privilege: 'USAGE' })
  }

  #isAlmighty({ as }: Operation): boolean {
    return this.#authority.isSuperuser && as === this.#world.server.actingRole
  }

  #reaches(operation: Operation, name: ObjectName, schema: WorldObject): boolean {
    if (operation.as !== this.#world.server.actingRole)
      return (
        (!this.#authority.isSuperuser && this.#world.isSuperuser(operation.as)) ||
        this.#now.holds(operation.as, schema, 'USAGE')
      )
    const table: ObjectName = { kind: 'table', name: name.name.slice(0, 2) }
    const object = this.#world.object(name) ?? this.#world.object(table)
    if (object === undefined) return true
    return (
      this.#authority.guides(object, 'grantor' in operation ? operation.grantor! : object.owner) !== undefined
    )
  }

  #lend({ role, container, privilege }: Need): void {
    const key = JSON.stringify([objectKey(container), role, privilege])
    const lending = this.#loans.has(key) ? undefined : this.#authority.lenderOf(container, privilege)
    if (lending !== undefined) this.#loans.set(key, loanOf({ role, container, privilege }, lending))
  }
}

const loanOf = (
  { role, container, privilege }: Need,
  { grantor, as }: Lending,
): readonly [lend: Operation, takeBack: Operation] => {
  const base = {
    object: { kind: container.kind, name: container.name },
    privilege,
    grantee: role,
    grantor,
    as,
  } as const
  const because = (meanwhile: 'lend' | 'take back'): Reason => ({ role, grant: null, meanwhile })
  return [
    { kind: 'grantPrivilege', ...base, because: because('lend') },
    { kind: 'revokePrivilege', ...base, grantOptionOnly: false, because: because('take back') },
  ]
}

/**
 * Lends to the roles that a phase’s operations are done as what they need to come to what is in schemas, and to new owners
 * what it takes to own something there: who is no superuser can make somebody the owner of something only where that
 * role could have created it.
 */
export const lending =
  (authorityOf: (wanted: Wanted) => Authority, phase: Phase): Phase =>
  (world, wanted) => {
    const operations = phase(world, wanted)
    return operations.length === 0 ? operations : new Lender(world, authorityOf(wanted)).around(operations)
  }
