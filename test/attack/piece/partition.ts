import type { Kit } from '../kit.ts'
import type { Part } from '../part.ts'
import { rows, share } from '../table.ts'
import { makeOperatorClass } from './operator-class.ts'
import type { Piece } from './piece.ts'
import { makeDomain } from './type.ts'

/** Tries what reaches partitions through their parent. */
const useParent = (kit: Kit, parent: string): void => {
  if (kit.version >= 110000) {
    const call = kit.spy('index on a parent')
    for (const by of ['author', 'friend'] as const)
      kit.act(by, `create index on ${parent} (${call}(v))`, { undone: kit.random.chance(0.5) })
  }
  kit.act(
    ['author', 'friend'],
    `alter table ${parent} add check (${kit.predicate('check on a parent')}(v))`,
    {
      undone: true,
    },
  )
  kit.act(['root', 'actor'], `analyze ${parent}`, { switches: true })
  kit.act(['author', 'friend', 'root', 'actor'], `select * from ${parent} where id = 2 and v = 2`)
  kit.act(['author', 'friend', 'root', 'actor'], `update ${parent} set id = 170 where id = 3`, {
    undone: true,
  })
}

/** Makes a table of two partitions. */
export const makePartitioned = (
  kit: Kit,
  how: {
    readonly by: string
    readonly bounds: readonly [string, string]
    readonly key?: boolean
    /** Of which type the first column is. */
    readonly type?: string
    /** To whom partitions, and their parent, are given. */
    readonly partitionsTo?: Part
    readonly parentTo?: Part
  },
): { readonly parent: string; readonly partitions: readonly string[] } => {
  const { by, bounds, key = false, type = 'int', partitionsTo, parentTo } = how
  const parent = kit.name('parent')
  const primary = key && kit.version >= 110000 ? 'primary key' : ''
  kit.build(`create table ${parent} (id ${type} ${primary}, v int) partition by ${by}`)
  const partitions = bounds.map((bound) => {
    const partition = kit.name('partition')
    kit.build(`create table ${partition} partition of ${parent} ${bound}`)
    share(kit, partition)
    kit.relation(partition)
    return partition
  })
  kit.build(rows(parent))
  share(kit, parent)
  kit.relation(parent)
  if (partitionsTo !== undefined)
    for (const partition of partitions)
      kit.build(`alter table ${partition} owner to ${kit.role(partitionsTo)}`, 'root')
  if (parentTo !== undefined) kit.build(`alter table ${parent} owner to ${kit.role(parentTo)}`, 'root')
  useParent(kit, parent)
  return { parent, partitions }
}

export const halves = ['for values from (minvalue) to (100)', 'for values from (100) to (maxvalue)'] as const

/** A parent of two partitions that holds no code of its own. */
export const makePlainParent = (kit: Kit): string =>
  makePartitioned(kit, { by: 'range (id)', bounds: halves, key: true }).parent

