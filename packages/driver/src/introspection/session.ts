import { sql } from 'kysely'
import { handOnArray, handOnSession, type SessionColumn } from './handed-on.ts'
import { serverRow } from './result-rows.ts'
import { partOfScope } from './scope-part.ts'
import type { Statement } from './statement.ts'

const sessionColumns: readonly SessionColumn[] = [
  'database',
  'database_owner',
  'acting',
  'superuser',
  'login',
]

/** Reads who acts, in which database, and which of the named roles exist. */
export const session: Statement = {
  answers: ['server'],
  text: (version, needs, answer) => sql`
    with named as (
      select r.oid, r.rolname, r.rolsuper from pg_catalog.pg_roles as r
      where r.rolname = any(${partOfScope('desired')} || ${partOfScope('roles')} || array[current_user, session_user])
    )
    select ${sql.join([
      answer(
        sql`pg_catalog.json_build_array(pg_catalog.json_build_array(${serverRow(version, needs)}))::text`,
      ),
      ...sessionColumns.map((column) => handOnSession(column, sql`s.${sql.ref(column)}`)),
      ...(
        [
          ['desired', 'desired'],
          ['requested_role', 'roles'],
        ] as const
      ).map(([list, part]) =>
        handOnArray(
          list,
          sql`array(select n.oid from named as n where n.rolname = any(${partOfScope(part)}))`,
        ),
      ),
    ])}
    from (
      select d.oid as database, d.datdba as database_owner, a.oid as acting, a.rolsuper as superuser, l.oid as login
      from pg_catalog.pg_database as d
      left join named as a on a.rolname = current_user left join named as l on l.rolname = session_user
      where d.datname = pg_catalog.current_database()
    ) as s`,
}
