import { type RawBuilder, sql } from 'kysely'
import { zero } from './constant.ts'
import { type Cte, ctes } from './cte.ts'
import { name } from './name.ts'
import type { Needs } from './needs.ts'
import type { PgCatalog } from './pg-catalog.ts'
import type { ColumnsOf } from './rows.ts'

/**
 * Memberships `m`. Before 16 they have no options: every member inherits and may SET ROLE.
 * @param from all of them, or some
 */
export const rows = (version: number, from: RawBuilder<unknown> = sql`pg_catalog.pg_auth_members`) =>
  ctes
    .selectFrom(sql<PgCatalog['pg_catalog.pg_auth_members']>`${from}`.as<'m'>(sql`m`))
    .select(['m.roleid', 'm.member', 'm.grantor', 'm.admin_option'])
    .select([
      (version >= 160000 ? sql.ref<boolean>('m.inherit_option') : sql<boolean>`true`).as('inherit_option'),
      (version >= 160000 ? sql.ref<boolean>('m.set_option') : sql<boolean>`true`).as('set_option'),
    ])

/** What is read of a row `m`. */
export const columnsOfMembership = (needs: Needs): ColumnsOf<'memberships'> => ({
  role: name('m.roleid', needs),
  member: name('m.member', needs),
  grantor: name('m.grantor', needs),
  admin: sql`m.admin_option`,
  inherit: sql`m.inherit_option`,
  set: sql`m.set_option`,
})

/** The rows with any of some roles in a column. It is a subquery of its own, so that the index is searched. */
export const membershipsBy = (column: 'member' | 'roleid', roles: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`(select x.* from pg_catalog.pg_auth_members as x where x.${sql.ref(column)} = ${roles} offset 0)`

/** The rows by which any of some roles is a member of others. */
export const membershipsOf = (member: RawBuilder<unknown>): RawBuilder<unknown> =>
  membershipsBy('member', member)

/**
 * Whether a row `m` lets its member inherit or SET ROLE. From 16 on, the creator of a role has a membership with only the
 * ADMIN option.
 */
export const isRealMember = (version: number): RawBuilder<boolean> =>
  version >= 160000 ? sql<boolean>`(m.inherit_option or m.set_option)` : sql<boolean>`true`

/**
 * The memberships that the desired roles granted, and those that were granted by virtue of these. Before 16 a grantor has
 * no meaning: others may revoke what it granted, and it may be a role that does not exist any more.
 */
export const dependentMembership: Cte<'dependent_membership'> = (version) =>
  version < 160000
    ? rows(version).where(sql<boolean>`false`)
    : rows(version)
        .where('m.grantor', '=', sql<number>`any(array(select d.oid from desired as d))`)
        .union((eb) =>
          eb
            .selectFrom('dependent_membership as p')
            .crossJoinLateral((of) =>
              of
                .selectFrom('pg_catalog.pg_auth_members as x')
                .whereRef('x.grantor', '=', 'p.member')
                .whereRef('x.roleid', '=', 'p.roleid')
                .selectAll()
                .offset(zero)
                .as('m'),
            )
            .where(sql<boolean>`p.admin_option`)
            .select([
              'm.roleid',
              'm.member',
              'm.grantor',
              'm.admin_option',
              'm.inherit_option',
              'm.set_option',
            ]),
        )

export const membership: Cte<'membership'> = (version) =>
  rows(version)
    .where('m.member', '=', sql<number>`any(array(select c.oid from role_closure as c))`)
    .where('m.roleid', 'in', (eb) => eb.selectFrom('role_closure as c').select('c.oid'))
    .union((eb) => eb.selectFrom('dependent_membership as p').selectAll())
    // The same memberships, granted by others.
    .union(
      rows(version).where(
        sql<boolean>`exists (select from dependent_membership as p where p.roleid = m.roleid and p.member = m.member)`,
      ),
    )
    .union(rows(version).where('m.roleid', '=', sql<number>`any(array(select u.oid from unused_role as u))`))
