import { isIntermediateName } from '@pgsr/node-postgres'
import type { Sandbox } from './sandbox.ts'

/** The intermediate roles that a role, named as in SQL, is a member of. */
export const intermediateRolesOf = async ({ admin }: Sandbox, member: string): Promise<readonly string[]> => {
  const rows = await admin(
    `select r.rolname::text from pg_auth_members as m join pg_roles as r on r.oid = m.roleid
     where m.member = '${member}'::regrole order by 1`,
  )
  return rows.map(([name]) => name as string).filter(isIntermediateName)
}
