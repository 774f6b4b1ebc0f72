import { InvalidGrantError, type Scope, type Snapshot } from '@pgsr/planner'
import { describeName } from '@pgsr/planner/internal'
import * as Effect from 'effect/Effect'
import type { PlanSource } from '../sync/plan-source.ts'

/** The first database of a call, once it was read. */
export interface FirstDatabase {
  readonly name: string
  oid?: string
}

const refuse = (message: string): Effect.Effect<never, InvalidGrantError> =>
  Effect.fail(new InvalidGrantError({ field: 'connections', message: `cannot sync roles: ${message}` }))

const withDatabase = (scope: Scope, name: string): Scope => ({
  ...scope,
  objects: [...scope.objects, { kind: 'database', name: [name] }],
})

/** Whether a cluster has the first database. Two clusters may have databases of the same name, but hardly of the same oid. */
const hasFirst = ({ objects }: Snapshot, { name, oid }: FirstDatabase): boolean =>
  objects.some((object) => object.kind === 'database' && object.name[0] === name && object.oid === oid)

/**
 * The plans of a source, refused on a connection to another database than the caller says, or to another cluster than that of
 * the first database.
 */
export const inDatabase = <E>(
  source: PlanSource<E>,
  database: string,
  first: FirstDatabase,
): PlanSource<E | InvalidGrantError> => {
  const isFirst = database === first.name
  return {
    ...source,
    scope: isFirst ? source.scope : withDatabase(source.scope, first.name),
    planFor: (snapshot, ...more) => {
      const { server } = snapshot
      if (server.database !== database)
        return refuse(
          `the connection for database ${describeName(database)} is one to database ${describeName(server.database)}`,
        )
      if (isFirst) first.oid = server.databaseOid
      else if (!hasFirst(snapshot, first))
        return refuse(
          `database ${describeName(database)} is in another cluster than database ${describeName(first.name)}`,
        )
      return source.planFor(snapshot, ...more)
    },
  }
}
