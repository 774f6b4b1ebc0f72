import type { Privilege } from '../postgres/privilege.ts'

/** A policy of row security on a table. */
export interface RowPolicy {
  readonly policy: string
  /** `ALL` stands for every command. */
  readonly command: 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'ALL'
  readonly permissive: boolean
  /** The roles that it is for; `public` stands for everybody. */
  readonly roles: readonly string[]
}

/** What else decides what a privilege on an object is worth. Only what is not usual is there. */
export interface AccessTraits {
  /** The catalog has no ACL, so that PostgreSQL’s default holds. */
  readonly byDefault?: true
  /** What sort of table it is, if not an ordinary one. */
  readonly relation?: 'view' | 'materialized view' | 'foreign table' | 'partitioned table'
  /** Whether row security is enabled for a table, and whether its owner is subject to it too. */
  readonly rowSecurity?: 'enabled' | 'forced'
  readonly policies?: readonly RowPolicy[]
  /** Of a view, from PostgreSQL 15 on: the underlying tables are read with the rights of who asks. */
  readonly securityInvoker?: true
  /** Of a routine: it runs with the rights of its owner. */
  readonly securityDefiner?: true
  /** Of a catalog of PostgreSQL’s own: only superusers may change its rows, whatever its ACL says. */
  readonly systemCatalog?: true
  /** Of a language: nothing can be granted on it. */
  readonly untrusted?: true
}

/** What a system catalog denies to all but superusers. */
export const deniedOnSystemCatalogs: ReadonlySet<Privilege> = new Set([
  'INSERT',
  'UPDATE',
  'DELETE',
  'TRUNCATE',
  'USAGE',
])
