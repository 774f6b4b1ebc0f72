/**
 * The attributes of a role, by the words that CREATE ROLE has for them, with the field of `Role` that says so.
 * @see https://www.postgresql.org/docs/current/role-attributes.html
 */
export const attributes = {
  LOGIN: 'login',
  SUPERUSER: 'superuser',
  INHERIT: 'inherit',
  CREATEROLE: 'createRole',
  CREATEDB: 'createDb',
  REPLICATION: 'replication',
  BYPASSRLS: 'bypassRls',
} as const

export type Attribute = keyof typeof attributes

/** Every attribute’s word. */
export const attributeWords: readonly Attribute[] = Object.keys(attributes) as Attribute[]

/** The attributes that a role has only where they are asked for; INHERIT is how it has things, not a thing to have. */
export type GrantableAttribute = Exclude<Attribute, 'INHERIT'>

export const isGrantableAttribute = (word: unknown): word is GrantableAttribute =>
  word !== 'INHERIT' && attributeWords.some((known) => known === word)
