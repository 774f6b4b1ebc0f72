import type { Kit } from '../kit.ts'
import type { Part } from '../part.ts'
import { rows, share } from '../table.ts'
import type { TablePiece } from './piece.ts'
import { makeDomain } from './type.ts'

const actions = [
  '',
  'on delete cascade on update cascade',
  'on delete set null',
  'on delete set default',
] as const

/** Makes a table that refers to another, and lets everybody use both. */
const refer = (kit: Kit, table: string, by: Part, type = 'int', action = ''): string => {
  const name = `${by}.referring_${kit.draft.next()}`
  if (by !== kit.author) kit.build(`grant references, select on ${table} to ${kit.role(by)}`)
  kit.build(
    `create table ${name} (id int primary key, v int, ref ${type} default 4 references ${table} ${action})`,
    by,
  )
  kit.build(rows(name), by)
  return name
}

const useBoth = (kit: Kit, table: string, referring: string, by: Part, key = '5'): void => {
  if (by !== kit.author)
    kit.draft.needs.push({ by, text: `insert into ${referring} (id, ref) values (${kit.key()}, ${key})` })
  kit.act([by, 'friend', 'author'], `insert into ${referring} (id, ref) values (${kit.key()}, ${key})`)
  kit.act([by, 'root'], `insert into ${referring} (id, ref) values (${kit.key()}, ${key})`)
  kit.act(['author', 'friend', 'root'], `delete from ${table} where id = 1`, { undone: true })
  kit.act(['author', 'friend', 'root'], `update ${table} set id = id + 20000 where id = 2`, { undone: true })
  kit.act([by, 'author'], `update ${referring} set ref = ${key} where id = 1`)
}

/** By whose tables a table is referred to. */
const referring = (['author', 'friend', 'other', 'rival'] as const).flatMap((by) =>
  actions.map((action): TablePiece => ({
    make: (kit, table) => {
      const name = refer(kit, table, by, 'int', action)
      if (by === 'author') {
        share(kit, name)
        kit.relation(name)
      } else kit.build(`grant all on ${name} to ${kit.role('author')}, ${kit.role('friend')}`, by)
      useBoth(kit, table, name, by)
    },
  })),
)

/** To whose tables a table refers. */
const referred = (['friend', 'other', 'actor'] as const).flatMap((by) =>
  actions.map((action): TablePiece => ({
    make: (kit, table) => {
      const name = `${by === 'actor' ? 'vault' : by}.referred_${kit.draft.next()}`
      kit.build(`create table ${name} (id int primary key, v int)`, by)
      kit.build(rows(name), by)
      kit.build(`grant all on ${name} to ${kit.role('author')}`, by)
      const column = kit.name('ref').replace('.', '_')
      kit.build(`alter table ${table} add ${column} int default 4 references ${name} ${action}`)
      kit.act([by, 'root', 'author'], `delete from ${name} where id = 4`, { undone: true })
      kit.act([by, 'root', 'author'], `update ${name} set id = id + 20000 where id = 4`, { undone: true })
    },
  })),
)

/** Makes a type whose values are cast to those of keys by code, and gives back its name. */
export const makeKeyType = (kit: Kit, place: string): string => {
  const type = kit.name('key')
  kit.build(`create type ${type} as enum ('5', '3')`)
  kit.build(`grant usage on type ${type} to public`)
  const cast = kit.spy(place, { takes: type, gives: '5' })
  kit.build(`create cast (${type} as int) with function ${cast}(${type}) as implicit`)
  return type
}

export const foreignKeyPieces: readonly TablePiece[] = [
  ...referring,
  ...referred,
  ...(['author', 'friend', 'other'] as const).map((by): TablePiece => ({
    // The key that is looked for is cast to the type of the table that it is looked for in.
    make: (kit, table) => {
      const domain = makeDomain(kit, `key of a domain, looked for by ${by}’s table`)
      kit.build(`grant usage on type ${domain} to public`)
      const name = refer(kit, table, by, domain)
      if (by !== kit.author) kit.build(`grant all on ${name} to ${kit.role('author')}`, by)
      useBoth(kit, table, name, by)
    },
  })),
  {
    make: (kit, table) => {
      const domain = makeDomain(kit, 'key of a domain, referred to')
      kit.build(`alter table ${table} alter id type ${domain}`)
      const name = refer(kit, table, 'other')
      kit.build(`grant all on ${name} to ${kit.role('author')}`, 'other')
      useBoth(kit, table, name, 'other')
    },
  },
  ...(['author', 'friend'] as const).map((by): TablePiece => ({
    make: (kit, table) => {
      const type = kit.name('key')
      kit.build(`create type ${type} as enum ('5', '3')`)
      kit.build(`grant usage on type ${type} to public`)
      const cast = kit.spy(`cast of a key, looked for by ${by}’s table`, { takes: type, gives: '5' })
      kit.build(`create cast (${type} as int) with function ${cast}(${type}) as implicit`)
      const name = `${by}.referring_${kit.draft.next()}`
      if (by !== kit.author) kit.build(`grant references on ${table} to ${kit.role(by)}`)
      kit.build(`create table ${name} (id int primary key, v int, ref ${type} references ${table})`, by)
      kit.build(`grant all on ${name} to ${kit.role('author')}`, by)
      kit.build(`insert into ${name} values (1, 1, '3')`, by)
      useBoth(kit, table, name, by, `'5'`)
    },
  })),
]
