import { Grant, type Grant as AnyGrant } from '@pgsr/node-postgres'
import { type DrawOptions, write } from './draw.ts'
import type { Kit } from './kit.ts'
import { makeKeyType } from './piece/foreign-key.ts'
import { makeOperatorClass } from './piece/operator-class.ts'
import { halves } from './piece/partition.ts'
import { makeDomain } from './piece/type.ts'
import { type AttackRequest, nothing, only } from './request.ts'
import { rows } from './table.ts'
import type { World } from './world.ts'

/** One way to have code run with somebody else’s rights, as an attacker would go about it. */
export interface Scenario {
  readonly title: string
  readonly since?: number
  readonly until?: number
  readonly plot: (options: DrawOptions) => { readonly world: World; readonly request: AttackRequest }
}

/** Makes things, and says what of them the author is to keep; without: it is to keep nothing. */
type Make = (kit: Kit, friend: Kit) => readonly AnyGrant[] | undefined

const scenario = (title: string, make: Make, versions: Pick<Scenario, 'since' | 'until'> = {}): Scenario => ({
  title,
  ...versions,
  plot: (options) => {
    let kept: readonly AnyGrant[] | undefined
    const world = write(options, ({ author, friend }) => {
      kept = make(author, friend)
    })
    const request = kept === undefined ? nothing(options.role) : only(options.role, kept)
    return { world, request }
  },
})

/** Makes a table that nobody else may do anything with: what others may refer to is another matter. */
const makeTable = (kit: Kit, base = 'table'): string => {
  const table = kit.name(base)
  kit.build(`create table ${table} (id int primary key, v int)`)
  kit.build(rows(table))
  return table
}

/** Makes a table with two partitions, and gives back the names of them. */
const makeParent = (kit: Kit, operatorClass = ''): readonly [string, ...string[]] => {
  const parent = kit.name('parent')
  kit.build(`create table ${parent} (id int primary key, v int) partition by range (id ${operatorClass})`)
  const partitions = halves.map((bounds) => {
    const partition = kit.name('partition')
    kit.build(`create table ${partition} partition of ${parent} ${bounds}`)
    return partition
  })
  kit.build(rows(parent))
  return [parent, ...partitions]
}

const owns = (table: string): AnyGrant => Grant.tableOwnership('author', table.replace('author.', ''))

/** Makes a table of the author’s that refers to another of the author’s. */
const makeOrders = (kit: Kit, customers: string): string => {
  const orders = kit.name('orders')
  kit.build(`create table ${orders} (id int primary key, customer int references ${customers})`)
  return orders
}

export const scenarios: readonly Scenario[] = [
  scenario('a foreign key’s check plans with the checks of the table that it reads', (kit) => {
    const customers = makeTable(kit, 'customers')
    kit.build(`alter table ${customers} add check (${kit.predicate('check of a constant')}(1))`)
    const orders = makeOrders(kit, customers)
    kit.act('author', 'set constraint_exclusion = on', { alone: true })
    kit.act('author', `insert into ${orders} values (${kit.key()}, 1)`)
    return [owns(orders)]
  }),
  scenario(
    'a foreign key’s check plans with the checks of the partitions that it reads',
    (kit) => {
      const customers = makeParent(kit)
      const [, partition] = customers
      kit.build(`alter table ${partition} add check (${kit.predicate('check of a partition')}(1))`)
      const orders = makeOrders(kit, customers[0])
      kit.act('author', `insert into ${orders} values (${kit.key()}, 1)`)
      return [owns(orders)]
    },
    { since: 120000 },
  ),
  scenario(
    'a foreign key’s check reads tables that are partitioned by keys that hold code',
    (kit) => {
      const [products] = makeParent(kit, makeOperatorClass(kit, 'partition key of a referred table'))
      const orders = makeOrders(kit, products)
      kit.act(['author', 'root'], `insert into ${orders} values (${kit.key()}, 1)`, { undone: true })

      const customers = makeTable(kit, 'customers')
      const visits = kit.name('visits')
      kit.build(
        `create table ${visits} (customer int references ${customers})
         partition by range ((customer + ${kit.spy('partition key of a referring table')}(0)))`,
      )
      kit.build(`create table ${visits}_1 partition of ${visits} for values from (minvalue) to (maxvalue)`)
      kit.act(['author', 'root'], `delete from ${customers} where id = 1`, { undone: true })
      return [owns(orders), owns(customers)]
    },
    { since: 120000 },
  ),
  scenario(
    'an index on a parent is built on a partition that has another owner',
    (kit) => {
      const [parent] = makeParent(kit)
      kit.act('author', `create index on ${parent} (${kit.spy('index expression')}(v))`)
      return [owns(parent), Grant.schemaCreate('author', { direct: true })]
    },
    { since: 110000 },
  ),
  scenario(
    'JSON_VALUE returns a domain on which an index does not depend',
    (kit) => {
      const table = makeTable(kit)
      const domain = makeDomain(kit, 'domain')
      kit.build(`alter table ${table} add j jsonb default '{"a": 1}'`)
      kit.build(`create index on ${table} (json_value(j, '$.a' returning ${domain}))`)
      kit.act(['root', 'actor'], `analyze ${table}`, { switches: true })
      kit.act(['root', 'actor'], `reindex table ${table}`, { switches: true })
      return undefined
    },
    { since: 170000 },
  ),
  scenario(
    'a function of information_schema is parsed again, and finds another operator',
    (kit) => {
      const table = makeTable(kit)
      kit.build(`create index on ${table} (information_schema._pg_numeric_precision(id::oid, v))`)
      const equal = kit.predicate('operator', { takes: 'oid, int' })
      kit.build(`create operator public.= (leftarg = oid, rightarg = int, procedure = ${equal})`)
      kit.act(['root', 'actor'], `analyze ${table}`, { switches: true })
      kit.act(['root', 'actor'], `reindex table ${table}`, { switches: true })
      return undefined
    },
    { until: 140000 },
  ),
  scenario('an aggregate calls a function that was taken from PUBLIC since', (kit) => {
    kit.build(
      `create function vault.reveal(text, int) returns text language sql security definer
       as 'select secret from vault.actor'`,
      'actor',
    )
    kit.build('create aggregate author.reveal(int) (sfunc = vault.reveal, stype = text)')
    kit.draft.precautions.push({
      by: 'actor',
      text: 'revoke all on function vault.reveal(text, int) from public',
    })
    kit.act('friend', 'select author.reveal(x) from generate_series(1, 2) as x')
    return undefined
  }),
  scenario(
    'a grant that is committed after the sync lets another refer to a table, with a cast of its own',
    (kit, friend) => {
      const table = makeTable(kit)
      const key = makeKeyType(friend, 'cast')
      friend.build(`select '5'::${key}::int`)
      kit.draft.meanwhile.push({
        by: 'author',
        text: `grant references (id) on ${table} to ${kit.role('friend')}`,
      })
      kit.act('friend', `create table friend.referring (ref ${key} references ${table})`)
      kit.act('friend', `insert into friend.referring values ('5')`)
      return undefined
    },
    // Later ones lock the table that something is granted on.
    { until: 180000 },
  ),
  scenario('a partitioned table runs what its key is made of as who opens it', (kit) => {
    const table = kit.name('parent')
    const call = kit.spy('partition key')
    kit.build(`create table ${table} (id int, v int) partition by range ((id + ${call}(0)))`)
    return undefined
  }),
]
