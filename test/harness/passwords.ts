import pg from 'pg'
import type { Sandbox } from './sandbox.ts'
import { connectionTo } from './servers.ts'

/** Whether the server lets a role in with a password. */
export const canConnect = async (
  { server, database }: Sandbox,
  user: string,
  password: string,
): Promise<boolean> => {
  const client = new pg.Client({ ...connectionTo(server, database), user, password })
  return client.connect().then(
    async () => {
      const { rows } = await client.query<{ who: string }>('select session_user::text as who')
      await client.end()
      return rows[0]?.who === user
    },
    () => false,
  )
}

/** Makes the role whose members our servers ask for their passwords, and lets the acting role grant it. */
export const checkedRole = async ({ admin, pool, actor, isSuperuser, server }: Sandbox): Promise<string> => {
  const role = 'pgsr_password'
  // Other sandboxes make the same role; whoever is second looks again and finds it there.
  await pool.syncRoles({ role, grants: [] })
  // From 16 on only who administers a role can grant it, and another sandbox may have made this one.
  if (!isSuperuser && server.version >= 160000) await admin(`grant ${role} to ${actor} with admin option`)
  return role
}
