import type { SpyForm } from '../spy.ts'
import type { TablePiece } from './piece.ts'

const modes = ['', 'enable always', 'enable replica'] as const

const triggers: readonly (readonly [when: string, rest?: string, form?: SpyForm])[] = [
  ['before insert', 'for each row'],
  ['before update', 'for each row'],
  ['after delete', 'for each row'],
  ['after insert or update or delete', 'for each statement'],
  ['before truncate', 'for each statement'],
  ['after insert or update', 'for each row', { isDefiner: true }],
]

/** A statement that such a trigger is for. */
const change = (table: string, when: string): string => {
  if (when.includes('truncate')) return `truncate ${table} cascade`
  if (when.includes('delete')) return `delete from ${table} where id = 2`
  return `insert into ${table} (id, v) values (90000, 1); update ${table} set v = 1 where id = 90000`
}

const ofTriggers = triggers.flatMap(([when, rest = '', form = {}]) =>
  modes.map((mode): TablePiece => ({
    make: (kit, table) => {
      const place = `trigger ${when}${form.isDefiner ? ' as definer' : ''}${mode === '' ? '' : `, ${mode}`}`
      const name = kit.name('trigger').replace('.', '_')
      kit.build(
        `create trigger ${name} ${when} on ${table} ${rest} execute procedure ${kit.trigger(place, form)}()`,
      )
      if (mode !== '') kit.build(`alter table ${table} ${mode} trigger ${name}`)
      if (mode === 'enable replica')
        kit.act('root', `set local session_replication_role = replica; ${change(table, when)}`, {
          undone: true,
        })
      if (when.includes('truncate'))
        kit.act(['author', 'friend', 'root'], `truncate ${table} cascade`, { undone: true })
    },
  })),
)

export const triggerPieces: readonly TablePiece[] = [
  ...ofTriggers,
  {
    make: (kit, table) => {
      const call = kit.trigger('constraint trigger')
      kit.build(
        `create constraint trigger ${kit.name('constraint').replace('.', '_')} after insert or update on ${table}
         deferrable initially deferred for each row execute procedure ${call}()`,
      )
    },
  },
  {
    make: (kit, table) => {
      const [call, when] = [kit.trigger('trigger with WHEN'), kit.predicate('WHEN of a trigger')]
      kit.build(
        `create trigger ${kit.name('when').replace('.', '_')} before insert or update on ${table} for each row
         when (${when}(new.v)) execute procedure ${call}()`,
      )
    },
  },
]
