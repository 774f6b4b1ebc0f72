import pg from 'pg'
import type { TestConnection } from '../servers/servers.ts'

/** Whose rights a sync has: all there are, or those that managed databases give to their customers. */
export const actorKinds = ['superuser', 'database owner'] as const

export type ActorKind = (typeof actorKinds)[number]

/** Makes a role that may create roles and owns a database, and tells how to connect as it. */
export const createOwner = async (
  superuser: { readonly query: (text: string) => Promise<unknown> },
  server: TestConnection,
  database: string,
  role: string,
): Promise<TestConnection> => {
  // For servers that ask for one. Ours do of members of `pgsr_password`, also of those that only administer it.
  const password = 'owner of a database'
  await superuser.query(`create role ${role} login createrole password ${pg.escapeLiteral(password)}`)
  await superuser.query(`alter database ${database} owner to ${role}`)
  return { host: server.host, port: server.port, user: role, password }
}
