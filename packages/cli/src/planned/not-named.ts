import { isIntermediateName } from '@pgsr/node-postgres'
import type { Policy } from '@pgsr/policy'
import type pg from 'pg'

/** Without operators: those of somebody else may come first in the search path, and would run as the role that connects. */
const query = `select rolname as name, rolsuper as superuser, rolcanlogin as login, oid,
  current_user as acting, session_user as connected from pg_catalog.pg_roles`

interface Row extends NotNamed {
  readonly login: boolean
  readonly oid: number
  readonly acting: string
  readonly connected: string
}

const bootstrapSuperuser = 10

/** A role with LOGIN or SUPERUSER that the policy says nothing of. */
export interface NotNamed {
  readonly name: string
  readonly superuser: boolean
}

/** Whether somebody made a role, who may log in with it, or do everything by it. */
const isSomebodys = ({ name, superuser, login, oid, acting, connected }: Row): boolean =>
  (superuser || login) &&
  oid !== bootstrapSuperuser &&
  name !== acting &&
  name !== connected &&
  !name.startsWith('pg_') &&
  !isIntermediateName(name)

/** Finds such roles. A policy that leaves the cluster alone says of no role whether it should be there. */
export const rolesNotNamed = async (pool: pg.Pool, policy: Policy): Promise<readonly NotNamed[]> => {
  const { schemas, cluster = schemas === undefined } = policy.options.manages ?? {}
  if (!cluster) return []
  const named = new Set(policy.desired.map(({ role }) => role))
  const { rows } = await pool.query<Row>(query)
  return rows
    .filter((row) => isSomebodys(row) && !named.has(row.name))
    .map(({ name, superuser }) => ({ name, superuser }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
