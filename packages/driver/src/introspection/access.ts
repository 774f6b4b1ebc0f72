import { sql } from 'kysely'
import { accessObjects } from './access-objects.ts'
import { accessMemberships, accessRoles } from './access-roles.ts'
import { rowsAsJson } from './full-lists.ts'
import { sessionHandedOn } from './handed-on.ts'
import { columnsOfMembership } from './membership.ts'
import { aclItems, name } from './name.ts'
import { attributes } from './role-columns.ts'
import type { Statement } from './statement.ts'

/** Reads what decides about access, in one statement, so that all of it is of one moment. */
export const access: Statement = {
  kind: 'json',
  answers: ['accessServer', 'roles', 'memberships', 'accessObjects'],
  text: (version, needs, answer) => {
    const lists = [
      rowsAsJson('accessServer', {
        columns: {
          databaseOwner: name('d.datdba', needs),
          largeObjectsForAll: sql`pg_catalog.current_setting('lo_compat_privileges') = 'on'`,
        },
        from: sql`pg_catalog.pg_database as d where d.datname = pg_catalog.current_database()`,
        order: sql`d.oid`,
      }),
      rowsAsJson('roles', {
        columns: {
          ...attributes,
          servesOthers: sql`false`,
          administeredByOthers: sql`false`,
          administers: sql`null::int8`,
        },
        from: sql`pg_catalog.pg_roles as r where r.oid = any(array(select a.oid from access_role as a))`,
        order: sql`r.oid`,
      }),
      rowsAsJson('memberships', {
        columns: columnsOfMembership(needs),
        from: sql`access_membership as m`,
        order: sql`m.member, m.roleid, m.grantor`,
      }),
      rowsAsJson('accessObjects', {
        columns: {
          kind: sql`o.kind`,
          name: sql`o.name`,
          oid: sql`o.oid::text`,
          owner: name('o.owner', needs),
          acl: sql`coalesce(${aclItems(sql`o.acl`, needs)}, '{}')`,
          follows: sql`o.follows`,
          traits: sql`o.traits`,
        },
        from: sql`access_object as o`,
        order: sql`o.kind, o.oid, o.name`,
      }),
    ]
    return sql`with recursive ${sql.join([
      sessionHandedOn(),
      ...accessObjects(version, needs),
      ...accessRoles(needs),
      ...accessMemberships(version, needs),
    ])}
      select ${answer(sql`pg_catalog.json_build_array(${sql.join(lists)})::text`)}`
  },
}
