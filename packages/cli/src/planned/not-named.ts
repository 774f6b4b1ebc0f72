import { isIntermediateName } from '@pgsr/node-postgres'
import type { Policy } from '@pgsr/policy'
import type pg from 'pg'

/** Roles with LOGIN or SUPERUSER, but for those of PostgreSQL itself and the one that connects. */
const query = `select rolname::text as name, rolsuper as superuser from pg_catalog.pg_roles
  where (rolcanlogin or rolsuper) and oid <> 10 and rolname !~ '^pg_'
    and rolname not in (current_user, session_user) order by rolname::text collate "C"`

/** A role with LOGIN or SUPERUSER that the policy says nothing of. */
export interface NotNamed {
  readonly name: string
  readonly superuser: boolean
}

/** Finds such roles. A policy that leaves the cluster alone says of no role whether it should be there. */
export const rolesNotNamed = async (pool: pg.Pool, policy: Policy): Promise<readonly NotNamed[]> => {
  const { manages } = policy.options
  if (manages?.cluster === false || (manages?.schemas !== undefined && manages.cluster !== true)) return []
  const named = new Set(policy.desired.map(({ role }) => role))
  const { rows } = await pool.query<NotNamed>(query)
  return rows.filter(({ name }) => !named.has(name) && !isIntermediateName(name))
}
