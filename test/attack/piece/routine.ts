import { Grant, Target } from '@pgsr/node-postgres'
import type { Kit } from '../kit.ts'
import type { Piece } from './piece.ts'

const everybody = ['author', 'friend', 'other', 'actor', 'root'] as const

export const routinePieces: readonly Piece[] = [
  {
    make: (kit) => {
      kit.act(everybody, `select ${kit.spy('function')}(1)`)
    },
  },
  {
    make: (kit) => {
      const call = kit.spy('security definer', { isDefiner: true, volatility: 'volatile' })
      kit.act(everybody, `select ${call}(1)`)
    },
  },
  {
    make: (kit) => {
      const [inner, outer] = [kit.spy('security definer in SQL'), kit.name('sql')]
      kit.build(
        `create function ${outer}(int) returns int language sql security definer as 'select ${inner}($1)'`,
      )
      kit.act(everybody, `select ${outer}(1)`)
    },
  },
  {
    make: (kit) => {
      const name = kit.name('peek')
      kit.build(
        `create function ${name}() returns setof text language sql security definer as 'select secret from vault.actor'`,
      )
      kit.act(['author', 'friend'], `select ${name}()`)
    },
  },
  {
    since: 140000,
    make: (kit) => {
      const [inner, outer] = [kit.spy('SQL body'), kit.name('body')]
      kit.build(
        `create function ${outer}(x int default ${inner}(2)) returns int security definer return ${inner}(x)`,
      )
      kit.act(everybody, `select ${outer}(1), ${outer}()`)
    },
  },
  {
    since: 110000,
    make: (kit) => {
      const call = kit.spy('procedure', { isProcedure: true, isDefiner: true })
      kit.act(everybody, `call ${call}(1)`)
    },
  },
  {
    make: (kit) => {
      const [inner, outer] = [kit.spy('default of an argument', { volatility: 'volatile' }), kit.name('sql')]
      kit.build(`create function ${outer}(x int default ${inner}(1)) returns int language sql as 'select x'`)
      kit.act(everybody, `select ${outer}()`)
    },
  },
  {
    make: (kit) => {
      const call = kit.spy('aggregate', { takes: 'int, int', gives: '$1 + $2' })
      const last = kit.spy('final function of an aggregate')
      const name = aggregate(kit, 'int', `sfunc = ${call}, stype = int, initcond = 0, finalfunc = ${last}`)
      kit.act(everybody, `select ${name}(x) from generate_series(1, 2) as x`)
      kit.act(everybody, `select ${name}(x) over (order by x) from generate_series(1, 2) as x`)
    },
  },
  {
    // What PUBLIC may execute when the aggregate is made, and may no longer once its owner has changed.
    make: (kit) => {
      const reveal = `vault.reveal_${kit.draft.next()}`
      kit.build(
        `create function ${reveal}(text, int) returns text language sql security definer as 'select secret from vault.actor'`,
        'actor',
      )
      const name = aggregate(kit, 'int', `sfunc = ${reveal}, stype = text`)
      kit.draft.precautions.push({
        by: 'actor',
        text: `revoke all on function ${reveal}(text, int) from public`,
      })
      kit.act(['author', 'friend'], `select ${name}(x) from generate_series(1, 2) as x`)
    },
  },
  {
    make: (kit) => {
      const call = kit.predicate('operator in a query', { takes: 'int, int' })
      kit.build(`create operator ${kit.author}.=== (leftarg = int, rightarg = int, procedure = ${call})`)
      kit.act(everybody, `select 1 operator(${kit.author}.===) 2`)
    },
  },
]

const aggregate = (kit: Kit, takes: string, made: string): string => {
  const name = kit.name('aggregate')
  kit.build(`create aggregate ${name}(${takes}) (${made})`)
  kit.keepable(Grant.ownership(Target.function(kit.author, name.split('.')[1]!, ['integer'])))
  return name
}
