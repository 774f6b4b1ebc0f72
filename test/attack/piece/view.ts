import type { Kit } from '../kit.ts'
import { victims } from '../part.ts'
import { share } from '../table.ts'
import type { TablePiece } from './piece.ts'

const make = (
  kit: Kit,
  definition: (name: string) => string,
  kind: 'view' | 'materialized view' = 'view',
) => {
  const name = kit.name('view')
  kit.build(definition(name))
  share(kit, name)
  kit.relation(name, kind)
  return name
}

/** Views that give away what their owner may read, if that is somebody else’s secret. */
const peek = (kit: Kit, options = ''): void => {
  for (const victim of victims.filter((one) => one !== kit.author)) {
    const name = kit.name(`peek_${victim}`)
    kit.build(`create view ${name} ${options} as select secret from vault.${victim}`)
    kit.build(`grant all on ${name} to public`)
    kit.act(['author', 'friend'], `select * from ${name}`)
  }
}

export const viewPieces: readonly TablePiece[] = [
  {
    make: (kit, table) => {
      make(kit, (name) => `create view ${name} as select id, ${kit.spy('view')}(v) as v from ${table}`)
    },
  },
  {
    make: (kit, table) => {
      const call = kit.predicate('view with a check option')
      make(kit, (name) => `create view ${name} as select * from ${table} where ${call}(v) with check option`)
    },
  },
  {
    make: (kit, table) => {
      const call = kit.predicate('view with a security barrier')
      make(
        kit,
        (name) => `create view ${name} with (security_barrier) as select * from ${table} where ${call}(v)`,
      )
    },
  },
  {
    since: 150000,
    make: (kit, table) => {
      const call = kit.predicate('view with security_invoker')
      make(
        kit,
        (name) => `create view ${name} with (security_invoker) as select * from ${table} where ${call}(v)`,
      )
      peek(kit, 'with (security_invoker)')
    },
  },
  { make: (kit) => peek(kit) },
  {
    make: (kit, table) => {
      const name = make(kit, (view) => `create view ${view} as select id, v from ${table} limit 100`)
      kit.build(
        `create trigger instead instead of insert or update or delete on ${name} for each row
         execute procedure ${kit.trigger('trigger instead of')}()`,
      )
    },
  },
  {
    make: (kit, table) => {
      const name = make(kit, (view) => `create view ${view} as select id, v from ${table}`)
      for (const victim of ['actor', 'other'])
        kit.build(
          `create rule ${victim} as on insert to ${name} do also
           insert into vault.${victim}_journal values (session_user, current_query())`,
        )
      kit.build(`create rule call as on update to ${name} do also select ${kit.spy('rule of a view')}(new.v)`)
    },
  },
  {
    make: (kit, table) => {
      const call = kit.spy('materialized view')
      const name = make(
        kit,
        (view) => `create materialized view ${view} as select id, ${call}(v) as v from ${table}`,
        'materialized view',
      )
      kit.build(`create unique index on ${name} (id)`)
      refresh(kit, name)
    },
  },
  {
    make: (kit, table) => {
      const call = kit.spy('index of a materialized view')
      const name = make(
        kit,
        (view) => `create materialized view ${view} as select id, v from ${table}`,
        'materialized view',
      )
      kit.build(`create index on ${name} (${call}(v))`)
      refresh(kit, name)
    },
  },
  {
    make: (kit) => {
      const name = kit.name('peek')
      kit.build(`create materialized view ${name} as select secret from vault.actor with no data`)
      kit.build(`grant select on ${name} to public`)
      kit.act(['root', 'actor', 'friend'], `refresh materialized view ${name}`, { switches: true })
      kit.act(['author', 'friend'], `select * from ${name}`)
    },
  },
]

const refresh = (kit: Kit, name: string): void => {
  for (const how of ['', 'concurrently '])
    kit.act(['root', 'actor', 'author', 'friend'], `refresh materialized view ${how}${name}`, {
      switches: true,
    })
}
