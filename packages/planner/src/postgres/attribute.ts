/**
 * The attributes of a role: the keyword of CREATE ROLE, and the field of `Role` that holds it.
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

/** The keywords of all attributes. */
export const attributeWords: readonly Attribute[] = Object.keys(attributes) as Attribute[]

/** The attributes that a grant can ask for. INHERIT only decides how a role has what it is granted. */
export type GrantableAttribute = Exclude<Attribute, 'INHERIT'>

export const isGrantableAttribute = (word: unknown): word is GrantableAttribute =>
  word !== 'INHERIT' && (attributeWords as readonly unknown[]).includes(word)
