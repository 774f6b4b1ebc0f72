import type { Kit } from '../kit.ts'
import type { SpyForm } from '../spy.ts'
import type { TablePiece } from './piece.ts'

/** A statement that gives a table an expression that calls a function. */
type Statement = (table: string, call: string, name: string) => string

const predicate: SpyForm = { returns: 'boolean', gives: 'true' }

const expressions: readonly (readonly [
  place: string,
  statement: Statement,
  form?: SpyForm,
  since?: number,
])[] = [
  ['index expression', (table, call) => `create index on ${table} (${call}(v))`],
  ['unique index expression', (table, call) => `create unique index on ${table} (${call}(id))`],
  ['index predicate', (table, call) => `create index on ${table} (v) where ${call}(v)`, predicate],
  [
    'index predicate of a constant',
    (table, call) => `create index on ${table} (v) where ${call}(1)`,
    predicate,
  ],
  [
    'exclusion constraint',
    (table, call) => `alter table ${table} add exclude using btree (${call}(id) with =)`,
  ],
  [
    'exclusion constraint’s predicate',
    (table, call) => `alter table ${table} add exclude using btree (id with =) where (${call}(v))`,
    predicate,
  ],
  [
    'statistics expression',
    (table, call, name) => `create statistics ${name} on (${call}(v)), id from ${table}`,
    {},
    140000,
  ],
  ['check', (table, call) => `alter table ${table} add check (${call}(v))`, predicate],
  ['check of a constant', (table, call) => `alter table ${table} add check (${call}(1))`, predicate],
  [
    'check of a constant and a column',
    (table, call) => `alter table ${table} add check (v is null or v >= 0 and ${call}(1))`,
    predicate,
  ],
  [
    'check that is not valid',
    (table, call) => `alter table ${table} add check (${call}(v)) not valid`,
    predicate,
  ],
  [
    'check that is not inherited',
    (table, call) => `alter table ${table} add check (${call}(v)) no inherit`,
    predicate,
  ],
  [
    'default',
    (table, call, name) => `alter table ${table} add ${column(name)} int default ${call}(1)`,
    { volatility: 'volatile' },
  ],
  [
    'generated column',
    (table, call, name) =>
      `alter table ${table} add ${column(name)} int generated always as (${call}(v)) stored`,
    {},
    120000,
  ],
  [
    'policy',
    (table, call, name) =>
      `create policy ${column(name)} on ${table} using (${call}(v)) with check (${call}(v));
       alter table ${table} enable row level security; grant select on ${table} to public`,
    predicate,
  ],
  [
    'policy that is forced',
    (table, call, name) =>
      `create policy ${column(name)} on ${table} using (${call}(v)) with check (${call}(v));
       alter table ${table} enable row level security; alter table ${table} force row level security`,
    predicate,
  ],
  [
    'rule',
    (table, call, name) =>
      `create rule ${column(name)} as on update to ${table} do also select ${call}(new.v)`,
  ],
]

const column = (name: string): string => name.replaceAll('.', '_')

export const expressionPieces: readonly TablePiece[] = [
  ...expressions.map(([place, statement, form = {}, since = 0]): TablePiece => ({
    since,
    make: (kit, table) => kit.build(statement(table, kit.spy(place, form), kit.name('extra'))),
  })),
  {
    // An SQL function is put into the query that calls it, and parsed again, with the search_path of whoever runs that.
    make: (kit, table) => {
      const inner = kit.spy('index on an SQL function')
      const outer = kit.name('sql')
      kit.build(`create function ${outer}(int) returns int language sql immutable as 'select ${inner}($1)'`)
      kit.build(`create index on ${table} (${outer}(v))`)
    },
  },
  {
    // Of other types than int and int, so that it is the better match wherever pg_catalog has none that is as good.
    make: (kit, table) => {
      const equal = kit.predicate('operator of others’ functions', { takes: 'oid, int' })
      const left = ['public', kit.author]
      for (const schema of left)
        kit.build(`create operator ${schema}.= (leftarg = oid, rightarg = int, procedure = ${equal})`)
      kit.build(`create index on ${table} (information_schema._pg_numeric_precision(id::oid, v))`)
    },
    // Later ones are parsed when they are made.
    until: 140000,
  },
  {
    make: (kit, table) => {
      const call = kit.spy('operator', { takes: 'int, int' })
      const operator = `operator(${kit.author}.###)`
      kit.build(`create operator ${kit.author}.### (leftarg = int, rightarg = int, procedure = ${call})`)
      kit.build(`create index on ${table} ((v ${operator} 1))`)
      kit.build(`alter table ${table} add check (v ${operator} 1 < 1000000)`)
    },
  },
  {
    make: (kit, table) => journalRule(kit, table),
  },
]

/** A rule that writes where its owner may not, but who syncs may. */
const journalRule = (kit: Kit, table: string): void => {
  for (const victim of ['actor', 'other'] as const)
    kit.build(
      `create rule ${column(kit.name('journal'))} as on insert to ${table} do also
       insert into vault.${victim}_journal values (session_user, current_query())`,
    )
}
