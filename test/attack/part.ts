/**
 * Who takes part: an author, whose code must run with nobody else’s rights; a rival, who is an author too; a friend of the
 * author’s, who does what it can to help; another, who minds its own business; the acting role, who syncs; and the
 * superuser of the server, who may be the same.
 */
export const parts = ['author', 'rival', 'friend', 'other', 'actor', 'root'] as const

export type Part = (typeof parts)[number]

/** Those who write code that is spied on. Each has a schema that is called like it. */
export type Author = 'author' | 'rival' | 'friend'

/** Those who try to gain by the sync: what they run as themselves harms nobody. */
export const isAttacker = (part: Part): boolean => part === 'author' || part === 'friend'

/** Those whose rights nobody else’s code may have, and whose secrets nobody may read. */
export const victims = ['rival', 'other', 'actor', 'root'] as const satisfies readonly Part[]
