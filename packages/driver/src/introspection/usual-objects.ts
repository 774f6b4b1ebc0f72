import { sql } from 'kysely'
import { catalogOid, intermediateName } from './constant.ts'
import { dependency } from './dependency.ts'
import { handOn, handOnArray, listHandedOn, oidsOf, ofSession, sessionHandedOn } from './handed-on.ts'
import type { Needs } from './needs.ts'
import { partOfScope } from './scope-part.ts'
import type { Statement } from './statement.ts'
import { answerOf } from './result-rows.ts'
import { roleSetting } from './unmanaged.ts'

const none = sql`select null::oid, null::text, null::oid, null::text[], null::oid, null::aclitem[], null::"char", false where false`

/** The objects that the scope names, by kind. The last columns: the letter of the kind for `acldefault`, and whether it is named. */
const byKind = ({ isSuperuser }: Needs) => ({
  database: sql`
    select ${catalogOid('pg_catalog.pg_database')}, 'database'::text, d.oid, array[d.datname]::text[], d.datdba, d.datacl,
      'd'::"char", d.datname = any(${partOfScope('databases')})
    from pg_catalog.pg_database as d
    where d.datname = any(${partOfScope('databases')} ${isSuperuser ? sql`` : sql`|| case when not ${ofSession('superuser')} then array[pg_catalog.current_database()] end`})`,
  schema: sql`
    select ${catalogOid('pg_catalog.pg_namespace')}, 'schema'::text, n.oid, array[n.nspname]::text[], n.nspowner, n.nspacl,
      'n'::"char", true
    from pg_catalog.pg_namespace as n
    where n.nspname = any(${partOfScope('schemas')})`,
  table: sql`
    select ${catalogOid('pg_catalog.pg_class')}, case c.relkind when 'S' then 'sequence' else 'table' end, c.oid,
      array[n.nspname, c.relname]::text[], c.relowner, c.relacl, case c.relkind when 'S' then 's' else 'r' end::"char", true
    from rows from (
      pg_catalog.unnest(${partOfScope('schemasOfTables')}), pg_catalog.unnest(${partOfScope('tables')})
    ) as w(schema, name)
    join pg_catalog.pg_namespace as n on n.nspname = w.schema
    cross join lateral (
      select x.oid, x.relname, x.relkind, x.relowner, x.relacl from pg_catalog.pg_class as x
      where x.relname = w.name and x.relnamespace = n.oid and x.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 't')
      offset 0
    ) as c`,
})

/** The rows of the kinds that are needed. A role that is no superuser needs the database, too. */
const objects = (needs: Needs) => {
  const { named, isSuperuser } = needs
  const { database, schema, table } = byKind(needs)
  const read = [
    ...(named.has('database') || !isSuperuser ? [database] : []),
    ...(named.has('schema') || named.has('table') ? [schema] : []),
    ...(named.has('table') ? [table] : []),
  ]
  return sql.join(read.length > 0 ? read : [none], sql` union all `)
}

/**
 * Reads the objects of the usual kinds that the scope names, and finds the intermediate roles that have a desired role as a
 * member, or hold a privilege on such an object. Says what else these roles have, so that it can be read too.
 */
export const usualObjects: Statement = {
  answers: ['usualObjects', 'unmanaged', 'dependencies'],
  text: (version, needs, answer) => sql`
    with ${sessionHandedOn()}, ${listHandedOn('desired')},
    named as materialized (
      select * from (${objects(needs)}) as o(classid, kind, oid, name, owner, acl, letter, is_named)
    ),
    object as (
      select o.*, 0 as objsubid, coalesce(o.acl, pg_catalog.acldefault(o.letter, o.owner)) as whole_acl from named as o
    ),
    tracked_role as materialized (
      select d.oid, true as desired from desired as d
      union all
      select g.oid, false from (
        select (pg_catalog.aclexplode(o.acl)).grantee from named as o where o.is_named
        union
        select m.roleid from pg_catalog.pg_auth_members as m where m.member = any(${oidsOf('desired')})
        offset 0
      ) as g(oid)
      where pg_catalog.pg_get_userbyid(g.oid)::text ~ ${intermediateName}
      and g.oid not in (select d.oid from desired as d)
    ),
    dependency as materialized (${dependency(version, needs)}),
    unmanaged as (${roleSetting()})
    select ${sql.join([
      answer(answerOf(usualObjects.answers, version, needs)),
      ...handOn('tracked_role'),
      handOnArray(
        'owner_or_grantor',
        needs.isSuperuser
          ? sql`null`
          : sql`array(select distinct o.owner from named as o where not ${ofSession('superuser')})`,
      ),
      handOnArray(
        'snapshot_schema',
        needs.isSuperuser
          ? sql`null`
          : sql`array(select o.oid from named as o where o.kind = 'schema' and not ${ofSession('superuser')})`,
      ),
      handOnArray('unused_role', sql`null`),
    ])}`,
}
