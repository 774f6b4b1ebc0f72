import { isDelegateName } from '@pgsr/planner'
import type { Pool } from 'pg'
import { expect } from 'vitest'
import type { Connected, Driver } from './drivers.ts'

interface Membership {
  readonly role: string
  /** Whether it is what a role gets of one that it creates: from 16 on it may administer it, and no more. */
  readonly ofCreator: boolean
}

/** What a role is, and what it is a member of, with all options and grantors. */
interface RoleState {
  readonly attributes: unknown
  readonly memberships: readonly Membership[]
  /** All roles that there are. */
  readonly roles: readonly string[]
}

const query = `
  select to_jsonb(r) as attributes, array(select rolname::text from pg_roles) as roles, (
    select coalesce(jsonb_agg(
      to_jsonb(m) - 'oid' || jsonb_build_object(
        'role', pg_get_userbyid(m.roleid),
        'ofCreator', to_jsonb(m) @> '{"grantor": "10", "admin_option": true, "inherit_option": false, "set_option": false}'
      ) order by m.roleid, m.grantor
    ), '[]') from pg_auth_members as m where m.member = r.oid
  ) as memberships
  from pg_roles as r where r.rolname = $1`

const roleStateOf = async (pool: Pool, role: string): Promise<RoleState> => {
  const { rows } = await pool.query<RoleState>({ name: 'role state', text: query, values: [role] })
  return rows[0] ?? { attributes: undefined, memberships: [], roles: [] }
}

/** Whether a membership of the acting role is to be watched. */
type IsWatched = (role: string) => boolean

const only = (isWatched: IsWatched, { memberships, ...state }: RoleState): RoleState => ({
  ...state,
  memberships: memberships.filter(({ role }) => isWatched(role)),
})

const expectSame = (before: RoleState, after: RoleState): void => {
  const [old, still] = [new Set(before.roles), new Set(after.roles)]
  expect(after.attributes, 'the acting role stays what it is').toEqual(before.attributes)
  expect(
    after.memberships.filter(({ role, ofCreator }) => old.has(role) || !(ofCreator || isDelegateName(role))),
    'the acting role gives back what it borrows, and loses nothing of its own',
  ).toEqual(before.memberships.filter(({ role }) => still.has(role)))
}

/**
 * A driver that holds everything it does, also what fails, to what it must leave as it was: the role that connects.
 * Whatever that borrows is given back. Only what it creates comes to it, and what is dropped meanwhile goes.
 * @param isWatched leaves out roles of other tests, which may grant them to the same superuser meanwhile
 */
export const watched = (driver: Driver, superuser: Pool, isWatched: IsWatched): Driver => {
  const watch = (role: string, connected: Connected): Connected => {
    const held = async <T>(work: () => Promise<T>): Promise<T> => {
      const before = only(isWatched, await roleStateOf(superuser, role))
      try {
        return await work()
      } finally {
        expectSame(before, only(isWatched, await roleStateOf(superuser, role)))
      }
    }
    return {
      ...connected,
      syncRoles: (desired, options) => {
        const sync = () => connected.syncRoles(desired, options)
        return [desired].flat().some((one) => one.role === role) ? sync() : held(sync)
      },
      executePlan: (plan, options) => held(() => connected.executePlan(plan, options)),
      dropUnusedRoles: (options) => held(() => connected.dropUnusedRoles(options)),
    }
  }
  return {
    ...driver,
    pool: (server, ...rest) => watch(server.user, driver.pool(server, ...rest)),
    client: async (server, database) => watch(server.user, await driver.client(server, database)),
    // What is in a transaction of the application’s is not to be seen from outside before that commits.
    transaction: driver.transaction,
  }
}
