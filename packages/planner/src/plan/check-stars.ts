import type { Catalog } from '../catalog/catalog.ts'
import { describeGrant, describeGrantee, describeObject } from '../model/describe.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import { askersOf, type SyncRequest } from '../model/request.ts'
import { isNamed } from '../model/target.ts'
import { type ObjectKind, objectKinds } from '../postgres/object-kind.ts'

/** By kind, what stands for all objects of a schema. An operator may well be called `*`. */
const standIns: Readonly<Partial<Record<ObjectKind, string>>> = {
  table: 'Target.allTables stands for all tables in a schema',
  column: 'the pattern /^/ stands for all tables in a schema',
  sequence: 'Target.allSequences stands for all sequences in a schema',
  function: 'Target.allFunctions stands for all functions in a schema',
  procedure: 'Target.allProcedures stands for all procedures in a schema',
  type: 'Target.allTypes stands for all types in a schema',
}

/**
 * Refuses `*` in the place of a name where no object has that name. An object may have it, which only the catalogs know.
 * @throws InvalidGrantError
 */
export const checkStars = (catalog: Catalog, request: SyncRequest): void => {
  for (const { role, grants } of askersOf(request))
    for (const grant of grants) {
      if (grant.kind !== 'privilege' && grant.kind !== 'ownership') continue
      const { object } = grant
      if (!isNamed(object) || object.name[1] !== '*') continue
      const standIn = standIns[object.kind]
      if (standIn === undefined || catalog.object(object) !== undefined) continue
      throw new InvalidGrantError({
        role,
        field: objectKinds[object.kind].parts[1]!,
        message: `cannot grant ${describeGrant(grant)} to ${describeGrantee(role)}: ${describeObject(object)} does not exist; ${standIn}`,
      })
    }
}
