import { type ObjectKind, scopeOf } from '@pgsr/planner'
import { mostAdministered } from '@pgsr/planner/internal'
import { type RawBuilder, sql } from 'kysely'
import { catalogName, catalogOid, constant, intermediateName } from './constant.ts'
import { isRealMember } from './membership.ts'
import { aclItems, name } from './name.ts'
import { type Needs, needsOf, readsUsualObjects } from './needs.ts'
import { partOfScope } from './scope-part.ts'

/** The columns of a list, in order: the SQL of each one, and its type. */
type Columns = Readonly<Record<string, RawBuilder<unknown>>>

/** A list of the answer. Each of its rows is an array of the values of its columns. */
interface List<C extends Columns> {
  readonly columns: C
  readonly from: RawBuilder<unknown>
  readonly order: RawBuilder<unknown>
}

const list = <C extends Columns>(
  columns: C,
  from: RawBuilder<unknown>,
  order: RawBuilder<unknown>,
): List<C> => ({ columns, from, order })

const setting = (called: string): RawBuilder<number> =>
  sql`pg_catalog.current_setting(${constant(called)})::int`

/**
 * How many processes and prepared transactions can hold locks. One or two processes of the server have no setting.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/init/postinit.c (InitializeMaxBackends)
 */
const lockHolders = (version: number): RawBuilder<number> => {
  const counted = [
    'max_connections',
    'max_prepared_transactions',
    'max_worker_processes',
    version < 180000 ? 'autovacuum_max_workers' : 'autovacuum_worker_slots',
    ...(version < 120000 ? [] : ['max_wal_senders']),
  ]
  return sql`(${sql.join(counted.map(setting), sql` + `)} + ${version < 180000 ? sql`1` : sql`2`})`
}

/** In UTC, with microseconds. `to_char` cannot write infinity, and does not say whether a year is BC. */
const validUntil = sql<string>`case
  when r.rolvaliduntil is null or r.rolvaliduntil = 'infinity' then 'infinity'
  when r.rolvaliduntil = '-infinity' then '-infinity'
  else pg_catalog.to_char(pg_catalog.timezone('UTC', r.rolvaliduntil), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || case when pg_catalog.date_part('year', pg_catalog.timezone('UTC', r.rolvaliduntil)) < 0 then ' BC' else '' end
end`

/** Whether roles that are not desired are members of a role with the name of an intermediate role. */
const servesOthers = (version: number) => sql<boolean>`(w.oid is not null or r.rolname ~ ${intermediateName})
and r.oid not in (select d.oid from desired as d) and exists (
  select from pg_catalog.pg_auth_members as m
  where m.roleid = r.oid and m.member not in (select d.oid from desired as d)
  and ${isRealMember(version)}
  offset 0
)`

/**
 * Whether somebody other than the acting role, its delegates and superusers has the ADMIN option for an intermediate role.
 * That reads all its members, so that it is asked only of a role that a desired role may become a member of.
 */
const administeredByOthers = sql<boolean>`w.oid is not null
and (
  select pg_catalog.count(*) from desired as d where exists (
    select from pg_catalog.pg_auth_members as m where m.roleid = r.oid and m.member = d.oid offset 0
  )
) < pg_catalog.array_length(${partOfScope('desired')}, 1)
and exists (
  select from pg_catalog.pg_auth_members as m
  where m.roleid = r.oid and m.admin_option
  and m.member not in (select a.oid from administrator as a)
  and not (select x.rolsuper from pg_catalog.pg_roles as x where x.oid = m.member)
  offset 0
)`

/** How many roles the acting role and each delegate have created, counted up to one more than the limit. */
const administers = (version: number): RawBuilder<number | null> =>
  version < 160000
    ? sql<null>`null`
    : sql<number | null>`case when r.oid in (select a.oid from administrator as a) then (
    select pg_catalog.count(*) from (
      select from pg_catalog.pg_auth_members as m
      where m.member = r.oid and m.admin_option and m.grantor = 10 limit ${sql.raw(String(mostAdministered + 1))}
    ) as administered
  ) end`

/** What is known of a table that may change its owner. */
const moved = <T>({ rare }: Needs, column: string): RawBuilder<T | null> =>
  rare.has('ownership') ? sql<T | null>`a.${sql.ref(column)}` : sql<null>`null`

