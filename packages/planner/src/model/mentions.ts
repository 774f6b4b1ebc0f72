import type { ObjectName } from '../postgres/object-kind.ts'

/** A policy of row security, by its name and its table. */
export interface PolicyName {
  readonly policy: string
  readonly table: ObjectName<'table'>
}

/** A policy that names roles. */
export interface Policy extends PolicyName {
  /** The owner of the table, who may change the policy. */
  readonly owner: string
  /** All roles that it names, in order. */
  readonly roles: readonly string[]
}

/** How a role logs in to a foreign server. */
export interface UserMapping {
  readonly role: string
  readonly server: string
  /** The owner of the server, who may drop the mapping. */
  readonly owner: string
}

/** Another database of the cluster in which a role has something. */
export interface OtherDatabase {
  readonly role: string
  readonly database: string
}

/** What keeps roles from being dropped, besides what they own, hold and have granted in this database. */
export interface Mentions {
  readonly policies: readonly Policy[]
  readonly userMappings: readonly UserMapping[]
  readonly otherDatabases: readonly OtherDatabase[]
}

export const noMentions: Mentions = { policies: [], userMappings: [], otherDatabases: [] }

export const isSamePolicy = (one: PolicyName, other: PolicyName): boolean =>
  one.policy === other.policy && one.table.name.every((part, index) => part === other.table.name[index])
