import { type RawBuilder, sql } from 'kysely'
import { catalogName, looksIntermediate } from './constant.ts'
import { allOf, handOn, none, oidsOf, ofSession } from './handed-on.ts'
import { dependenciesOf } from './dependency.ts'
import { aclItems, name } from './name.ts'
import type { Needs } from './needs.ts'
import { partOfScope } from './scope-part.ts'
import { handingOn, listing, type Statement } from './statement.ts'
import { describedSetting } from './unmanaged.ts'

/** How the objects of a usual kind that the scope names are read. */
interface UsualKind {
  readonly kind: RawBuilder<unknown>
  readonly name: RawBuilder<unknown>
  readonly oid: RawBuilder<unknown>
  readonly owner: string
  readonly acl: RawBuilder<unknown>
  /** The letter of the kind for `acldefault`. */
  readonly letter: RawBuilder<unknown>
  readonly from: (needs: Needs) => RawBuilder<unknown>
  /** Whether the scope names it, if others are read, too. */
  readonly isNamed?: RawBuilder<unknown>
}

const usualKinds: Readonly<Record<'database' | 'schema' | 'table', UsualKind>> = {
  database: {
    kind: sql`'database'::text`,
    name: sql`array[d.datname]`,
    oid: sql`d.oid`,
    owner: 'd.datdba',
    acl: sql`d.datacl`,
    letter: sql`'d'`,
    from: ({ isSuperuser }) => sql`pg_catalog.pg_database as d
      where d.datname = any(${partOfScope('databases')}${
        isSuperuser ? sql`` : sql` || array[pg_catalog.current_database()]`
      })`,
    isNamed: sql`d.datname = any(${partOfScope('databases')})`,
  },
  schema: {
    kind: sql`'schema'::text`,
    name: sql`array[n.nspname]`,
    oid: sql`n.oid`,
    owner: 'n.nspowner',
    acl: sql`n.nspacl`,
    letter: sql`'n'`,
    from: () => sql`pg_catalog.pg_namespace as n where n.nspname = any(${partOfScope('schemas')})`,
  },
  table: {
    kind: sql`case c.relkind when 'S' then 'sequence' else 'table' end`,
    name: sql`array[n.nspname, c.relname]`,
    oid: sql`c.oid`,
    owner: 'c.relowner',
    acl: sql`c.relacl`,
    letter: sql`case c.relkind when 'S' then 's' else 'r' end::"char"`,
    // The index on names of tables is searched, instead of a join being planned.
    from: ({ isOneSchema }) =>
      isOneSchema
        ? sql`pg_catalog.pg_namespace as n join pg_catalog.pg_class as c on c.relnamespace = n.oid
      where n.nspname = any(${partOfScope('schemasWithTables')}) and c.relname = any(${partOfScope('tables')})
      and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 't')`
        : sql`rows from (
        pg_catalog.unnest(${partOfScope('schemasOfTables')}), pg_catalog.unnest(${partOfScope('tables')})
      ) as w(schema, name)
      join pg_catalog.pg_namespace as n on n.nspname = w.schema
      cross join lateral (
        select x.oid, x.relname, x.relkind, x.relowner, x.relacl from pg_catalog.pg_class as x
        where x.relname = w.name and x.relnamespace = n.oid and x.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 't')
        offset 0
      ) as c`,
  },
}

/** The kinds that are read. A role that is no superuser needs the database, too. */
const kindsIn = ({ named, isSuperuser }: Needs): readonly UsualKind[] => [
  ...(named.has('database') || !isSuperuser ? [usualKinds.database] : []),
  ...(named.has('schema') || named.has('table') ? [usualKinds.schema] : []),
  ...(named.has('table') ? [usualKinds.table] : []),
]

const statementOf = ({ kind, name: path, oid, owner, acl, letter, from }: UsualKind): Statement =>
  listing('usualObjects', (_version, needs) => ({
    columns: {
      kind,
      name: path,
      oid,
      owner: name(owner, needs),
      acl: aclItems(sql`coalesce(${acl}, pg_catalog.acldefault(${letter}, ${sql.ref(owner)}))`, needs, false),
    },
    from: sql`from ${from(needs)} order by ${oid}`,
  }))

