import { Grant, type Snapshot } from '@pgsr/planner'
import { membership, object, role, snapshot } from './build-snapshot.ts'
import { orders } from './orders-table.ts'

interface LimitedWorld extends Pick<Partial<Snapshot>, 'roles' | 'memberships' | 'objects'> {
  readonly server?: Partial<Snapshot['server']>
  readonly me?: Partial<Snapshot['roles'][number]>
}

/** What PostgreSQL gives a role without SUPERUSER that creates a role. */
export const ofCreator = { admin: true, inherit: false, set: false }

/** The acting role is `me`: no superuser, but with CREATEROLE, and may do with `owner` and `t` what that allows. */
export const seenByMe = (
  version: number,
  { roles = [], memberships = [], objects = [], server = {}, me = {} }: LimitedWorld = {},
): Snapshot =>
  snapshot({
    server: { version, actingRole: 'me', sessionRole: 'me', databaseOwner: 'me', ...server },
    roles: [role('me', { createRole: true, login: true, ...me }), role('t'), ...roles],
    memberships: [
      ...(version >= 160000 ? ['owner', 't'].map((one) => membership('me', one, ofCreator)) : []),
      ...memberships,
    ],
    objects,
  })

/** The table with an ACL, in a schema that everybody may use. */
export const ordersForAll = (acl = {}) => [
  object('schema', ['s'], 'owner', { 'public/owner': 'U' }),
  object('table', orders, 'owner', acl),
]

export const selectOrders = Grant.tableSelect('s', 'orders', { direct: true })
