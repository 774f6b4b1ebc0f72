import { UnsupportedServerError } from '@pgsr/planner'
import * as Effect from 'effect/Effect'
import { firstColumn, type SessionShape } from '../connection/session.ts'
import { type DatabaseError, databaseError } from '../errors.ts'
import { knownServer } from './known-server.ts'
import { unsupportedServer } from './unsupported-servers.ts'

const versionQuery = "select pg_catalog.current_setting('server_version_num'); select pg_catalog.version()"

/** Reads the version at the first contact, and refuses servers that only speak PostgreSQL’s protocol. */
export const readVersion = (
  session: SessionShape,
): Effect.Effect<number, DatabaseError | UnsupportedServerError> =>
  session.send(versionQuery, { isUncancelled: true }).pipe(
    Effect.mapError(databaseError('read the catalogs')),
    Effect.flatMap((results) => {
      const [version, text] = firstColumn(results)
      const unsupported = unsupportedServer(text ?? '')
      if (unsupported !== undefined)
        return Effect.fail(
          new UnsupportedServerError(
            `cannot sync roles: the server is ${unsupported}, which only speaks PostgreSQL’s protocol`,
          ),
        )
      knownServer(session).version = Number(version)
      return Effect.succeed(Number(version))
    }),
  )

export const versionOf = (session: SessionShape) =>
  Effect.suspend(() => {
    const { version } = knownServer(session)
    return version === undefined ? readVersion(session) : Effect.succeed(version)
  })