/** The statements that read the objects of the usual kinds that the scope names. */
export const usualObjectsNamed = (needs: Needs): readonly Statement[] => kindsIn(needs).map(statementOf)

/** Unites queries of some kinds of object. Without any, there are no rows. */
const united = (
  needs: Needs,
  kinds: readonly UsualKind[],
  select: (kind: UsualKind) => RawBuilder<unknown>,
): RawBuilder<unknown> =>
  kinds.length === 0
    ? sql`select null::oid where false`
    : sql.join(
        kinds.map((kind) => sql`select ${select(kind)} from ${kind.from(needs)}`),
        sql` union `,
      )

/**
 * Hands on the desired roles, the intermediate roles that have one as a member, and those among some other roles. The names
 * are read from PostgreSQL’s cache; each is checked once, since the check is slow.
 * @param others a query of oids
 */
export const handOnTracked = (others?: RawBuilder<unknown>): RawBuilder<unknown> =>
  handOn(
    'tracked_role',
    sql`(${oidsOf('desired')} || array(
      select g.oid from (
        select distinct m.roleid from pg_catalog.pg_auth_members as m where m.member = any(${oidsOf('desired')})
        ${others === undefined ? sql`` : sql`union ${others}`}
        offset 0
      ) as g(oid)
      where ${looksIntermediate(sql`pg_catalog.pg_get_userbyid(g.oid)::text`)} and g.oid not in ${allOf('desired')}
    ))`,
  )

/** Intermediate roles are also looked for among those that hold a privilege on an object that the scope names. */
const trackedRoles = handingOn((_version, needs) => {
  const kinds = kindsIn(needs)
  const grantees = united(
    needs,
    kinds,
    ({ acl, isNamed }) =>
      sql`(pg_catalog.aclexplode(${isNamed === undefined ? acl : sql`case when ${isNamed} then ${acl} end`})).grantee`,
  )
  const owners = united(needs, kinds, ({ owner }) => sql.ref(owner))
  const schemas = united(
    needs,
    kinds.filter((kind) => kind === usualKinds.schema),
    ({ oid }) => oid,
  )
  return sql`select ${sql.join([
    handOnTracked(grantees),
    handOn('owner_or_grantor', needs.isSuperuser ? none : sql`array(${owners})`),
    handOn('snapshot_schema', needs.isSuperuser ? none : sql`array(${schemas})`),
    handOn('unused_role', none),
  ])}`
})

/** What the tracked roles have, so that it can be read too if it is something else. */
export const dependencies = listing('dependencies', () => ({
  columns: {
    role: sql`case when not d.here then d.refobjid end`,
    catalog: catalogName('d.classid'),
    how: sql`d.deptype`,
    onColumn: sql`d.objsubid <> 0`,
    count: sql`pg_catalog.count(*)`,
    oids: sql`pg_catalog.array_agg(d.objid) filter (where d.here)`,
  },
  from: sql`from (
      select x.*, x.dbid in (0, ${ofSession('database')}) as here
      from ${dependenciesOf(sql`any(${oidsOf('tracked_role')})`)} as x
    ) as d
    group by 1, d.classid, 3, 4
    order by 1, d.classid, 3, 4`,
}))

export const settings = listing('unmanaged', (_version, needs) => ({
  columns: { role: name('s.setrole', needs), kind: sql`'settings'::text`, description: describedSetting },
  from: sql`from (select x.* from pg_catalog.pg_db_role_setting as x offset 0) as s where s.setrole in ${allOf('tracked_role')}
    order by s.setrole, s.setdatabase`,
}))

/**
 * The statements that read the objects of the usual kinds that the scope names, and what else the desired roles and their
 * intermediate roles have.
 */
export const usualObjects = (needs: Needs): readonly Statement[] => [
  ...usualObjectsNamed(needs),
  trackedRoles,
  dependencies,
  settings,
]
