import { access, Grant, renderSql, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import {
  dropShared,
  isOwnable,
  makeEveryKind,
  makePlace,
  ownerOf,
  type Specimen,
  takeOver,
} from '../../../harness/holdings/every-kind.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** Runs statements as a role, and commits. */
const runAs = ({ admin }: Sandbox, role: string, text: string): Promise<unknown> =>
  admin(`set role ${role}; ${text}; reset role`)

/** One of each kind that a role without superuser makes. */
const everythingIn = (schema: string, version: number): string =>
  [
    `create table ${schema}.orders (id serial primary key, at timestamptz default now())`,
    `create table ${schema}.lines (order_id int references ${schema}.orders, price int check (price > 0))`,
    `create view ${schema}.seen as select id from ${schema}.orders`,
    `create materialized view ${schema}.stored as select id from ${schema}.orders`,
    `create sequence ${schema}.numbers`,
    `create function ${schema}.one () returns int language sql as 'select 1'`,
    `create aggregate ${schema}.total (int) (sfunc = int4pl, stype = int4)`,
    `create type ${schema}.mood as enum ('good')`,
    `create type ${schema}.pair as (a int, b int)`,
    `create type ${schema}.span as range (subtype = int4)`,
    `create domain ${schema}.positive as int check (value > 0)`,
    `create operator ${schema}.=== (leftarg = int, rightarg = int, procedure = int4eq)`,
    `create collation ${schema}.plain from "C"`,
    `create text search configuration ${schema}.words (copy = pg_catalog.simple)`,
    `create text search dictionary ${schema}.dictionary (template = pg_catalog.simple)`,
    `create conversion ${schema}.conv for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1`,
    ...(version >= 100000
      ? [
          `create table ${schema}.parted (id int generated always as identity, key int) partition by list (key)`,
          `create table ${schema}.part partition of ${schema}.parted for values in (1)`,
          `create statistics ${schema}.stats on id, at from ${schema}.orders`,
        ]
      : []),
    ...(version >= 110000 ? [`create procedure ${schema}.proc () language sql as 'select 1'`] : []),
  ].join(';')

/** Everything that a role owns in the current database, its own database apart. */
const ownedBy = async ({ admin }: Sandbox, role: string): Promise<readonly unknown[]> =>
  (
    await admin(`
      select format('%s %s', i.type, i.identity) from pg_shdepend as d
      cross join lateral pg_identify_object(d.classid, d.objid, d.objsubid) as i
      where d.refobjid = '${role}'::regrole and d.deptype = 'o'
      and d.dbid = (select oid from pg_database where datname = current_database()) order by 1`)
  ).flat()

conformanceAround16('owner of contents', (sandbox) => {
  test('a role that owns a schema creates everything in it, and keeps it', async () => {
    const box = sandbox()
    const { version } = box.server
    const [migrator, schema] = [box.name('migrator'), box.name('s')]
    const desired = { role: migrator, grants: access.owner(schema) }
    await box.sync(desired)
    await runAs(box, migrator, everythingIn(schema, version))
    const owned = await ownedBy(box, migrator)
    const { changed, plan } = await box.sync(desired)
    expect([changed, plan.effects, plan.skipped, plan.residue]).toEqual([false, [], [], []])
    expect(await ownedBy(box, migrator)).toEqual(owned)

    // It goes on without a sync in between, also with what it finds.
    await runAs(box, migrator, `alter table ${schema}.lines add note text; create table ${schema}.more ()`)
    expect((await box.sync(desired)).changed).toBe(false)

    const { plan: last } = await box.sync({ role: migrator, grants: [] })
    expect(last.residue).toEqual([])
    expect(await ownedBy(box, migrator)).toEqual([])
    expect(renderSql(last).split('\n')[1]).toMatch(
      new RegExp(`^-- WARNING: role "${migrator}" loses ownership of .*, 1 schema, .*, [0-9]+ tables`),
    )
    await box.run(`drop role ${migrator}`)
  })

  test('a role gets everything of every kind that others own in a schema, and nothing else', async () => {
    const box = sandbox()
    const role = box.name('r')
    const place = await makePlace(box)
    const specimens = await makeEveryKind(place)
    const isInside = ({ name }: Specimen): boolean => name[0] === place.schema && name.length > 1
    const inside = specimens.filter((one) => isOwnable(one) && isInside(one))
    const outside = specimens.filter((one) => isOwnable(one) && !isInside(one))
    const owners = async (some: readonly Specimen[]): Promise<readonly unknown[]> =>
      (await box.admin(`select ${some.map(ownerOf).join(', ')}`))[0]!
    const before = await owners(outside)
    await takeOver(place)
    const { plan } = await box.sync({ role, grants: access.owner(place.schema) })
    expect([plan.skipped, plan.residue]).toEqual([[], []])
    expect(new Set(await owners(inside))).toEqual(new Set([role]))
    expect(await owners(outside)).toEqual(before)
    await box.sync({ role, grants: [] }, { reassignOwnedTo: box.actor })
    expect(new Set(await owners(inside))).toEqual(new Set([box.actor]))
    await box.run(`drop role ${role}`)
    await dropShared(box, specimens)
  })

  test('what belongs to an extension stays with its owner', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}`)
    await box.admin(`create extension pg_stat_statements schema ${schema}`)
    const owners = (): Promise<unknown> =>
      box.admin(`select oid::regprocedure::text, proowner::regrole::text from pg_proc where pronamespace = '${schema}'::regnamespace
        union select oid::regclass::text, relowner::regrole::text from pg_class where relnamespace = '${schema}'::regnamespace order by 1`)
    const before = await owners()
    const { plan } = await box.sync({ role, grants: access.owner(schema) })
    expect(plan.skipped).toEqual([])
    expect(await owners()).toEqual(before)
    await box.sync({ role, grants: [] })
    await box.run(`drop role ${role}`)
    await box.admin('drop extension pg_stat_statements')
  })

  test('all of one kind are owned without the others', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(
      `create schema ${schema}; create table ${schema}.t (id serial); create sequence ${schema}.q; create view ${schema}.v as select 1`,
    )
    await box.sync({ role, grants: [Grant.ownership(Target.allTables(schema))] })
    expect(await ownedBy(box, role)).toEqual([
      `sequence ${schema}.t_id_seq`,
      `table ${schema}.t`,
      `view ${schema}.v`,
    ])
    await box.sync({ role, grants: [Grant.ownership(Target.allSequences(schema))] }, { onResidue: 'report' })
    expect(await ownedBy(box, role)).toEqual([`sequence ${schema}.q`])
    await box.sync({ role, grants: [] })
    await box.run(`drop role ${role}`)
  })
})