/** The lists of the answer, in order. Their columns have the same names in all versions. */
const lists = (version: number, needs: Needs) => ({
  server: list(
    {
      version: sql<number>`pg_catalog.current_setting('server_version_num')::int`,
      database: sql<string>`pg_catalog.current_database()::text`,
      databaseOid: sql<string>`s.database::text`,
      actingRole: name('s.acting', needs),
      sessionRole: name('s.login', needs),
      bootstrapRole: sql<string>`pg_catalog.pg_get_userbyid(10)::text`,
      databaseOwner: name('s.database_owner', needs),
      createsSchemas: sql<boolean>`pg_catalog.has_database_privilege(s.acting, s.database, 'CREATE')`,
      superuser: sql<boolean>`s.superuser`,
      maxLocksPerTransaction: setting('max_locks_per_transaction'),
      lockTableSize: sql<number>`${setting('max_locks_per_transaction')} * ${lockHolders(version)}`,
      predicateLockTableSize: sql<number>`${setting('max_pred_locks_per_transaction')} * ${lockHolders(version)}`,
      transactionOpen: sql<boolean>`pg_catalog.now() <> pg_catalog.statement_timestamp()`,
      readOnly: sql<'replica' | 'transaction' | null>`case
        when pg_catalog.pg_is_in_recovery() then 'replica'
        when pg_catalog.current_setting('transaction_read_only') = 'on' then 'transaction'
      end`,
      readsPasswords: sql<boolean>`pg_catalog.has_column_privilege(s.acting, 'pg_catalog.pg_authid', 'rolpassword', 'SELECT')`,
    },
    sql`session as s`,
    sql`s.acting`,
  ),
  roles: list(
    {
      name: sql<string>`r.rolname::text`,
      oid: sql<string>`r.oid::text`,
      login: sql<boolean>`r.rolcanlogin`,
      superuser: sql<boolean>`r.rolsuper`,
      inherit: sql<boolean>`r.rolinherit`,
      createRole: sql<boolean>`r.rolcreaterole`,
      createDb: sql<boolean>`r.rolcreatedb`,
      replication: sql<boolean>`r.rolreplication`,
      bypassRls: sql<boolean>`r.rolbypassrls`,
      validUntil,
      servesOthers: servesOthers(version),
      administeredByOthers,
      administers: administers(version),
    },
    // PostgreSQL estimates that there are millions of roles in the closure, and a join would be planned for as many.
    sql`pg_catalog.pg_roles as r left join tracked_role as w on w.oid = r.oid and not w.desired
    where r.oid = any(array(select v.oid from snapshot_role as v))`,
    sql`r.oid`,
  ),
  memberships: list(
    {
      role: name('m.roleid', needs),
      member: name('m.member', needs),
      grantor: name('m.grantor', needs),
      admin: sql<boolean>`m.admin_option`,
      inherit: sql<boolean>`m.inherit_option`,
      set: sql<boolean>`m.set_option`,
    },
    sql`membership as m`,
    sql`m.member, m.roleid, m.grantor`,
  ),
  objects: list(
    {
      kind: sql<ObjectKind>`o.kind`,
      name: sql<readonly string[]>`o.name`,
      oid: sql<string>`o.oid::text`,
      owner: name('o.owner', needs),
      acl: sql<readonly string[]>`coalesce(${aclItems('o.acl', needs)}, '{}')`,
      follows: sql<readonly string[] | null>`o.follows`,
      inert: moved<boolean>(needs, 'inert'),
      wrapper: sql<string | null>`o.wrapper`,
      ownedBySuperusers: sql<boolean>`o.owned_by_superusers`,
      indexes: moved<number>(needs, 'indexes'),
      columns: needs.rare.has('ownership')
        ? sql<readonly string[] | null>`case when a.inert then a.columns end`
        : sql<null>`null::text[]`,
      foreignKey: moved<boolean>(needs, 'foreign_key'),
      runsCodeWhenOpened: moved<boolean>(needs, 'runs_code'),
    },
    needs.rare.has('ownership')
      ? sql`object as o
    left join moved_table as a on o.classid = ${catalogOid('pg_catalog.pg_class')} and a.oid = o.oid and o.objsubid = 0`
      : sql`object as o`,
    sql`o.kind, o.oid, o.objsubid`,
  ),
  defaultPrivileges: list(
    {
      owner: name('a.role', needs),
      schema: sql<string | null>`n.nspname::text`,
      on: sql<string>`a.object_type::text`,
      acl: aclItems('a.acl', needs),
    },
    sql`default_acl as a left join pg_catalog.pg_namespace as n on n.oid = a.schema`,
    sql`a.oid`,
  ),
  unmanaged: list(
    { role: name('u.role', needs), kind: sql<string>`u.kind`, description: sql<string>`u.description` },
    sql`unmanaged as u`,
    sql`u.role, u.kind, u.description`,
  ),
  mayBeUnused: list({ role: name('u.oid', needs) }, sql`unused_role as u`, sql`u.oid`),
  /** The objects of the usual kinds. */
  usualObjects: list(
    {
      kind: sql<ObjectKind>`o.kind`,
      name: sql<readonly string[]>`o.name`,
      oid: sql<string>`o.oid::text`,
      owner: name('o.owner', needs),
      acl: aclItems('o.whole_acl', needs),
    },
    sql`object as o`,
    sql`o.kind, o.oid`,
  ),
  /** At most one row, if what the acting role can reach has to be read. */
  outOfReach: list(
    { reason: sql<number>`o.reason` },
    needs.isSuperuser ? sql`(select 1 as reason where false) as o` : sql`out_of_reach as o`,
    sql`o.reason`,
  ),
  /** How often tracked roles have something elsewhere, by role, and of which sort they have something here. */
  dependencies: list(
    {
      role: sql<string | null>`f.role::text`,
      catalog: catalogName('f.classid'),
      how: sql<string>`f.deptype::text`,
      onColumn: sql<boolean>`f.on_column`,
      count: sql<number>`f.count`,
      isRead: sql<boolean>`f.is_read`,
    },
    sql`(
      select case when not d.here then d.role end as role, d.classid, d.deptype, d.objsubid <> 0 as on_column,
        pg_catalog.count(*) as count, ${
          readsUsualObjects(needs, version)
            ? sql`pg_catalog.bool_and(o.oid is not null) as is_read
        from dependency as d left join named as o on o.classid = d.classid and o.oid = d.objid`
            : sql`true as is_read from dependency as d`
        }
      group by 1, 2, 3, 4
    ) as f`,
    sql`f.role, f.classid, f.deptype, f.on_column`,
  ),
  /** At most one row: whether a desired role has granted a membership. */
  granted: list(
    { grantor: sql<string>`g.grantor::text` },
    version < 160000
      ? sql`(select null::oid as grantor where false) as g`
      : sql`(
      select m.grantor from pg_catalog.pg_auth_members as m
      where m.grantor = any(array(select d.oid from desired as d)) limit 1
    ) as g`,
    sql`g.grantor`,
  ),
})

