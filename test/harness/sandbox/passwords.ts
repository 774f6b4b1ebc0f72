import pg from 'pg'
import postgres from 'postgres'
import { findPsql, psql } from '../servers/psql.ts'
import type { Sandbox } from './sandbox.ts'
import { connectionTo } from '../servers/servers.ts'

/** What people log in with. */
export interface LoginClient {
  readonly name: string
  /** Whether it prepares a password as the server does; then it takes what was asked for. */
  readonly prepares: boolean
  /** Logs in, or rejects. */
  readonly logIn: (box: Sandbox, user: string, password: string) => Promise<void>
}

const withNodePostgres: LoginClient = {
  name: 'pg',
  prepares: false,
  logIn: async ({ server, database }, user, password) => {
    const client = new pg.Client({ ...connectionTo(server, database), user, password })
    await client.connect()
    await client.end()
  },
}

const withPostgresJs: LoginClient = {
  name: 'postgres.js',
  prepares: false,
  logIn: async ({ server, database }, user, password) => {
    const sql = postgres({ ...connectionTo(server, database), user, password, max: 1 })
    await sql.unsafe('select').finally(() => sql.end({ timeout: 1 }))
  },
}

const withPsql: LoginClient = {
  name: 'psql',
  prepares: true,
  logIn: ({ server, database }, user, password) => psql({ ...server, user, password }, database, 'select 1'),
}

/** Those that there are on this machine: `psql` may be missing. */
export const loginClients = async (): Promise<readonly LoginClient[]> => [
  withNodePostgres,
  withPostgresJs,
  ...((await findPsql()) === undefined ? [] : [withPsql]),
]

/** Whether the server lets a role in with a password. */
export const canConnect = (
  box: Sandbox,
  user: string,
  password: string,
  client: LoginClient = withNodePostgres,
): Promise<boolean> =>
  client.logIn(box, user, password).then(
    () => true,
    () => false,
  )

/** Makes the role whose members our servers ask for their passwords, and lets the acting role grant it. */
export const checkedRole = async ({ admin, pool, actor, isSuperuser, server }: Sandbox): Promise<string> => {
  const role = 'pgsr_password'
  // Other sandboxes make the same role; whoever is second looks again and finds it there.
  await pool.syncRoles({ role, grants: [] })
  // From 16 on only who administers a role can grant it, and another sandbox may have made this one.
  if (!isSuperuser && server.version >= 160000) await admin(`grant ${role} to ${actor} with admin option`)
  return role
}
