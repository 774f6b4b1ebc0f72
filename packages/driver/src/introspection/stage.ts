import type { Expression, Kysely } from 'kysely'
import { type Acl, db, type Oid, type PgCatalog, type RelationKind } from '../catalog.ts'
import type { Needs } from './needs.ts'

/** What every object in view has, whatever its kind. */
export interface ObjectRow {
  /** The catalog that dependencies name. */
  classid: Oid
  kind: string
  oid: Oid
  /** Of a column its number; 0 otherwise. */
  objsubid: number
  /** The parts of the name, from the outside in. */
  name: readonly string[]
  owner: Oid
  acl: Acl
  /** The table whose owner this always has. */
  follows: readonly string[] | null
  /** Of a foreign server: its foreign-data wrapper. */
  wrapper: string | null
  /** Only a superuser can own it, which others of its kind do not ask for. */
  owned_by_superusers: boolean
  /** What it is that no statement reaches, though its kind has statements for that. */
  unreachable: string | null
}

/** A row of `pg_class` that GRANT accepts, with the name of its schema. */
export interface RelationRow {
  oid: Oid
  relname: string
  relnamespace: Oid
  nspname: string
  relkind: RelationKind
  relowner: Oid
  relacl: Acl
  follows: readonly string[] | null
}

/** A row of `pg_auth_members`; before 16 with the options that every membership has there. */
export type MembershipRow = PgCatalog['pg_catalog.pg_auth_members']

/** The query is a list of stages, each a common table expression that reads the catalogs and the stages before it. */
export type Stages = {
  /** What is asked for: the query's only parameter. */
  scope: { scope: unknown }
  session: { database: Oid; database_owner: Oid; acting: Oid; superuser: boolean; login: Oid }
  /** The desired roles that exist. */
  desired: { oid: Oid }
  /** The other roles named in the scope. */
  listed: { oid: Oid }
  /** The objects named in the scope. */
  wanted: { kind: string; first: string; second: string | null; third: string | null; owned: boolean }
  wanted_schema: { oid: Oid; name: string; acl: Acl }
  /** The objects named in the scope that exist, and the tables of the schemas in which a pattern looks. */
  found: { classid: Oid; objid: Oid; objsubid: number; acl: Acl; owned: boolean }
  /** Where the scope asks for them: the intermediate roles that this database may not need any more. */
  unused: { oid: Oid }
  /** These, those that a desired role is a member of, and those that serve an object found. */
  intermediate: { oid: Oid }
  /** The roles of which everything is read: desired and intermediate. */
  watched: { oid: Oid; desired: boolean }
  /** What `pg_shdepend` says of the watched roles; `here`: in this database or in the shared catalogs. */
  dependency: { role: Oid; here: boolean; classid: Oid; objid: Oid; objsubid: number; deptype: string }
  /** The tables and sequences that were found or depend on a watched role. */
  direct_relation: RelationRow
  /** The tables among them that may change their owner. */
  moving: RelationRow
  /** All of these, and what follows a table that may move. */
  relation: RelationRow
  column_of_relation: {
    oid: Oid
    nspname: string
    relname: string
    relowner: Oid
    attname: string
    attnum: number
    attacl: Acl
  }
  /** Of a table that may change its owner: whether it is known to run no code, and what else matters then. */
  moved_table: {
    oid: Oid
    inert: boolean
    /** How many indexes go to a new owner too. */
    indexes: number
    /** The columns without an ACL, where they have to be held while the owner changes. */
    columns: readonly string[] | null
    foreign_key: boolean
    /** Whether to open it runs code. */
    runs_code: boolean
  }
  /** Everything with an owner, but for relations and their columns. */
  target: { classid: Oid; objid: Oid }
  /** All of that, what is temporary included. */
  any_object: ObjectRow
  /** What somebody has been granted by a role that does not own it, and a desired role is involved in. */
  passed_on_object: { classid: Oid; oid: Oid; schema: string | null; grantor: Oid }
  /** The schemas through which it has to be reached, by grantors or by who is no superuser. */
  schema_around: ObjectRow
  object: ObjectRow
  /** Of whom has to be known whether the acting role may act in their name: owners and grantors. */
  principal: { oid: Oid }
  own: { oid: Oid }
  way_in: { oid: Oid }
  /** Who creates roles for the acting role: itself, and roles of its own that it can become. */
  administrator: { oid: Oid }
  /** The roles that a role in view is a member of, directly or not, and these roles themselves. */
  closure: { oid: Oid }
  /** From 16 on: what the desired roles granted, and what others granted by virtue of that. */
  passed_on: MembershipRow
  membership: MembershipRow
  default_acl: { oid: Oid; role: Oid; schema: Oid; object_type: string; acl: Acl }
  /** The roles of which the attributes are read. */
  viewed: { oid: Oid }
  /** What is tied to a watched role and of no kind that has an owner and an ACL. */
  unmanaged: { role: Oid; kind: string; description: string }
}

/** A stage's query, for servers of one version. */
export type Stage<Name extends keyof Stages> = (version: number, needs: Needs) => Expression<Stages[Name]>

/** Builds the queries of the stages, which may read the catalogs and each other. */
export const stages: Kysely<PgCatalog & Stages> = db.withTables<Stages>()