type Lists = ReturnType<typeof lists>

export type ListName = keyof Lists

type RowOf<C> = { readonly [Name in keyof C]: C[Name] extends RawBuilder<infer T> ? T : never }

/** A row of a list. */
export type Row<Name extends keyof Lists> = RowOf<Lists[Name]['columns']>

/** Maps the rows of each list. The server is a list of one row. */
type Rows = { readonly [Name in keyof Lists]: <T>(map: (row: Row<Name>) => T) => readonly T[] }

/** The values of the only row of the server, which is `s`. */
export const serverRow = (version: number, needs: Needs): RawBuilder<unknown> =>
  sql`pg_catalog.json_build_array(${sql.join(Object.values(lists(version, needs).server.columns))})`

const rowsAsJson = ({ columns, from, order }: List<Columns>): RawBuilder<unknown> =>
  sql`coalesce((
    select pg_catalog.json_agg(pg_catalog.json_build_array(${sql.join(Object.values(columns))}) order by ${order}) from ${from}
  ), '[]')`

/** Some lists as one JSON text. The names of the columns are not repeated in each row. */
export const answerOf = (names: readonly ListName[], version: number, needs: Needs): RawBuilder<string> => {
  const all = lists(version, needs)
  return sql`pg_catalog.json_build_array(${sql.join(names.map((called) => rowsAsJson(all[called])))})::text`
}

const columnNames = Object.entries(lists(0, needsOf(scopeOf([]), true))).map(
  ([called, { columns }]) => [called, Object.keys(columns)] as const,
)

/**
 * Reads the JSON texts of the answers. A list that was not read has no rows. A row exists only while it is mapped.
 * @param texts by the names of the lists in each of them
 */
export const readRows = (texts: readonly (readonly [names: readonly ListName[], text: string])[]): Rows => {
  const answered = new Map(
    texts.flatMap(([names, text]) => {
      const parsed = JSON.parse(text) as readonly (readonly (readonly unknown[])[])[]
      return names.map((called, index) => [called as string, parsed[index]!] as const)
    }),
  )
  const rows = columnNames.map(([called, names]) => {
    const rowOf = (values: readonly unknown[]): object => {
      const row: Record<string, unknown> = {}
      for (let position = 0; position < names.length; position++) row[names[position]!] = values[position]
      return row
    }
    return [
      called,
      (map: (row: object) => unknown) => (answered.get(called) ?? []).map((values) => map(rowOf(values))),
    ]
  })
  return Object.fromEntries(rows) as Rows
}
