import { type RawBuilder, sql } from 'kysely'
import { catalogName, catalogOid, looksIntermediate } from './constant.ts'
import { anyOf, handOn, type HandedList, isIn, none, oidsOf, ofSession } from './handed-on.ts'
import { dependenciesOfTracked } from './dependency.ts'
import { aclItems, name } from './name.ts'
import { type Needs, readsEach } from './needs.ts'
import { objectsInSchema } from './scope.ts'
import { partOfScope } from './scope-part.ts'
import { asMaterialized, handingOn, listing, type Statement } from './statement.ts'
import { describedSetting } from './unmanaged.ts'

type UsualName = 'database' | 'schema' | 'table'

/** How the objects of a usual kind are read. */
interface UsualKind {
  readonly catalog: 'pg_database' | 'pg_namespace' | 'pg_class'
  /** The list of those on which tracked roles have something. */
  readonly dependents: HandedList
  readonly kind: RawBuilder<unknown>
  readonly name: RawBuilder<unknown>
  readonly oid: RawBuilder<unknown>
  readonly owner: string
  readonly acl: RawBuilder<unknown>
  /** The letter of the kind for `acldefault`. */
  readonly letter: RawBuilder<unknown>
  /** The name where all that are read are in the one schema that the scope names. */
  readonly nameInOneSchema?: RawBuilder<unknown> | undefined
  /** Those that the scope names. */
  readonly from: (needs: Needs) => RawBuilder<unknown>
  /** Those on which tracked roles have something. */
  readonly fromDependents: RawBuilder<unknown>
  /** Whether the scope names it, if others are read, too. */
  readonly isNamed?: RawBuilder<unknown>
}

const relkinds = sql`('r', 'p', 'v', 'm', 'f', 'S', 't')`

const usualKinds: Readonly<Record<UsualName, UsualKind>> = {
  database: {
    catalog: 'pg_database',
    dependents: 'dependent_database',
    kind: sql`'database'::text`,
    name: sql`array[d.datname]`,
    oid: sql`d.oid`,
    owner: 'd.datdba',
    acl: sql`d.datacl`,
    letter: sql`'d'`,
    from: ({ readsRights }) => sql`pg_catalog.pg_database as d
      where d.datname = any(${partOfScope('databases')}${
        readsRights ? sql` || array[pg_catalog.current_database()]` : sql``
      })`,
    fromDependents: sql`pg_catalog.pg_database as d where d.oid = ${anyOf('dependent_database')}`,
    isNamed: sql`d.datname = any(${partOfScope('databases')})`,
  },
  schema: {
    catalog: 'pg_namespace',
    dependents: 'dependent_schema',
    kind: sql`'schema'::text`,
    name: sql`array[n.nspname]`,
    oid: sql`n.oid`,
    owner: 'n.nspowner',
    acl: sql`n.nspacl`,
    letter: sql`'n'`,
    from: () => sql`pg_catalog.pg_namespace as n where n.nspname = any(${partOfScope('schemas')})`,
    fromDependents: sql`pg_catalog.pg_namespace as n where n.oid = ${anyOf('dependent_schema')}`,
  },
  table: {
    catalog: 'pg_class',
    dependents: 'dependent_table',
    kind: sql`case c.relkind when 'S' then 'sequence' else 'table' end`,
    name: sql`array[n.nspname, c.relname]`,
    nameInOneSchema: sql`array[(${partOfScope('schemasWithTables')})[1], c.relname]`,
    oid: sql`c.oid`,
    owner: 'c.relowner',
    acl: sql`c.relacl`,
    letter: sql`case c.relkind when 'S' then 's' else 'r' end::"char"`,
    // The index on names of tables is searched, instead of a join being planned.
    from: ({ isOneSchema }) =>
      isOneSchema
        ? sql`pg_catalog.pg_class as c
      where c.relnamespace = (
        select x.oid from pg_catalog.pg_namespace as x where x.nspname = (${partOfScope('schemasWithTables')})[1]
      )
      and c.relname = any(${partOfScope('tables')}) and c.relkind in ${relkinds}`
        : sql`rows from (
        pg_catalog.unnest(${partOfScope('schemasOfTables')}), pg_catalog.unnest(${partOfScope('tables')})
      ) as w(schema, name)
      join pg_catalog.pg_namespace as n on n.nspname = w.schema
      cross join lateral (
        select x.oid, x.relname, x.relkind, x.relowner, x.relacl from pg_catalog.pg_class as x
        where x.relname = w.name and x.relnamespace = n.oid and x.relkind in ${relkinds}
        offset 0
      ) as c`,
    fromDependents: sql`(
        select x.oid, x.relname, x.relkind, x.relowner, x.relacl, x.relnamespace from pg_catalog.pg_class as x
        where x.oid = ${anyOf('dependent_table')} and x.relkind in ${relkinds}
        offset 0
      ) as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace`,
  },
}

