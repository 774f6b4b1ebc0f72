import type { Kit } from './kit.ts'
import type { Part } from './part.ts'
import { makeKeyType } from './piece/foreign-key.ts'
import { type Action, nameOf, type Relation } from './world.ts'

type Options = Omit<Action, 'by' | 'text'>

type Draw = (table: string, kit: Kit) => string

/** A statement that is about a relation. */
type Template = readonly [text: Draw, options?: Options]

/** What each relation meets: its code runs in one of these, if it ever does. */
export const basics: readonly Template[] = [
  [(table, kit) => `insert into ${table} (id, v) values (${kit.key()}, 1)`],
  [(table) => `update ${table} set v = 2 where id = 1`],
  [(table) => `select * from ${table} where v = 2 and id < 1000`],
  [(table) => `delete from ${table} where id = 3`, { undone: true }],
]

const changes: readonly Template[] = [
  ...basics,
  [(table) => `insert into ${table} (id, v) values (2, 2) on conflict do nothing`],
  [
    (table) => `insert into ${table} (id, v) select 50000 + i, 1 from generate_series(1, 300) as i`,
    { undone: true },
  ],
  [(table) => `update ${table} set id = id + 30000 where id = 4`, { undone: true }],
  [(table) => `update ${table} set v = v + 1`],
  [(table) => `delete from ${table}`, { undone: true }],
  [(table) => `truncate ${table} cascade`, { undone: true }],
  [(table) => `select count(*) from ${table} group by v`],
  [(table) => `select * from ${table} where id = 1 for update`],
  [(table) => `set local constraint_exclusion = on; select * from ${table} where v = 1`, { undone: true }],
  [(table) => `explain select * from ${table} where v = 2`],
  [(table) => `copy ${table} to stdout`],
  [(table) => `prepare p as select * from ${table} where id = $1; execute p(1); deallocate p`],
  [
    (table) =>
      `merge into ${table} as t using (values (1), (60000)) as s(id) on t.id = s.id
       when matched then update set v = 3 when not matched then insert (id, v) values (s.id, 1)`,
    { undone: true },
  ],
]

const maintenance: readonly Template[] = [
  [(table) => `analyze ${table}`, { switches: true }],
  [(table) => `vacuum (analyze) ${table}`, { switches: true, alone: true }],
  [(table) => `vacuum full ${table}`, { switches: true, alone: true }],
  [(table) => `reindex table ${table}`, { switches: true }],
  [(table) => `reindex table concurrently ${table}`, { switches: true, alone: true }],
  [
    (table, kit) => `create index on ${table} (${kit.random.pick(['v', 'id', 'lower(v::text)'])})`,
    { switches: true },
  ],
  [(table) => `create index concurrently on ${table} (v)`, { switches: true, alone: true }],
  [(table) => `create index on ${table} (v) where v > 0`, { switches: true, undone: true }],
  [
    (table, kit) => {
      const name = kit.name('clustered').split('.')[1]
      return `create index ${name} on ${table} (v); cluster ${table} using ${name}`
    },
    { switches: true, undone: true },
  ],
  [(table) => `refresh materialized view ${table}`, { switches: true }],
  [(table) => `alter table ${table} set (fillfactor = 50)`],
]

const definitions: readonly Template[] = [
  [(table, kit) => `alter table ${table} add ${kit.name('late').replace('.', '_')} int default 1`],
  [(table) => `alter table ${table} alter v type bigint`, { undone: true }],
  [(table) => `alter table ${table} alter id type bigint`, { undone: true }],
  [(table) => `alter table ${table} add check (v > -1) not valid`],
  [(table) => `alter table ${table} add check (v > -1)`],
  [(table) => `alter table ${table} alter v set not null`],
  [(table, kit) => `create table ${kit.name('copy')} (like ${table} including all)`],
  [(table, kit) => `create table ${kit.name('child')} () inherits (${table})`],
  [(table, kit) => `create view ${kit.name('later')} as select * from ${table}`],
  [
    (table, kit) =>
      `create table friend.late_${kit.draft.next()} (id int primary key, ref int references ${table})`,
  ],
  [(table) => `alter table ${table} rename column v to w`, { undone: true }],
  [(table) => `drop table ${table}`, { undone: true }],
]

/** What is done with code of one’s own. */
const withCode: readonly Template[] = [
  [
    (table, kit) => {
      const [referring, key] = [kit.name('late'), makeKeyType(kit, 'late cast of a key')]
      return `create table ${referring} (ref ${key} references ${table}); insert into ${referring} values ('5')`
    },
  ],
  [(table, kit) => `create index on ${table} (${kit.spy('late index')}(v))`],
  [(table, kit) => `create index on ${table} (v) where ${kit.predicate('late predicate')}(1)`],
  [
    (table, kit) =>
      `create statistics ${kit.name('late')} on (${kit.spy('late statistics')}(v)), id from ${table}`,
  ],
  [(table, kit) => `alter table ${table} add check (${kit.predicate('late check')}(1))`],
  [
    (table, kit) =>
      `create trigger ${kit.name('late').replace('.', '_')} before insert or update on ${table} for each row
       execute procedure ${kit.trigger('late trigger')}()`,
  ],
  [
    (table, kit) =>
      `create rule ${kit.name('late').replace('.', '_')} as on insert to ${table} do also select ${kit.spy('late rule')}(new.v)`,
  ],
  [
    (table, kit) =>
      `create policy ${kit.name('late').replace('.', '_')} on ${table} using (${kit.predicate('late policy')}(v))`,
  ],
  [
    (table, kit) =>
      `alter table ${table} add ${kit.name('late').replace('.', '_')} int default ${kit.spy('late default', { volatility: 'volatile' })}(1)`,
  ],
  [
    (table, kit) => `alter table ${table} alter v type int using ${kit.spy('late USING')}(v)`,
    { undone: true },
  ],
]

const maintainers: readonly Part[] = ['root', 'actor', 'author', 'friend', 'rival']
const users: readonly Part[] = ['author', 'friend', 'actor', 'root', 'rival']

/** Who does what. Of what has code of one’s own, the code belongs to who does it. */
const repertoire: readonly (readonly [
  by: readonly Part[],
  templates: readonly Template[],
  weight: number,
])[] = [
  [users, changes, 4],
  [maintainers, maintenance, 3],
  [users, definitions, 2],
]

const pickWeighted = (kit: Kit) => {
  const bag = repertoire.flatMap((one) => Array.from({ length: one[2] }, () => one))
  return kit.random.pick(bag)
}

/** Draws what somebody does to a relation. */
export const drawAction = (kits: Readonly<Record<'author' | 'friend', Kit>>, relation: Relation): void => {
  const kit = kits.author
  const { random } = kit
  const table = nameOf(relation)
  if (random.chance(0.25)) {
    const by = random.pick(['author', 'friend'] as const)
    const [text, options] = random.pick(withCode)
    kit.act(by, text(table, kits[by]), options)
    return
  }
  const [by, templates] = pickWeighted(kit)
  const [text, options] = random.pick(templates)
  kit.act(random.pick(by), text(table, kit), options)
}

/** Has a relation meet what makes its code run, by its owner and by who has all rights. */
export const actBasics = (kit: Kit, relation: Relation): void => {
  for (const [text, options] of basics) kit.act('author', text(nameOf(relation), kit), options)
  kit.act('friend', `select * from ${nameOf(relation)} where v > 1`)
  kit.act('root', `analyze ${nameOf(relation)}`, { switches: true })
}
