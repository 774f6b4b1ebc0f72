/** Where the objects of a kind stand, and how to read who has what of them. */
export interface Catalog {
  readonly kind: string
  readonly from: string
  /** The parts of the name after each other, without quotes. */
  readonly name: string
  readonly oid: string
  readonly owner: string
  /** Left out where such an object has no ACL; the letter is what `acldefault` calls the kind. */
  readonly acl?: { readonly column: string; readonly letter: string }
  /** Which of them have an owner of their own; `false`: none. */
  readonly owned?: string | false
  /** Everybody has something of one whose ACL is not written down. */
  readonly public?: true
  /** So few that those of `initdb` may be read like all others. */
  readonly few?: true
  /** It belongs to the cluster: other tests make such objects at the same time. */
  readonly shared?: true
}

/** A type as pgsr spells it, without quotes: with its schema unless that is pg_catalog, visible or not. */
const typeText = (type: string): string => `(
  select case when y.typnamespace <> 'pg_catalog'::regnamespace and pg_type_is_visible(y.oid)
    then (select nspname || '.' from pg_namespace where oid = y.typnamespace) else '' end
    || replace(format_type(y.oid, null), '"', '')
  from pg_type as y where y.oid = ${type})`

const routineText = `n.nspname || '.' || x.proname || '(' || array_to_string(array(
  select ${typeText('a.type')} from unnest(x.proargtypes) with ordinality as a (type, place) order by a.place), ', ') || ')'`

const operatorText = `n.nspname || '.' || x.oprname || '('
  || coalesce(${typeText('x.oprleft')}, 'NONE') || ', ' || coalesce(${typeText('x.oprright')}, 'NONE') || ')'`

type More = Partial<Catalog> & { readonly where?: string }

/** The columns of a catalog begin with three letters of its own. */
const outside = (kind: string, catalog: string, letters: string, more: More = {}): Catalog => ({
  kind,
  from: `${catalog} as x`,
  oid: 'x.oid',
  name: `x.${letters}name`,
  owner: `x.${letters}owner`,
  ...more,
})

const inSchema = (
  kind: string,
  catalog: string,
  letters: string,
  { where = 'true', from = '', ...more }: More = {},
): Catalog =>
  outside(kind, catalog, letters, {
    name: `n.nspname || '.' || x.${letters}name`,
    ...more,
    from: `${catalog} as x join pg_namespace as n on n.oid = x.${letters}namespace and ${where} ${from}`,
  })

const byAccessMethod = (kind: string, catalog: string, letters: string): Catalog =>
  inSchema(kind, catalog, letters, {
    from: `join pg_am as m on m.oid = x.${letters}method`,
    name: `n.nspname || '.' || x.${letters}name || '.' || m.amname`,
  })

/** A sequence that is linked to a column has the owner of the table. */
const free = `not exists (select from pg_depend as d
  where d.classid = 'pg_class'::regclass and d.objid = x.oid and d.refobjsubid > 0 and d.deptype in ('a', 'i'))`

/** Everything that has an owner or an ACL on a server of some version. */
export const catalogs = (version: number): readonly Catalog[] => {
  const isProcedure = version >= 110000 ? `x.prokind = 'p'` : 'false'
  const follows = version >= 170000 ? `('m', 'p')` : `('p')`
  const routine = (kind: string, where: string): Catalog =>
    inSchema(kind, 'pg_proc', 'pro', {
      where,
      name: routineText,
      acl: { column: 'x.proacl', letter: 'f' },
      public: true,
    })
  return [
    outside('database', 'pg_database', 'dat', {
      owner: 'x.datdba',
      acl: { column: 'x.datacl', letter: 'd' },
      public: true,
      few: true,
      shared: true,
    }),
    outside('tablespace', 'pg_tablespace', 'spc', {
      acl: { column: 'x.spcacl', letter: 't' },
      few: true,
      shared: true,
    }),
    ...(version >= 150000
      ? [
          outside('parameter', 'pg_parameter_acl', 'par', {
            owner: '10::oid',
            owned: false,
            acl: { column: 'x.paracl', letter: 'p' },
            few: true,
            shared: true,
          }),
        ]
      : []),
    outside('schema', 'pg_namespace', 'nsp', { acl: { column: 'x.nspacl', letter: 'n' }, few: true }),
    inSchema('table', 'pg_class', 'rel', {
      where: `x.relkind in ('r', 'p', 'v', 'm', 'f', 't')`,
      acl: { column: 'x.relacl', letter: 'r' },
      owned: `x.relkind <> 't'`,
    }),
    inSchema('sequence', 'pg_class', 'rel', {
      where: `x.relkind = 'S'`,
      acl: { column: 'x.relacl', letter: 's' },
      owned: free,
    }),
    inSchema('column', 'pg_class', 'rel', {
      from: 'join pg_attribute as t on t.attrelid = x.oid',
      name: `n.nspname || '.' || x.relname || '.' || t.attname`,
      acl: { column: 't.attacl', letter: 'c' },
      owned: false,
    }),
    routine('function', `not ${isProcedure}`),
    routine('procedure', isProcedure),
    outside('large object', 'pg_largeobject_metadata', 'lom', {
      name: 'x.oid::text',
      acl: { column: 'x.lomacl', letter: 'L' },
    }),
    inSchema('type', 'pg_type', 'typ', {
      acl: { column: 'x.typacl', letter: 'T' },
      public: true,
      owned: `x.typtype not in ${follows} and (x.typelem = 0 or x.typlen <> -1)
        and (x.typrelid = 0 or (select relkind = 'c' from pg_class where oid = x.typrelid))`,
    }),
    outside('language', 'pg_language', 'lan', {
      acl: { column: 'x.lanacl', letter: 'l' },
      public: true,
      few: true,
    }),
    outside('foreign-data wrapper', 'pg_foreign_data_wrapper', 'fdw', {
      acl: { column: 'x.fdwacl', letter: 'F' },
    }),
    outside('foreign server', 'pg_foreign_server', 'srv', { acl: { column: 'x.srvacl', letter: 'S' } }),
    inSchema('operator', 'pg_operator', 'opr', { name: operatorText }),
    byAccessMethod('operator class', 'pg_opclass', 'opc'),
    byAccessMethod('operator family', 'pg_opfamily', 'opf'),
    inSchema('collation', 'pg_collation', 'coll'),
    inSchema('conversion', 'pg_conversion', 'con'),
    inSchema('text search configuration', 'pg_ts_config', 'cfg'),
    inSchema('text search dictionary', 'pg_ts_dict', 'dict'),
    ...(version >= 100000
      ? [
          inSchema('statistics object', 'pg_statistic_ext', 'stx'),
          outside('publication', 'pg_publication', 'pub'),
          outside('subscription', 'pg_subscription', 'sub', {
            from: 'pg_subscription as x join pg_database as d on d.oid = x.subdbid and d.datname = current_database()',
          }),
        ]
      : []),
    outside('event trigger', 'pg_event_trigger', 'evt'),
    outside('extension', 'pg_extension', 'ext'),
  ]
}