/** All tables of some schemas, for patterns. */
const tablesMatched: UsualKind = {
  ...usualKinds.table,
  nameInOneSchema: undefined,
  from: () => sql`pg_catalog.pg_namespace as n
    cross join lateral ${objectsInSchema('pg_catalog.pg_class')} as d
    cross join lateral (
      select x.oid, x.relname, x.relkind, x.relowner, x.relacl from pg_catalog.pg_class as x
      where x.oid = d.objid and x.relkind in ('r', 'p', 'v', 'm', 'f')
      offset 0
    ) as c
    where n.nspname = any(${partOfScope('schemasMatched')})`,
}

/** The kinds that are read. A role that is no superuser needs the database, too. */
const kindsIn = ({ named, matched, readsRights }: Needs): readonly UsualKind[] => [
  ...(named.has('database') || readsRights ? [usualKinds.database] : []),
  ...(named.has('schema') || named.has('table') ? [usualKinds.schema] : []),
  ...(named.has('table') ? [usualKinds.table] : []),
  ...(matched.has('table') ? [tablesMatched] : []),
]

const statementOf = (
  { kind, oid, owner, acl, letter, ...usual }: UsualKind,
  from: (needs: Needs) => RawBuilder<unknown>,
  nameIn: (needs: Needs) => RawBuilder<unknown> = () => usual.name,
): Statement =>
  listing('usualObjects', (_version, needs) => ({
    columns: {
      kind,
      name: nameIn(needs),
      oid,
      owner: name(owner, needs),
      acl: aclItems(sql`coalesce(${acl}, pg_catalog.acldefault(${letter}, ${sql.ref(owner)}))`, needs, false),
    },
    from: sql`from ${from(needs)} order by ${oid}`,
  }))

/** The statements that read the objects of the usual kinds that the scope names. */
export const usualObjectsNamed = (needs: Needs): readonly Statement[] =>
  kindsIn(needs).map((kind) =>
    statementOf(kind, kind.from, ({ isOneSchema }) => (isOneSchema && kind.nameInOneSchema) || kind.name),
  )

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

/** Hands on a few desired roles, and the intermediate roles that have one as a member. A role may be there twice. */
export const handOnTrackedByFew = handOn(
  'tracked_role',
  sql`(${oidsOf('desired')} || array(
    select m.roleid from pg_catalog.pg_auth_members as m
    where m.member = ${anyOf('desired')} and ${looksIntermediate(sql`pg_catalog.pg_get_userbyid(m.roleid)::text`)}
  ))`,
)

/** The roles that the desired roles are direct members of. */
export const joinedByDesired = sql`
  select distinct m.roleid from pg_catalog.pg_auth_members as m where m.member = ${anyOf('desired')}`

/**
 * Hands on the desired roles, and the intermediate roles among some others. Each name is checked once, since the check is slow.
 * @param others a query of oids, each of them once
 */
