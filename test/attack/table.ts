import type { Kit } from './kit.ts'

/** What a foreign key may refer to, and what is changed and deleted; some are for each of two partitions. */
const keys = [1, 2, 3, 4, 5, 150, 151, 152]

export const rows = (table: string): string =>
  `insert into ${table} (id, v) values ${keys.map((key) => `(${key}, ${key % 7})`).join()}`

/** Lets everybody do to a relation what can be granted, or only read it. */
export const share = (kit: Kit, table: string): void => {
  const everything = kit.random.chance(0.7)
  const to = kit.random.pick([kit.role('friend'), 'public'])
  kit.build(`grant ${everything ? 'all' : 'select, insert'} on ${table} to ${to}`)
}

/** Makes a table with some rows. */
export const makeTable = (kit: Kit, base = 'table'): string => {
  const table = kit.name(base)
  kit.build(`create table ${table} (id int primary key, v int)`)
  kit.build(rows(table))
  share(kit, table)
  kit.relation(table)
  return table
}
