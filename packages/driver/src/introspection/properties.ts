import { type RawBuilder, sql } from 'kysely'
import { catalogOid } from './constant.ts'
import { anyOf, ofSession } from './handed-on.ts'
import { name } from './name.ts'
import { partOfScope } from './scope-part.ts'
import { listing } from './statement.ts'

/** The settings of roles, a row for each. */
const eachSetting = sql`
  select s.setrole, s.setdatabase, pg_catalog.lower(pg_catalog.split_part(x.text, '=', 1)) as setting,
    pg_catalog.substr(x.text, pg_catalog.strpos(x.text, '=') + 1) as value
  from pg_catalog.pg_db_role_setting as s cross join lateral pg_catalog.unnest(s.setconfig) as x(text)
  where s.setrole = ${anyOf('propertied_role')}`

const database = sql`(select d.datname from pg_catalog.pg_database as d where d.oid = s.setdatabase)::text`

/** The connection limits, comments and settings of some roles. */
export const properties = listing('properties', (_version, needs) => ({
  columns: {
    role: name('p.role', needs),
    property: sql`p.property`,
    setting: sql`p.setting`,
    database: sql`p.database`,
    value: sql`p.value`,
  },
  from: sql`from (
    select r.oid as role, 'connection limit'::text as property, null::text as setting, null::text as database,
      r.rolconnlimit::text as value
    from pg_catalog.pg_roles as r where r.oid = ${anyOf('propertied_role')} and r.rolconnlimit <> -1
    union all
    select d.objoid, 'comment', null, null, d.description
    from pg_catalog.pg_shdescription as d
    where d.classoid = ${catalogOid('pg_catalog.pg_authid')} and d.objoid = ${anyOf('propertied_role')}
    union all
    select s.setrole, 'setting', s.setting, ${database}, s.value from (${eachSetting}) as s
  ) as p order by p.role, p.property, p.setting, p.database`,
}))

/**
 * Whether the acting role may set a setting that only superusers may set by default.
 * @see https://www.postgresql.org/docs/current/sql-grant.html
 */
const mayBeSet = (version: number): RawBuilder<unknown> => {
  const isSuperuser = sql`(select a.rolsuper from pg_catalog.pg_roles as a where a.oid = ${ofSession('acting')})`
  return version < 150000
    ? isSuperuser
    : sql`(${isSuperuser} or pg_catalog.has_parameter_privilege(${ofSession('acting')}, w.setting, 'SET'::text))`
}

/** What the server knows of the settings that are asked for, or that the roles have. */
export const knownSettings = listing('settings', (version) => ({
  columns: {
    setting: sql`w.setting`,
    context: sql`coalesce(
      (select k.context from pg_catalog.pg_settings as k where pg_catalog.lower(k.name) = w.setting),
      case when w.setting in ('role', 'session_authorization') then 'user' end
    )`,
    mayBeSet: mayBeSet(version),
  },
  from: sql`from (
    select pg_catalog.unnest(${partOfScope('settings')})::text as setting
    union select s.setting from (${eachSetting}) as s
  ) as w order by w.setting`,
}))