export const handOnTracked = (others: RawBuilder<unknown>): RawBuilder<unknown> =>
  handOn(
    'tracked_role',
    sql`array(
      select pg_catalog.unnest(${oidsOf('desired')})
      union select g.oid from (${others} offset 0) as g(oid)
      where ${looksIntermediate(sql`pg_catalog.pg_get_userbyid(g.oid)::text`)}
    )`,
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
    handOnTracked(sql`${joinedByDesired} union ${grantees}`),
    handOn('owner_or_grantor', needs.readsRights ? sql`array(${owners})` : none),
    handOn('snapshot_schema', needs.readsRights ? sql`array(${schemas})` : none),
    handOn('unused_role', none),
  ])}`
})

/** Whether a dependency is that of something in this database, or of the cluster. The subquery reads the setting once. */
const isHere = sql`d.dbid in (0, (select ${ofSession('database')}))`

/** The kinds of which objects are read because tracked roles have something on them, or on a table in them. */
const dependentKinds = ({ catalogs, rare }: Needs): readonly UsualKind[] =>
  rare.has('dependents')
    ? Object.values(usualKinds).filter(
        ({ catalog }) => catalogs.has(catalog) || (catalog === 'pg_namespace' && catalogs.has('pg_class')),
      )
    : []

const dependentsIn = ({ catalog }: UsualKind): RawBuilder<unknown> =>
  sql`select d.objid from dependent as d where d.classid = ${catalogOid(`pg_catalog.${catalog}`)}`

/** Hands on the objects on which the tracked roles have something, and the schemas of the tables among them. */
const dependentLists = handingOn((version, needs) => {
  const kinds = dependentKinds(needs)
  const dependents = sql`select d.classid, d.objid from ${dependenciesOfTracked(version, needs)} as d
    where d.deptype in ('a', 'o') and ${isHere}`
  const ofTables = sql`union select c.relnamespace from pg_catalog.pg_class as c where c.oid = any(array(${dependentsIn(usualKinds.table)}))`
  return sql`with dependent as ${asMaterialized(version)} (${dependents})
    select ${sql.join(
      kinds.map((kind) =>
        handOn(
          kind.dependents,
          sql`array(${dependentsIn(kind)} ${kind === usualKinds.schema ? ofTables : sql``})`,
        ),
      ),
    )}`
})

/** Adds owners and schemas to those of the objects that the scope names. */
const rightsOnDependents = handingOn((_version, needs) => {
  const owners = dependentKinds(needs).map(
    ({ owner, fromDependents }) => sql`select ${sql.ref(owner)} from ${fromDependents}`,
  )
  return sql`select ${sql.join([
    handOn(
      'owner_or_grantor',
      sql`(${oidsOf('owner_or_grantor')} || array(${sql.join(owners, sql` union `)}))`,
    ),
    ...dependentKinds(needs)
      .filter((kind) => kind === usualKinds.schema)
      .map(({ dependents }) =>
        handOn('snapshot_schema', sql`(${oidsOf('snapshot_schema')} || ${oidsOf(dependents)})`),
      ),
  ])}`
})

/** The statements that read the objects on which the tracked roles have something, whether the scope names them or not. */
export const usualDependents = (needs: Needs): readonly Statement[] => {
  const kinds = dependentKinds(needs)
  if (kinds.length === 0) return []
  return [
    dependentLists,
    ...(needs.readsRights ? [rightsOnDependents] : []),
    ...kinds.map((kind) => statementOf(kind, () => kind.fromDependents)),
  ]
}

/** What the tracked roles have, so that it can be read too if it is something else. */
export const dependencies = listing('dependencies', (version, needs) => {
  const isEach = readsEach(needs)
  const rows = sql`from ${dependenciesOfTracked(version, needs)} as d`
  return {
    columns: {
      role: sql`case when not ${isHere} then d.refobjid end`,
      catalog: catalogName('d.classid'),
      how: sql`d.deptype`,
      onColumn: sql`d.objsubid <> 0`,
      count: isEach ? sql`1` : sql`pg_catalog.count(*)`,
      oids: isEach
        ? sql`case when ${isHere} then array[d.objid] end`
        : sql`pg_catalog.array_agg(d.objid) filter (where ${isHere})`,
    },
    from: isEach
      ? rows
      : sql`${rows}
    group by 1, d.classid, 3, 4
    order by 1, d.classid, 3, 4`,
  }
})

export const settings = listing('unmanaged', (_version, needs) => ({
  columns: { role: name('s.setrole', needs), kind: sql`'settings'::text`, description: describedSetting },
  from: sql`from pg_catalog.pg_db_role_setting as s where ${isIn(sql`s.setrole`, 'tracked_role', !readsEach(needs))}
    order by s.setrole, s.setdatabase`,
}))

/**
 * The statements that read the objects of the usual kinds that the scope names, and what else the desired roles and their
 * intermediate roles have.
 */
export const usualObjects = (needs: Needs): readonly Statement[] => [
  ...usualObjectsNamed(needs),
  trackedRoles,
  ...usualDependents(needs),
  dependencies,
  settings,
]
