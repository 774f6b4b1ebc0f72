import { share } from '../table.ts'
import type { Piece } from './piece.ts'

/** What holds code that nothing here makes run, or none: it must not be in the way of the rest. */
const quiet: readonly ((name: string) => string)[] = [
  (name) => `create sequence ${name}`,
  (name) => `create collation ${name} from "C"`,
  (name) => `create conversion ${name} for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8`,
  (name) => `create text search dictionary ${name} (template = simple)`,
  (name) => `create text search configuration ${name} (copy = simple)`,
  () => `select lo_create(0)`,
  (name) => `create table ${name} (id serial, v int); create statistics ${name}_s on id, v from ${name}`,
  (name) => `create table ${name} (id int generated always as identity, v int)`,
]

export const otherPieces: readonly Piece[] = [
  ...quiet.map((statement): Piece => ({
    make: (kit) => {
      const name = kit.name('quiet')
      kit.build(statement(name))
    },
  })),
  {
    make: (kit) => {
      const name = kit.name('given').replace('.', '_')
      const owner = `owner to ${kit.role(kit.author)}`
      kit.build(`create publication ${name}; alter publication ${name} ${owner}`, 'root')
      kit.build(
        `create operator family ${kit.author}.${name} using btree; alter operator family ${kit.author}.${name} using btree ${owner}`,
        'root',
      )
    },
  },
  {
    make: (kit) => {
      for (const to of ['friend', 'other'] as const)
        kit.build(
          `alter default privileges grant all on tables to ${kit.role(to)};
           alter default privileges in schema ${kit.author} grant execute on functions to ${kit.role(to)}`,
        )
    },
  },
  {
    // Of a file that is empty, which only a superuser may say.
    make: (kit) => {
      const name = kit.name('foreign')
      kit.build(
        `create extension if not exists file_fdw; create server if not exists files foreign data wrapper file_fdw;
         create foreign table ${name} (id int, v int) server files options (program 'echo 1,2', format 'csv');
         alter foreign table ${name} owner to ${kit.role(kit.author)}`,
        'root',
      )
      const call = kit.predicate('check of a foreign table')
      kit.build(`alter table ${name} add check (${call}(1))`)
      kit.act(['author', 'root'], `set local constraint_exclusion = on; select * from ${name} where id = 1`, {
        undone: true,
      })
      share(kit, name)
      kit.relation(name)
    },
  },
]
