import type { OwnershipGrant } from '@pgsr/node-postgres'
import type { Author, Part } from './part.ts'

/** Something that somebody does. What PostgreSQL refuses is not done. */
export interface Statement {
  readonly by: Part
  readonly text: string
}

/** A statement that may run code of an author’s. */
export interface Action extends Statement {
  /** PostgreSQL runs the code of a table in it as the owner of that, whoever sends it. */
  readonly switches?: boolean
  /** It runs in no transaction. */
  readonly alone?: boolean
  /** What it changes is taken back. */
  readonly undone?: boolean
}

/** A table or the like that statements can be about. All have the columns `id` and `v`. */
export interface Relation {
  readonly schema: Author
  readonly name: string
  readonly kind: 'table' | 'view' | 'materialized view'
}

/** What an author could be asked to keep. */
export interface Keepable {
  readonly author: Author
  readonly grant: OwnershipGrant
}

/** What there is before a sync, and what is tried before it and after. */
export interface World {
  /** What makes it, in order. */
  readonly statements: readonly Statement[]
  readonly relations: readonly Relation[]
  readonly keepable: readonly Keepable[]
  /** Where code stands that notes who runs it. */
  readonly places: readonly string[]
  /** What somebody does in a transaction that begins before the sync and ends after it. */
  readonly meanwhile: readonly Statement[]
  /** What a victim does once the roles are synced, before anybody tries anything. */
  readonly precautions: readonly Statement[]
  /** What has to work after the sync, if it does before. */
  readonly needs: readonly Statement[]
  readonly actions: readonly Action[]
}

export const nameOf = ({ schema, name }: Pick<Relation, 'schema' | 'name'>): string => `${schema}.${name}`
