import type { ObjectKind, OwnableKind, Privilege } from '@pgsr/node-postgres'
import { objectKinds } from '@pgsr/planner'
import type { Sandbox } from '../sandbox/sandbox.ts'

/** Where objects are made. */
export interface Place {
  readonly box: Sandbox
  readonly schema: string
  /** A foreign-data wrapper that the acting role may use, and a server of it. */
  readonly wrapper: string
  readonly server: string
}

/** What an object is called: by pgsr, and in SQL. */
interface Made {
  readonly name: readonly string[]
  readonly sql: string
  /** An expression for its oid. */
  readonly oid: string
}

/** One sort of object, such as the views among what GRANT … ON TABLE accepts. */
interface Sort {
  readonly since?: number
  readonly until?: number
  /** Only a superuser can make one. */
  readonly madeBySuperuser?: true
  /** It stays the superuser’s: nobody else may own one, or what the acting role cannot reach is to be there too. */
  readonly ofSuperuser?: true
  /** Before this version only superusers can give one of a non-superuser’s to the acting role. */
  readonly movedBySuperuserUntil?: number
  /** It has the owner of something else. */
  readonly ownerFollows?: true
  readonly make: (place: Place, name: string, run: Sandbox['run']) => Promise<Made>
}

/** All that a test has to know of a kind of object. */
interface KindUnderTest {
  readonly sorts: Readonly<Record<string, Sort>>
  /** The catalog that says who owns one, and the column. */
  readonly owner?: readonly [catalog: string, column: string]
  /** What `acldefault` calls the kind. */
  readonly letter?: string
  readonly privileges?: (version: number) => readonly Privilege[]
  /** An expression for whether a role, given as an SQL expression, has a privilege. */
  readonly has?: (object: Made, role: string, privilege: string, version: number) => string
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

const hasBy =
  (name: string): NonNullable<KindUnderTest['has']> =>
  ({ oid }, role, privilege) =>
    `has_${name}_privilege(${role}, ${oid}, '${privilege}')`

const always =
  (...privileges: Privilege[]): NonNullable<KindUnderTest['privileges']> =>
  () =>
    privileges

/** Something that is in no schema, found in its catalog by name. */
const outside =
  (create: (place: Place, name: string) => string, catalog: string, column: string): Sort['make'] =>
  async (place, name, run) => {
    await run(create(place, name))
    return { name: [name], sql: name, oid: `(select oid from ${catalog} where ${column} = '${name}')` }
  }

/** Something in a schema, found by what `reg…` or the catalog makes of its name. */
const inSchema =
  (
    create: (qualified: string, place: Place) => string,
    oid: (made: Omit<Made, 'oid'>) => string,
  ): Sort['make'] =>
  async (place, name, run) => {
    const sql = `${place.schema}.${name}`
    await run(create(sql, place))
    const made = { name: [place.schema, name], sql }
    return { ...made, oid: oid(made) }
  }

const registered =
  (type: string) =>
  ({ sql }: Omit<Made, 'oid'>) =>
    `${literal(sql)}::${type}::oid`

const inCatalog =
  (catalog: string, letters: string) =>
  ({ name: [schema = '', name = ''] }: Omit<Made, 'oid'>) =>
    `(select oid from ${catalog} where ${letters}name = '${name}' and ${letters}namespace = '${schema}'::regnamespace)`

const relation = (create: (name: string, place: Place) => string): Sort['make'] =>
  inSchema(create, registered('regclass'))

const type = (create: (name: string) => string): Sort['make'] => inSchema(create, registered('regtype'))

/** A routine by the types of its arguments: as pgsr spells them. */
const routine =
  (
    create: (name: string, place: Place) => string,
    types: (place: Place) => readonly string[],
  ): Sort['make'] =>
  async (place, name, run) => {
    const qualified = `${place.schema}.${name}`
    await run(create(qualified, place))
    const sql = `${qualified}(${types(place).join(', ')})`
    return { name: [place.schema, name, ...types(place)], sql, oid: `${literal(sql)}::regprocedure::oid` }
  }

/** The directory of a tablespace has to be there; the server is the one who can make it. */
export const inDirectory = (place: Pick<Place, 'box'>, command: string, name: string): Promise<unknown> =>
  place.box.admin(`do $$ begin
    execute format('copy (select 1) to program %L', 'cat > /dev/null; ${command} "' || current_setting('data_directory') || '/../${name}"');
  end $$`)

const byAccessMethod = (
  keyword: string,
  catalog: string,
  letters: string,
  rest: string,
): Readonly<Record<string, Sort>> => ({
  [keyword]: {
    madeBySuperuser: true,
    make: async ({ schema }, name, run) => {
      await run(`create ${keyword} ${schema}.${name} ${rest}`)
      return {
        name: [schema, name, 'btree'],
        sql: `${schema}.${name} using btree`,
        oid: inCatalog(catalog, letters)({ name: [schema, name], sql: '' }),
      }
    },
  },
})

/** Every kind of object, with all sorts of it that PostgreSQL tells apart. */
export const everyKind: Readonly<Record<ObjectKind, KindUnderTest>> = {
  database: {
    owner: ['pg_database', 'datdba'],
    letter: 'd',
    privileges: always('CREATE', 'CONNECT', 'TEMPORARY'),
    has: hasBy('database'),
    sorts: {
      database: {
        madeBySuperuser: true,
        // Others need CREATEDB, which the acting role does not have.
        movedBySuperuserUntil: Infinity,
        make: outside((_, name) => `create database ${name}`, 'pg_database', 'datname'),
      },
    },
  },
  tablespace: {
    owner: ['pg_tablespace', 'spcowner'],
    letter: 't',
    privileges: always('CREATE'),
    has: hasBy('tablespace'),
    sorts: {
      tablespace: {
        madeBySuperuser: true,
        ofSuperuser: true,
        make: async (place, name, run) => {
          await inDirectory(place, 'mkdir', name)
          const [[directory]] = (await run(`select current_setting('data_directory') || '/../${name}'`)) as [
            [string],
          ]
          await run(`create tablespace ${name} location ${literal(directory)}`)
          return { name: [name], sql: name, oid: `(select oid from pg_tablespace where spcname = '${name}')` }
        },
      },
    },
  },
  parameter: {
    letter: 'p',
    privileges: always('SET', 'ALTER SYSTEM'),
    has: ({ name: [name] }, role, privilege) =>
      `has_parameter_privilege((select rolname from pg_roles where oid = ${role}), '${name}', '${privilege}')`,
    sorts: {
      parameter: {
        since: 150000,
        madeBySuperuser: true,
        ofSuperuser: true,
        // One that PostgreSQL does not know is there as long as somebody has a privilege on it.
        make: async (_, name, run) => {
          const parameter = `pgsr.${name}`
          await run(`grant set on parameter ${parameter} to pg_monitor`)
          return {
            name: [parameter],
            sql: parameter,
            oid: `(select oid from pg_parameter_acl where parname = '${parameter}')`,
          }
        },
      },
    },
  },
  schema: {
    owner: ['pg_namespace', 'nspowner'],
    letter: 'n',
    privileges: always('USAGE', 'CREATE'),
    has: hasBy('schema'),
    sorts: { schema: { make: outside((_, name) => `create schema ${name}`, 'pg_namespace', 'nspname') } },
  },
  table: {
    owner: ['pg_class', 'relowner'],
    letter: 'r',
    privileges: (version) => [
      'SELECT',
      'INSERT',
      'UPDATE',
      'DELETE',
      'TRUNCATE',
      'REFERENCES',
      'TRIGGER',
      ...(version >= 170000 ? (['MAINTAIN'] as const) : []),
    ],
    has: hasBy('table'),
    sorts: {
      table: { make: relation((name) => `create table ${name} (id int)`) },
      'partitioned table': {
        since: 100000,
        make: relation((name) => `create table ${name} (id int) partition by range (id)`),
      },
      view: { make: relation((name) => `create view ${name} as select 1 as id`) },
      'materialized view': { make: relation((name) => `create materialized view ${name} as select 1 as id`) },
      'foreign table': {
        make: relation((name, { server }) => `create foreign table ${name} (id int) server ${server}`),
      },
    },
  },
  column: {
    letter: 'c',
    privileges: always('SELECT', 'INSERT', 'UPDATE', 'REFERENCES'),
    has: ({ oid }, role, privilege) => `has_column_privilege(${role}, ${oid}, 1::int2, '${privilege}')`,
    sorts: {
      column: {
        ownerFollows: true,
        make: async (place, name, run) => {
          const made = await relation((table) => `create table ${table} (id int, other int)`)(
            place,
            name,
            run,
          )
          return { ...made, name: [...made.name, 'id'] }
        },
      },
    },
  },
  sequence: {
    owner: ['pg_class', 'relowner'],
    letter: 's',
    privileges: always('USAGE', 'SELECT', 'UPDATE'),
    // Early minor releases of 9.6 do not know grant options there.
    has: ({ oid, ...made }, role, privilege, version) =>
      version < 100000 && privilege.endsWith('with grant option')
        ? `exists (select from pg_class as c cross join aclexplode(c.relacl) as a where c.oid = ${oid} and a.is_grantable
             and a.privilege_type || ' with grant option' = '${privilege}' and pg_has_role(${role}, a.grantee, 'USAGE'))`
        : hasBy('sequence')({ oid, ...made }, role, privilege, version),
    sorts: { sequence: { make: relation((name) => `create sequence ${name}`) } },
  },
  function: {
    owner: ['pg_proc', 'proowner'],
    letter: 'f',
    privileges: always('EXECUTE'),
    has: hasBy('function'),
    sorts: {
      function: {
        make: routine(
          (name, { schema }) =>
            `create type ${schema}."Mood ""x""" as enum ();
             create function ${name} (a int, b text[], c ${schema}."Mood ""x""") returns int language sql as 'select 1'`,
          ({ schema }) => ['integer', 'text[]', `"${schema}"."Mood ""x"""`],
        ),
      },
      'SECURITY DEFINER function': {
        make: routine(
          (name) => `create function ${name} () returns int language sql security definer as 'select 1'`,
          () => [],
        ),
      },
      aggregate: {
        make: routine(
          (name) => `create aggregate ${name} (int) (sfunc = int4pl, stype = int4)`,
          () => ['integer'],
        ),
      },
      'window function': {
        madeBySuperuser: true,
        make: routine(
          (name) => `create function ${name} () returns int8 language internal window as 'window_row_number'`,
          () => [],
        ),
      },
    },
  },
  procedure: {
    owner: ['pg_proc', 'proowner'],
    letter: 'f',
    privileges: always('EXECUTE'),
    has: hasBy('function'),
    sorts: {
      procedure: {
        since: 110000,
        make: routine(
          (name) => `create procedure ${name} (a int, inout b varchar) language sql as 'select b'`,
          () => ['integer', 'character varying'],
        ),
      },
    },
  },
  'large object': {
    owner: ['pg_largeobject_metadata', 'lomowner'],
    letter: 'L',
    privileges: always('SELECT', 'UPDATE'),
    has: ({ oid }, role, privilege, version) =>
      version >= 180000
        ? `has_largeobject_privilege(${role}, ${oid}, '${privilege}')`
        : `exists (select from pg_largeobject_metadata as o cross join aclexplode(coalesce(o.lomacl, acldefault('L', o.lomowner))) as a
             where o.oid = ${oid} and '${privilege}' in (a.privilege_type, case when a.is_grantable then a.privilege_type || ' with grant option' end)
             and case a.grantee when 0 then true else pg_has_role(${role}, a.grantee, 'USAGE') end)`,
    sorts: {
      'large object': {
        make: async (_place, _name, run) => {
          const [[oid]] = (await run('select lo_create(0)::text')) as [[string]]
          return { name: [oid], sql: oid, oid: `${oid}::oid` }
        },
      },
    },
  },
  type: {
    owner: ['pg_type', 'typowner'],
    letter: 'T',
    privileges: always('USAGE'),
    has: hasBy('type'),
    sorts: {
      enum: { make: type((name) => `create type ${name} as enum ('a')`) },
      composite: { make: type((name) => `create type ${name} as (a int)`) },
      domain: { make: type((name) => `create domain ${name} as int`) },
      range: { make: type((name) => `create type ${name} as range (subtype = int4)`) },
      // From 17 on it has what its range type has.
      multirange: {
        since: 140000,
        until: 170000,
        make: type(
          (name) => `create type ${name}_of as range (subtype = int4, multirange_type_name = ${name})`,
        ),
      },
      'row type': { ownerFollows: true, make: type((name) => `create table ${name} (id int)`) },
      base: {
        madeBySuperuser: true,
        make: type(
          (name) =>
            `create type ${name};
             create function ${name}_in (cstring) returns ${name} language internal immutable strict as 'int4in';
             create function ${name}_out (${name}) returns cstring language internal immutable strict as 'int4out';
             create type ${name} (input = ${name}_in, output = ${name}_out, like = int4)`,
        ),
      },
    },
  },
  language: {
    owner: ['pg_language', 'lanowner'],
    letter: 'l',
    privileges: always('USAGE'),
    has: hasBy('language'),
    sorts: {
      language: {
        madeBySuperuser: true,
        ofSuperuser: true,
        make: outside(
          (_, name) =>
            `create trusted language ${name} handler plpgsql_call_handler inline plpgsql_inline_handler validator plpgsql_validator`,
          'pg_language',
          'lanname',
        ),
      },
    },
  },
  'foreign-data wrapper': {
    owner: ['pg_foreign_data_wrapper', 'fdwowner'],
    letter: 'F',
    privileges: always('USAGE'),
    has: hasBy('foreign_data_wrapper'),
    sorts: {
      'foreign-data wrapper': {
        madeBySuperuser: true,
        ofSuperuser: true,
        movedBySuperuserUntil: Infinity,
        make: outside(
          (_, name) => `create foreign data wrapper ${name}`,
          'pg_foreign_data_wrapper',
          'fdwname',
        ),
      },
    },
  },
  'foreign server': {
    owner: ['pg_foreign_server', 'srvowner'],
    letter: 'S',
    privileges: always('USAGE'),
    has: hasBy('server'),
    sorts: {
      'foreign server': {
        make: outside(
          ({ wrapper }, name) => `create server ${name} foreign data wrapper ${wrapper}`,
          'pg_foreign_server',
          'srvname',
        ),
      },
    },
  },
  operator: {
    owner: ['pg_operator', 'oprowner'],
    sorts: {
      operator: {
        make: async ({ schema }, _, run) => {
          await run(`create operator ${schema}.=== (leftarg = int, rightarg = int, procedure = int4eq)`)
          return {
            name: [schema, '===', 'integer', 'integer'],
            sql: `${schema}.=== (int, int)`,
            oid: `'${schema}.===(int, int)'::regoperator::oid`,
          }
        },
      },
      'prefix operator': {
        make: async ({ schema }, _, run) => {
          await run(`create operator ${schema}.!== (rightarg = int, procedure = int4abs)`)
          return {
            name: [schema, '!==', 'NONE', 'integer'],
            sql: `${schema}.!== (none, int)`,
            oid: `'${schema}.!==(none, int)'::regoperator::oid`,
          }
        },
      },
    },
  },
  'operator class': {
    owner: ['pg_opclass', 'opcowner'],
    sorts: byAccessMethod(
      'operator class',
      'pg_opclass',
      'opc',
      'for type int using btree as operator 1 <, function 1 btint4cmp(int, int)',
    ),
  },
  'operator family': {
    owner: ['pg_opfamily', 'opfowner'],
    sorts: byAccessMethod('operator family', 'pg_opfamily', 'opf', 'using btree'),
  },
  collation: {
    owner: ['pg_collation', 'collowner'],
    sorts: {
      collation: {
        make: inSchema((name) => `create collation ${name} from "C"`, inCatalog('pg_collation', 'coll')),
      },
    },
  },
  conversion: {
    owner: ['pg_conversion', 'conowner'],
    sorts: {
      conversion: {
        make: inSchema(
          (name) => `create conversion ${name} for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1`,
          inCatalog('pg_conversion', 'con'),
        ),
      },
    },
  },
  'text search configuration': {
    owner: ['pg_ts_config', 'cfgowner'],
    sorts: {
      'text search configuration': {
        make: inSchema(
          (name) => `create text search configuration ${name} (copy = pg_catalog.simple)`,
          registered('regconfig'),
        ),
      },
    },
  },
  'text search dictionary': {
    owner: ['pg_ts_dict', 'dictowner'],
    sorts: {
      'text search dictionary': {
        make: inSchema(
          (name) => `create text search dictionary ${name} (template = pg_catalog.simple)`,
          registered('regdictionary'),
        ),
      },
    },
  },
  'statistics object': {
    owner: ['pg_statistic_ext', 'stxowner'],
    sorts: {
      'statistics object': {
        since: 100000,
        make: inSchema(
          (name) =>
            `create table ${name}_of (a int, b int); create statistics ${name} (dependencies) on a, b from ${name}_of`,
          inCatalog('pg_statistic_ext', 'stx'),
        ),
      },
    },
  },
  publication: {
    owner: ['pg_publication', 'pubowner'],
    sorts: {
      publication: {
        since: 100000,
        make: outside((_, name) => `create publication ${name}`, 'pg_publication', 'pubname'),
      },
      'publication of all tables': {
        since: 100000,
        madeBySuperuser: true,
        ofSuperuser: true,
        movedBySuperuserUntil: Infinity,
        make: outside((_, name) => `create publication ${name} for all tables`, 'pg_publication', 'pubname'),
      },
    },
  },
  subscription: {
    owner: ['pg_subscription', 'subowner'],
    sorts: {
      subscription: {
        since: 100000,
        madeBySuperuser: true,
        ofSuperuser: true,
        movedBySuperuserUntil: 160000,
        make: outside(
          (_, name) =>
            `create subscription ${name} connection 'dbname=nowhere password=x' publication p
             with (connect = false, enabled = false, create_slot = false, slot_name = none)`,
          'pg_subscription',
          'subname',
        ),
      },
    },
  },
  'event trigger': {
    owner: ['pg_event_trigger', 'evtowner'],
    sorts: {
      'event trigger': {
        madeBySuperuser: true,
        ofSuperuser: true,
        movedBySuperuserUntil: Infinity,
        make: outside(
          ({ schema }, name) =>
            `create function ${schema}.${name} () returns event_trigger language plpgsql as 'begin end';
             create event trigger ${name} on ddl_command_end when tag in ('CREATE CAST') execute procedure ${schema}.${name}()`,
          'pg_event_trigger',
          'evtname',
        ),
      },
    },
  },
}

/** An object that a test has made. */
export interface Specimen extends Made {
  readonly kind: ObjectKind
  /** What PostgreSQL calls it: `materialized view`. */
  readonly sort: string
  readonly ofSuperuser: boolean
  /** Whether it takes a superuser to move it to the acting role. */
  readonly movedBySuperuser: boolean
  /** Whether it has an owner of its own. */
  readonly isOwnable: boolean
}

export const privilegesOn = (kind: ObjectKind, version: number): readonly Privilege[] =>
  everyKind[kind].privileges?.(version) ?? []

/** Grants privileges on an object, as whoever runs it. */
export const grantStatement = (
  { kind, name, sql }: Specimen,
  privileges: readonly Privilege[],
  role: string,
  option = '',
): string => {
  const columns = kind === 'column' ? ` (${name[2]})` : ''
  const list = privileges.map((privilege) => `${privilege}${columns}`).join(', ')
  return `grant ${list} on ${objectKinds[kind].grantKeyword} ${sql} to ${role} ${option}`
}

export const ownerStatement = ({ kind, sql }: Specimen, role: string): string =>
  `alter ${objectKinds[kind].ownerKeyword} ${sql} owner to ${role}`

/** An expression for whether a role, by its name, has a privilege on an object. */
export const hasPrivilege = (specimen: Specimen, role: string, privilege: string, version: number): string =>
  everyKind[specimen.kind].has!(specimen, `'${role}'::regrole::oid`, privilege, version)

/** An expression for the name of an object’s owner. */
export const ownerOf = ({ kind, oid }: Specimen): string => {
  const [catalog, column] = everyKind[kind].owner!
  return `(select pg_get_userbyid(${column})::text from ${catalog} where oid = ${oid})`
}

/** What an ownership can be asked of. */
export const isOwnable = (specimen: Specimen): specimen is Specimen & { readonly kind: OwnableKind } =>
  specimen.isOwnable

/** Makes a schema for {@link makeEveryKind}, with what foreign tables need. */
export const makePlace = async (box: Sandbox): Promise<Place> => {
  const [schema, wrapper, server] = [box.name('place'), box.name('wrapper'), box.name('server')]
  await box.admin(
    `create foreign data wrapper ${wrapper}; grant usage on foreign data wrapper ${wrapper} to ${box.actor}`,
  )
  await box.run(`create schema ${schema}; create server ${server} foreign data wrapper ${wrapper}`)
  return { box, schema, wrapper, server }
}

/**
 * Makes an object of every sort that there is on the server, on none of which PUBLIC has anything. They are the acting
 * role’s, but for what stays a superuser’s.
 */
export const makeEveryKind = async (place: Place): Promise<readonly Specimen[]> => {
  const { box } = place
  const { version } = box.server
  const specimens: Specimen[] = []
  for (const kind of Object.keys(everyKind) as ObjectKind[])
    for (const [sort, row] of Object.entries(everyKind[kind].sorts)) {
      const { since = 0, until = Infinity, madeBySuperuser, ofSuperuser = false, ownerFollows } = row
      const movedBySuperuser = version < (row.movedBySuperuserUntil ?? 0)
      if (version < since || version >= until) continue
      const name = box.name(sort.toLowerCase().replaceAll(/[^a-z]/g, '_'))
      const made = await row.make(place, name, madeBySuperuser ? box.admin : box.run)
      const ownable = everyKind[kind].owner !== undefined && ownerFollows === undefined
      const specimen: Specimen = { ...made, kind, sort, ofSuperuser, movedBySuperuser, isOwnable: ownable }
      if (madeBySuperuser && !ofSuperuser && !box.isSuperuser)
        await box.admin(ownerStatement(specimen, box.actor))
      specimens.push(specimen)
    }
  await box.admin(
    specimens
      .filter(({ kind }) => privilegesOn(kind, version).length > 0)
      .map((specimen) => grantStatement(specimen, privilegesOn(specimen.kind, version), 'public'))
      .map((grant) => grant.replace(/^grant/, 'revoke').replace(/ to public/, ' from public'))
      .join(';'),
  )
  return specimens
}

/**
 * Gives the acting role what a superuser has made in the schema along with objects of other kinds. The functions of a range
 * type stay the bootstrap superuser’s.
 */
export const takeOver = ({ box: { admin, actor }, schema }: Place): Promise<unknown> =>
  admin(`do $$ declare command text; begin
    for command in
      select format('alter function %s owner to ${actor}', p.oid::regprocedure) from pg_proc as p
      where p.pronamespace = '${schema}'::regnamespace and p.proowner <> '${actor}'::regrole and not exists (
        select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i'
      )
      union all
      select format('alter operator family ${schema}.%I using %I owner to ${actor}', f.opfname, m.amname)
      from pg_opfamily as f join pg_am as m on m.oid = f.opfmethod
      where f.opfnamespace = '${schema}'::regnamespace and f.opfowner <> '${actor}'::regrole
    loop execute command; end loop;
  end $$`)

/** What is the cluster’s would stay there for all tests to see. */
export const dropShared = async (box: Sandbox, specimens: readonly Specimen[]): Promise<void> => {
  for (const { kind, sql } of specimens) {
    if (kind === 'database') await box.admin(`drop database ${sql}`)
    if (kind === 'parameter') await box.admin(`revoke all on parameter ${sql} from pg_monitor`)
    if (kind !== 'tablespace') continue
    await box.admin(`drop tablespace ${sql}`)
    await inDirectory({ box }, 'rmdir', sql)
  }
}