export const partitionPieces: readonly Piece[] = [
  { make: (kit) => void makePlainParent(kit) },
  ...(['friend', 'other', 'root'] as const).flatMap((part): readonly Piece[] => [
    { make: (kit) => void makePartitioned(kit, { by: 'range (id)', bounds: halves, partitionsTo: part }) },
    { make: (kit) => void makePartitioned(kit, { by: 'range (id)', bounds: halves, parentTo: part }) },
  ]),
  {
    make: (kit) => {
      const call = kit.spy('partition key')
      makePartitioned(kit, { by: `range (${call}(id))`, bounds: halves })
    },
  },
  {
    make: (kit) => {
      const call = kit.predicate('partition key of a list')
      makePartitioned(kit, {
        by: `list (${call}(id))`,
        bounds: ['for values in (true)', 'for values in (false)'],
      })
    },
  },
  {
    make: (kit) => {
      const call = kit.spy('partition key with a constant')
      makePartitioned(kit, { by: `range ((id + ${call}(0)))`, bounds: halves })
    },
  },
  {
    since: 120000,
    make: (kit) => {
      const domain = makeDomain(kit, 'partition key of a domain')
      makePartitioned(kit, { by: 'range (id)', bounds: halves, type: domain })
    },
  },
  {
    make: (kit) => {
      const name = makeOperatorClass(kit, 'comparison of a partition key')
      makePartitioned(kit, { by: `range (id ${name})`, bounds: halves })
    },
  },
  {
    since: 110000,
    make: (kit) => {
      const call = kit.spy('hash of a partition key', {
        takes: 'int, bigint',
        returns: 'bigint',
        gives: '$1',
      })
      const name = kit.name('opclass')
      kit.build(
        `create operator class ${name} for type int using hash as operator 1 =, function 1 hashint4(int),
         function 2 ${call}(int, bigint);
         alter operator class ${name} using hash owner to ${kit.role(kit.author)}`,
        'root',
      )
      makePartitioned(kit, {
        by: `hash (id ${name})`,
        bounds: ['for values with (modulus 2, remainder 0)', 'for values with (modulus 2, remainder 1)'],
      })
    },
  },
  {
    make: (kit) => {
      const { partitions } = makePartitioned(kit, { by: 'range (id)', bounds: halves })
      for (const partition of partitions) {
        const [a, b] = [kit.predicate('check of a partition'), kit.predicate('constant check of a partition')]
        kit.build(`alter table ${partition} add check (${a}(v)), add check (${b}(1))`)
      }
    },
  },
  {
    make: (kit) => {
      const { parent, partitions } = makePartitioned(kit, { by: 'range (id)', bounds: halves })
      for (const partition of partitions)
        kit.build(`create index on ${partition} (${kit.spy('index of a partition')}(v))`)
      kit.act(['author', 'root'], `alter table ${parent} detach partition ${partitions[0]}`, { undone: true })
      kit.act(['author', 'root'], `drop table ${partitions[1]}`, { undone: true })
    },
  },
  {
    make: (kit) => {
      const parent = kit.name('ancestor')
      kit.build(`create table ${parent} (id int primary key, v int)`)
      kit.build(rows(parent))
      kit.relation(parent)
      share(kit, parent)
      for (const part of ['author', 'friend', 'other'] as const) {
        const child = `${part}.child_${kit.draft.next()}`
        kit.build(
          `create table ${child} () inherits (${parent}); alter table ${child} owner to ${kit.role(part)};
           alter table ${child} add check (${kit.predicate('check of a child')}(1))`,
          'root',
        )
        kit.build(`insert into ${child} values (300, 1), (301, 1)`, 'root')
        kit.build(`create index on ${child} (${kit.spy('index of a child')}(v))`, 'root')
      }
      kit.act(
        ['author', 'friend', 'root'],
        `alter table ${parent} add check (${kit.predicate('check of an ancestor')}(v))`,
        {
          undone: true,
        },
      )
      kit.act(['author', 'friend', 'root', 'actor'], `select * from ${parent} where v = 1`)
      kit.act(['author', 'friend', 'root', 'actor'], `analyze ${parent}`, { switches: true })
    },
  },
  {
    make: (kit) => {
      const type = kit.name('row')
      kit.build(`create type ${type} as (id int, v int)`)
      const table = kit.name('typed')
      kit.build(
        `create table ${table} of ${type} (primary key (id), check (${kit.predicate('check of a typed table')}(v)))`,
      )
      kit.build(rows(table))
      share(kit, table)
      kit.relation(table)
      kit.act(
        ['author', 'friend'],
        `alter type ${type} add attribute z ${makeDomain(kit, 'domain added to a type')} cascade`,
        {
          undone: true,
        },
      )
      kit.act(['author', 'friend'], `alter type ${type} alter attribute v type bigint cascade`, {
        undone: true,
      })
    },
  },
]
