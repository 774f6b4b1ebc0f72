import {
  DefaultQueryExecutor,
  PostgresAdapter,
  PostgresQueryCompiler,
  type QueryExecutorProvider,
} from 'kysely'

/** An oid, or a value that PostgreSQL compares as an oid, such as a `regclass`. */
export type Oid = number

/** An ACL, or `null` for the default. Only PostgreSQL reads its items. */
export type Acl = readonly string[] | null

/** `table`, `index`, … as in `pg_class.relkind`. */
export type RelationKind = 'r' | 'p' | 'v' | 'm' | 'f' | 'S' | 'i' | 'I' | 't' | 'c'

/**
 * The columns of pg_catalog that pgsr reads, under PostgreSQL's own names. Not every version has all of them.
 * @see https://www.postgresql.org/docs/current/catalogs.html
 */
export interface PgCatalog {
  'pg_catalog.pg_attribute': {
    attrelid: Oid
    attname: string
    attnum: number
    atttypid: Oid
    attisdropped: boolean
    attacl: Acl
  }
  'pg_catalog.pg_auth_members': {
    roleid: Oid
    member: Oid
    grantor: Oid
    admin_option: boolean
    /** From 16 on, as is `set_option`. */
    inherit_option: boolean
    set_option: boolean
  }
  /** Named but never read, since most sessions may not read it. */
  'pg_catalog.pg_authid': object
  'pg_catalog.pg_class': {
    oid: Oid
    relname: string
    relnamespace: Oid
    relkind: RelationKind
    /** The row type; 0 if there is none. */
    reltype: Oid
    relowner: Oid
    relacl: Acl
    relpersistence: string
    /** The type of a typed table; 0 for other tables. */
    reloftype: Oid
    relrowsecurity: boolean
    /** Up to 11. */
    relhasoids: boolean
    /** The TOAST table; 0 if there is none. */
    reltoastrelid: Oid
  }
  'pg_catalog.pg_attrdef': { oid: Oid; adbin: string }
  'pg_catalog.pg_constraint': { oid: Oid; contype: string }
  'pg_catalog.pg_database': { oid: Oid; datname: string; datdba: Oid; datacl: Acl }
  'pg_catalog.pg_db_role_setting': { setdatabase: Oid; setrole: Oid; setconfig: readonly string[] }
  'pg_catalog.pg_default_acl': {
    oid: Oid
    defaclrole: Oid
    defaclnamespace: Oid
    defaclobjtype: string
    defaclacl: Acl
  }
  'pg_catalog.pg_depend': {
    classid: Oid
    objid: Oid
    objsubid: number
    refclassid: Oid
    refobjid: Oid
    refobjsubid: number
    deptype: string
  }
  'pg_catalog.pg_foreign_data_wrapper': { oid: Oid; fdwname: string; fdwowner: Oid; fdwacl: Acl }
  'pg_catalog.pg_foreign_server': { oid: Oid; srvname: string; srvowner: Oid; srvacl: Acl }
  'pg_catalog.pg_index': {
    indrelid: Oid
    indclass: readonly Oid[]
    indexprs: string | null
    indpred: string | null
  }
  'pg_catalog.pg_language': { oid: Oid; lanname: string; lanowner: Oid; lanacl: Acl }
  /** Named but never read: `pg_shdepend` names this catalog, but the owner and the ACL are in the next one. */
  'pg_catalog.pg_largeobject': object
  'pg_catalog.pg_largeobject_metadata': { oid: Oid; lomowner: Oid; lomacl: Acl }
  'pg_catalog.pg_namespace': { oid: Oid; nspname: string; nspowner: Oid; nspacl: Acl }
  /** Named but never read, as all catalogs of objects with an owner but no ACL: PostgreSQL itself names the objects. */
  'pg_catalog.pg_operator': object
  'pg_catalog.pg_opclass': object
  'pg_catalog.pg_opfamily': object
  'pg_catalog.pg_collation': object
  'pg_catalog.pg_conversion': object
  'pg_catalog.pg_ts_config': object
  'pg_catalog.pg_ts_dict': object
  'pg_catalog.pg_publication': object
  /** From 10 on. */
  'pg_catalog.pg_partitioned_table': {
    partrelid: Oid
    partclass: readonly Oid[]
    partexprs: string | null
  }
  'pg_catalog.pg_publication_rel': {
    oid: Oid
    /** From 15 on. */
    prqual: string | null
  }
  'pg_catalog.pg_subscription': object
  'pg_catalog.pg_event_trigger': object
  /** From 15 on. */
  'pg_catalog.pg_parameter_acl': { oid: Oid; parname: string; paracl: Acl }
  /** Its columns are read by `mentions.ts` only. */
  'pg_catalog.pg_policy': object
  /** Named but never read, since most sessions may not read it. */
  'pg_catalog.pg_user_mapping': object
  'pg_catalog.pg_proc': {
    oid: Oid
    proname: string
    pronamespace: Oid
    proowner: Oid
    proacl: Acl
    proargtypes: readonly Oid[]
    /** From 11 on; before that `proisagg`. */
    prokind: 'f' | 'p' | 'a' | 'w'
    proisagg: boolean
  }
  'pg_catalog.pg_rewrite': { oid: Oid; ev_class: Oid }
  'pg_catalog.pg_roles': {
    oid: Oid
    rolname: string
    rolsuper: boolean
    rolinherit: boolean
    rolcreaterole: boolean
    rolcreatedb: boolean
    rolcanlogin: boolean
    rolreplication: boolean
    rolbypassrls: boolean
    rolvaliduntil: string | null
  }
  'pg_catalog.pg_shdepend': {
    /** 0 for a shared object. */
    dbid: Oid
    classid: Oid
    objid: Oid
    objsubid: number
    refclassid: Oid
    refobjid: Oid
    deptype: string
  }
  'pg_catalog.pg_statistic_ext': {
    oid: Oid
    /** From 14 on. */
    stxexprs: string | null
  }
  'pg_catalog.pg_tablespace': { oid: Oid; spcname: string; spcowner: Oid; spcacl: Acl }
  'pg_catalog.pg_type': {
    oid: Oid
    typname: string
    typnamespace: Oid
    typowner: Oid
    typacl: Acl
    typtype: string
    typelem: Oid
  }
}

const executor = new DefaultQueryExecutor(new PostgresQueryCompiler(), new PostgresAdapter(), {
  provideConnection: () => Promise.reject(new Error('cannot execute a query that is only compiled')),
})

/**
 * Compiles queries. It never connects. The class `Kysely` does the same, but it contains the builders of tables and the
 * migrations: half of what would be loaded.
 */
export const compiler: QueryExecutorProvider = { getExecutor: () => executor }
