import { type RawBuilder, sql } from 'kysely'
import { zero } from './constant.ts'
import { type Stage, stages } from './stage.ts'

/** Before 16 memberships have no options: every member inherits and may SET ROLE. */
const rows = (version: number) =>
  stages
    .selectFrom('pg_catalog.pg_auth_members as m')
    .select(['m.roleid', 'm.member', 'm.grantor', 'm.admin_option'])
    .select([
      (version >= 160000 ? sql.ref<boolean>('m.inherit_option') : sql<boolean>`true`).as('inherit_option'),
      (version >= 160000 ? sql.ref<boolean>('m.set_option') : sql<boolean>`true`).as('set_option'),
    ])

/**
 * Whether a row `m` makes its member one. From 16 on, who creates a role may administer it without being a member in any
 * other way.
 */
export const isRealMember = (version: number): RawBuilder<boolean> =>
  version >= 160000 ? sql<boolean>`(m.inherit_option or m.set_option)` : sql<boolean>`true`

/**
 * What the desired roles have granted, and what was granted in turn by those who may only because of that. Before 16
 * a grantor means nothing: others may revoke what it granted, and it may be a role that is gone.
 */
export const passedOn: Stage<'passed_on'> = (version) =>
  version < 160000
    ? rows(version).where(sql<boolean>`false`)
    : rows(version)
        .where('m.grantor', '=', sql<number>`any(array(select d.oid from desired as d))`)
        .union((eb) =>
          eb
            .selectFrom('passed_on as p')
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

export const membership: Stage<'membership'> = (version) =>
  rows(version)
    .where('m.member', '=', sql<number>`any(array(select c.oid from closure as c))`)
    .where('m.roleid', 'in', (eb) => eb.selectFrom('closure as c').select('c.oid'))
    .union((eb) => eb.selectFrom('passed_on as p').selectAll())
    // Who has a membership that may go may have it of others too.
    .union(
      rows(version).where(
        sql<boolean>`exists (select from passed_on as p where p.roleid = m.roleid and p.member = m.member)`,
      ),
    )
    .union(rows(version).where('m.roleid', '=', sql<number>`any(array(select u.oid from unused as u))`))
