import { type Expression, QueryCreator } from 'kysely'
import { type Acl, compiler, type Oid, type PgCatalog, type RelationKind } from './pg-catalog.ts'
import type { Needs } from './needs.ts'

/** The columns that every object has, whatever its kind. */
export interface ObjectRow {
  /** The catalog of the object, as dependencies name it. */
  classid: Oid
  kind: string
  oid: Oid
  /** The number of a column; 0 for any other object. */
  objsubid: number
  /** The parts of the name, outermost first. */
  name: readonly string[]
  owner: Oid
  acl: Acl
  /** The table whose owner the object always has. */
  follows: readonly string[] | null
  /** The foreign-data wrapper of a foreign server. */
  wrapper: string | null
  /** Whether only a superuser can own the object, unlike others of its kind. */
  owned_by_superusers: boolean
  /** What the object is, if no statement can change it although its kind has such statements. */
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

/** The columns of each common table expression of the query. Each one reads the catalogs and the ones before it. */
export type Ctes = {
  session: { database: Oid; database_owner: Oid; acting: Oid; superuser: boolean; login: Oid }
  /** The desired roles that exist. */
  desired: { oid: Oid }
  /** The other roles that the scope names. */
  requested_role: { oid: Oid }
  /** The names of objects in the scope. */
  requested_name: { kind: string; first: string; second: string | null; third: string | null; owned: boolean }
  requested_schema: { oid: Oid; name: string; acl: Acl }
  /** The objects that the scope names, and those in the schemas of patterns. */
  requested_object: { classid: Oid; objid: Oid; objsubid: number; acl: Acl; owned: boolean }
  /** If the scope asks for them: the intermediate roles that this database may not need any more. */
  unused_role: { oid: Oid }
  /** The intermediate roles that are unused, have a desired role as a member, or hold a privilege on a requested object. */
  intermediate_role: { oid: Oid }
  /** The roles of which everything is read: the desired and the intermediate roles. */
  tracked_role: { oid: Oid; desired: boolean }
  /** The rows of `pg_shdepend` about tracked roles. `here`: in this database or in the shared catalogs. */
  dependency: { role: Oid; here: boolean; classid: Oid; objid: Oid; objsubid: number; deptype: string }
  /** The tables and sequences that are requested or depend on a tracked role. */
  direct_relation: RelationRow
  /** The tables among them that may change their owner. */
  moving_table: RelationRow
  /** The direct relations, and what follows the tables that may change their owner. */
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
  /** What matters when a table changes its owner. */
  moved_table: {
    oid: Oid
    /** Whether the table is known to run no code. */
    inert: boolean
    /** The number of indexes that change their owner too. */
    indexes: number
    /** The columns without an ACL, if they have to be locked while the owner changes. */
    columns: readonly string[] | null
    foreign_key: boolean
    /** Whether opening the table runs code. */
    runs_code: boolean
  }
  /** The addresses of all objects with an owner, except relations and their columns. */
  object_address: { classid: Oid; objid: Oid }
  /** All objects, temporary ones included. */
  any_object: ObjectRow
  /** The objects on which a desired role holds or granted something, and a role that is not the owner granted something. */
  regranted_object: { classid: Oid; oid: Oid; schema: string | null; grantor: Oid }
  /** The schemas of objects, through which grantors and roles that are no superusers reach the objects. */
  enclosing_schema: ObjectRow
  object: ObjectRow
  /** The owners of objects, those who granted something on them, and the owners of default privileges. */
  owner_or_grantor: { oid: Oid }
  /** The schemas among the objects. */
  snapshot_schema: { oid: Oid }
  /** The owners and grantors as which the acting role may have to act. */
  principal: { oid: Oid }
  /** The acting role, and the roles that it is a member of. */
  acting_as: { oid: Oid }
  /** The roles that the acting role may make itself a member of, to act as a principal. */
  reachable_role: { oid: Oid }
  /** The roles that create roles for the acting role: itself and its delegates. */
  administrator: { oid: Oid }
  /** The roles above, and all roles that they are members of, directly or not. */
  role_closure: { oid: Oid }
  /** From 16 on: the memberships that desired roles granted, and those that depend on them. */
  dependent_membership: MembershipRow
  membership: MembershipRow
  default_acl: { oid: Oid; role: Oid; schema: Oid; object_type: string; acl: Acl }
  /** The roles of which the attributes are read. */
  snapshot_role: { oid: Oid }
  /** What depends on a tracked role and is not an object with an owner and an ACL. */
  unmanaged: { role: Oid; kind: string; description: string }
}

/** The query of a common table expression, for servers of one version. */
export type Cte<Name extends keyof Ctes> = (version: number, needs: Needs) => Expression<Ctes[Name]>

/** Builds queries that may read the catalogs and the common table expressions. */
export const ctes: QueryCreator<PgCatalog & Ctes> = new QueryCreator({ executor: compiler.getExecutor() })
