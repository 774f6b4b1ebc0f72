import pg from 'pg'
import { parseIntoClientConfig } from 'pg-connection-string'
import { userInfo } from 'node:os'
import { UsageError } from '../command-line/usage-error.ts'
import { fileError } from '../policy-file/file-error.ts'
import type { Place } from './place.ts'
import { tlsIn } from './tls.ts'

/** How to connect, read once from `--url` or from the environment. */
export interface Server {
  readonly place: Place
  /** The database that somebody has named, and where. Otherwise it has the name of the role. */
  readonly named: { readonly database: string; readonly by: '--url' | 'PGDATABASE' } | undefined
  /** Opens a pool of one connection to a database, or to the one that was asked for. */
  readonly open: (database?: string) => pg.Pool
}

/** The settings in a URL. What Node says of one that is wrong would contain it, with its password. */
const settingsIn = (url: string): pg.ClientConfig => {
  const hint = 'it looks like postgres://user@host:5432/database'
  if (!/^(postgres(ql)?:\/\/|socket:|\/)/.test(url))
    throw new UsageError('option --url is not a URL of PostgreSQL', hint)
  // Some of the password would be taken for the name of the database, which is no secret.
  if (/:\/\/[^/?#]*[/?#].*@/s.test(url))
    throw new UsageError(
      'option --url has an @ behind a /, a ? or a #',
      'in a password, / is written %2F, ? is %3F, # is %23 and @ is %40',
    )
  try {
    return parseIntoClientConfig(url)
  } catch (error) {
    // A file with a certificate. The URL itself is in no message.
    const { path } = error as NodeJS.ErrnoException
    if (typeof path === 'string') throw fileError(`read ${path}, which option --url names`, error)
    throw new UsageError('option --url cannot be read', hint)
  }
}

/** The user of the operating system, as whom psql connects, too, if nothing names a role. */
const userOfSystem = (): string => {
  try {
    return userInfo().username
  } catch {
    throw new UsageError(
      'cannot connect: nothing says as which role, and the user of this process has no name',
      'PGUSER says it, or --url postgres://user@host:5432/database',
    )
  }
}

/**
 * Reads where to connect.
 * @throws UsageError, FileError
 */
export const serverAt = (url: string | undefined): Server => {
  const given = url === undefined ? {} : settingsIn(url)
  const ssl = given.ssl ?? tlsIn(process.env)
  const asked: pg.ClientConfig = {
    ...given,
    ...(ssl !== undefined && { ssl }),
    application_name: 'pgsr',
    keepAlive: true,
  }
  // It knows what pg makes of the environment.
  const { user: known } = new pg.Client(asked)
  const settings = known ? asked : { ...asked, user: userOfSystem() }
  const { host, port, user, database } = new pg.Client(settings)
  const place: Place = { host, port, user: user!, database: database! }
  const by = given.database ? '--url' : process.env.PGDATABASE ? 'PGDATABASE' : undefined
  return {
    place,
    named: by === undefined ? undefined : { database: place.database, by },
    open: (name = place.database) => {
      const pool = new pg.Pool({ ...settings, database: name, max: 1 })
      // A connection that is lost shows in its next use.
      pool.on('error', () => undefined)
      return pool
    },
  }
}
