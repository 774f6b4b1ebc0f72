import { Access } from '../access/access.ts'
import type { Lending } from '../access/schema-usage.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import { objectTouched, type Operation } from '../model/operation.ts'
import { objectKey, type ObjectName, schemaOf } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { around, temporarily, type TemporaryRight } from './temporary-right.ts'

/** A privilege that a role needs on a schema or database, to run operations or to become an owner. */
interface Need {
  readonly role: string
  readonly container: CatalogObject
  readonly privilege: Privilege
}

/** Collects what has to be lent, each thing once. */
class Lender {
  readonly #catalog: Catalog
  readonly #access: Access
  readonly #now: Access
  readonly #rights = new Map<string, TemporaryRight>()

  /** @param access what the acting role can do with the contents of schemas */
  constructor(catalog: Catalog, access: Access) {
    this.#catalog = catalog
    this.#access = access
    this.#now = new Access(catalog)
  }

  around(operations: readonly Operation[]): readonly Operation[] {
    for (const operation of operations) this.#lendFor(operation)
    return around([...this.#rights.values()], operations)
  }

  #lendFor(operation: Operation): void {
    const name = objectTouched(operation)
    if (name !== undefined) this.#lendUsage(name, operation)
    if (operation.kind !== 'setOwner' || this.#access.isSuperuser) return
    const container = this.#now.schemas.containerOf(operation.object)
    if (container !== undefined && !this.#now.schemas.mayCreateIn(operation.owner, container))
      this.#lend({ role: operation.owner, container, privilege: 'CREATE' })
  }

  /** Lends USAGE on the schema of an object, if the role that runs the operation has none. */
  #lendUsage(name: ObjectName, operation: Operation): void {
    const schema = schemaOf(name)
    const container =
      schema === undefined ? undefined : this.#catalog.object({ kind: 'schema', name: [schema] })
    if (container === undefined || this.#runsAsSuperuser(operation)) return
    if (!this.#reaches(operation, name, container))
      this.#lend({ role: operation.as, container, privilege: 'USAGE' })
  }

  #runsAsSuperuser({ as }: Operation): boolean {
    return this.#access.isSuperuser && as === this.#catalog.server.actingRole
  }

  #reaches(operation: Operation, name: ObjectName, schema: CatalogObject): boolean {
    if (operation.as !== this.#catalog.server.actingRole)
      return (
        (!this.#access.isSuperuser && this.#catalog.isSuperuser(operation.as)) ||
        this.#now.schemas.holds(operation.as, schema, 'USAGE')
      )
    const table: ObjectName = { kind: 'table', name: name.name.slice(0, 2) }
    const object = this.#catalog.object(name) ?? this.#catalog.object(table)
    if (object === undefined) return true
    return (
      this.#access.schemas.schemaUsageHolders(
        object,
        'grantor' in operation ? operation.grantor! : object.owner,
      ) !== undefined
    )
  }

  #lend({ role, container, privilege }: Need): void {
    const key = JSON.stringify([objectKey(container), role, privilege])
    const lending = this.#rights.has(key) ? undefined : this.#access.schemas.lenderOf(container, privilege)
    if (lending !== undefined) this.#rights.set(key, lent({ role, container, privilege }, lending))
  }
}

const lent = ({ role, container, privilege }: Need, { grantor, as }: Lending): TemporaryRight => {
  const base = {
    object: { kind: container.kind, name: container.name },
    privilege,
    grantee: role,
    grantor,
    as,
  } as const
  return {
    before: [{ kind: 'grantPrivilege', ...base, reason: temporarily('lend', role) }],
    after: [
      {
        kind: 'revokePrivilege',
        ...base,
        grantOptionOnly: false,
        reason: temporarily('take back', role),
      },
    ],
  }
}

/**
 * Lends USAGE on schemas to the roles that run some operations, and CREATE to new owners: a non-superuser can
 * change the owner of an object only to a role that could create it there.
 * @param access what the acting role may do at that stage
 */
export const lending = (
  catalog: Catalog,
  access: Access,
  operations: readonly Operation[],
): readonly Operation[] =>
  operations.length === 0 ? operations : new Lender(catalog, access).around(operations)
