import type { Kit } from '../kit.ts'
import { makeOperatorClass } from './operator-class.ts'
import type { TablePiece } from './piece.ts'
import { Grant, Target } from '@pgsr/node-postgres'

const column = (kit: Kit): string => kit.name('column').replace('.', '_')

const keep = (kit: Kit, type: string): void => {
  const [schema, name] = type.split('.') as [string, string]
  kit.keepable(Grant.ownership(Target.type(schema, name)))
}

/** A domain whose values are looked at. */
export const makeDomain = (kit: Kit, place: string, base = 'int'): string => {
  const check = kit.predicate(place, { takes: base })
  const domain = kit.name('domain')
  kit.build(`create domain ${domain} as ${base} check (${check}(value))`)
  keep(kit, domain)
  return domain
}

/** A column of a type, with a value in each row that is there and that comes. */
const addColumn = (kit: Kit, table: string, type: string, value: string): string => {
  const name = column(kit)
  kit.build(`alter table ${table} add ${name} ${type} default ${value}`)
  return name
}

const makeComposite = (kit: Kit, fields: string): string => {
  const type = kit.name('composite')
  kit.build(`create type ${type} as (${fields})`)
  keep(kit, type)
  return type
}

export const typePieces: readonly TablePiece[] = [
  {
    make: (kit, table) => {
      addColumn(kit, table, makeDomain(kit, 'domain'), '1')
    },
  },
  {
    make: (kit, table) => {
      const inner = makeDomain(kit, 'domain below a domain')
      const outer = kit.name('domain')
      kit.build(`create domain ${outer} as ${inner} default 1`)
      kit.build(`create index on ${table} ((v::${outer}))`)
      kit.build(`alter table ${table} add ${column(kit)} ${outer}`)
    },
  },
  {
    make: (kit, table) => {
      const domain = makeDomain(kit, 'cast to a domain in a check')
      kit.build(`alter table ${table} add check (1::${domain} = 1), add check (v::${domain} >= 0)`)
    },
  },
  {
    since: 110000,
    make: (kit, table) => {
      const domain = makeDomain(kit, 'domain in an array')
      const name = addColumn(kit, table, `${domain}[]`, `array[1, 2]`)
      kit.build(`create index on ${table} ((${name}[1]))`)
    },
  },
  {
    since: 110000,
    make: (kit, table) => {
      const type = makeComposite(kit, `x ${makeDomain(kit, 'domain in a composite type')}, y int`)
      const name = addColumn(kit, table, type, 'row(1, 2)')
      kit.build(`create index on ${table} (((${name}).x))`)
      kit.build(`create index on ${table} ((row(v, v)::${type}))`)
    },
  },
  {
    make: (kit, table) => {
      const difference = kit.spy('difference of a range type', {
        takes: 'int, int',
        returns: 'float8',
        gives: '($1 - $2)::float8',
      })
      const type = kit.name('range')
      kit.build(`create type ${type} as range (subtype = int, subtype_diff = ${difference})`)
      const name = addColumn(kit, table, type, `'[1, 5)'`)
      kit.build(`update ${table} set ${name} = ${type}(id, id + 10)`)
      kit.build(`create index on ${table} using gist (${name})`)
      const multirange = kit.version >= 140000
      if (multirange)
        addColumn(
          kit,
          table,
          `${kit.author}.${type.split('.')[1]?.replace('range', 'multirange')}`,
          `'{[1, 5)}'`,
        )
    },
  },
  {
    make: (kit, table) => {
      const type = makeComposite(kit, 'x int')
      const cast = kit.spy('cast', { takes: type, gives: '1' })
      const back = kit.spy('cast from int', { returns: type, gives: 'row(1)' })
      kit.build(`create cast (${type} as int) with function ${cast}(${type}) as implicit`)
      kit.build(`create cast (int as ${type}) with function ${back}(int) as assignment`)
      const name = addColumn(kit, table, type, 'row(1)')
      kit.build(`create index on ${table} ((${name}::int))`)
      kit.build(`create index on ${table} ((v::${type}))`)
    },
  },
  {
    make: (kit, table) => {
      const type = kit.name('enum')
      kit.build(`create type ${type} as enum ('a', 'b')`)
      keep(kit, type)
      const cast = kit.spy('cast of an enumeration', { takes: type, gives: '1' })
      kit.build(`create cast (${type} as int) with function ${cast}(${type}) as implicit`)
      const name = addColumn(kit, table, type, `'a'`)
      kit.build(`create index on ${table} (${name}); create index on ${table} ((${name} + 1))`)
    },
  },
  ...[
    ['an index', (table: string, call: string) => `create index on ${table} ((${call}))`],
    ['a check', (table: string, call: string) => `alter table ${table} add check (${call} < 1000)`],
    [
      'statistics',
      (table: string, call: string, name: string) =>
        `create statistics ${name} on (${call}), id from ${table}`,
    ],
    [
      'a generated column',
      (table: string, call: string, name: string) =>
        `alter table ${table} add ${name.replace('.', '_')} int generated always as (${call}) stored`,
    ],
  ].map(([where, statement]): TablePiece => ({
    since: 170000,
    make: (kit, table) => {
      const domain = makeDomain(kit, `JSON_VALUE in ${String(where)}`)
      const name = addColumn(kit, table, 'jsonb', `'{"a": 1}'`)
      const call = `json_value(${name}, '$.a' returning ${domain})`
      if (typeof statement === 'function') kit.build(statement(table, call, kit.name('json')))
    },
  })),
  {
    make: (kit, table) => {
      const name = makeOperatorClass(kit, 'operator class')
      kit.build(`create index on ${table} (v ${name})`)
    },
  },
]
