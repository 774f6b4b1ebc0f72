import type { Role, Snapshot } from '@pgsr/planner'
import { object, role, snapshot } from './build-snapshot.ts'

/** The name of the table that most tests are about. */
export const orders = ['s', 'orders']

/** The same table, owned by `t`. It may hold code, since nothing says that it does not. */
const { inert: _, ...owned } = object('table', orders, 't')
export const ordersWithCode = owned

/** Roles `t`, `b` and `g`, and the table of `owner` with an ACL. */
export const withOrders = (acl = {}, rest: Partial<Snapshot> = {}): Snapshot =>
  snapshot({
    roles: [role('t'), role('b'), role('g'), ...(rest.roles ?? [])],
    objects: [object('schema', ['s']), object('table', orders, 'owner', acl), ...(rest.objects ?? [])],
    ...(rest.memberships && { memberships: rest.memberships }),
  })

/** The same, but `g` has USAGE on the schema. */
export const reachableByG = (acl: Readonly<Record<string, string>>, roles: readonly Role[] = []): Snapshot =>
  snapshot({
    roles: [
      ...[role('t'), role('b'), role('g')].filter(({ name }) => !roles.some((one) => one.name === name)),
      ...roles,
    ],
    objects: [object('schema', ['s'], 'owner', { 'g/owner': 'U' }), object('table', orders, 'owner', acl)],
  })

/** Names of intermediate roles that hold SELECT on a table. */
export const intermediate = '_pgsr_local_16384_table_select_0123abcd'
export const anotherIntermediate = '_pgsr_local_16384_table_select_4567abcd'

/** The table, with an intermediate role that holds SELECT on it. */
export const heldByIntermediate = withOrders(
  { [`${intermediate}/owner`]: 'r' },
  { roles: [role(intermediate)] },
)

/** The ACL of the first table there is, before a plan or after it. */
export const tableAcl = ({ objects }: Snapshot): string =>
  objects
    .find(({ kind }) => kind === 'table')!
    .acl.map(({ grantee, grantor, privileges }) => `${grantee}=${privileges}/${grantor}`)
    .join(' ')
