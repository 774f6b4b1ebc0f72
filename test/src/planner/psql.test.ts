import { Grant, renderSql } from '@pgsr/node-postgres'
import { describe, expect, inject, test } from 'vitest'
import { actorKinds } from '../../harness/sandbox/actor.ts'
import { drivers } from '../../harness/drivers/drivers.ts'
import { psql } from '../../harness/servers/psql.ts'
import { intermediateRolesOf } from '../../harness/sandbox/intermediate-roles.ts'
import { openSandbox } from '../../harness/sandbox/sandbox.ts'

/** The ids in the names of intermediate roles are drawn anew for each plan, and stand for nothing. */
const withoutIds = (things: Iterable<string>): readonly string[] =>
  [...things].map((thing) => thing.replaceAll(/(_pgsr_\w+_)[0-9a-f]{8}/g, '$1id')).sort()

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

const [driver] = drivers

describe.for(inject('servers'))('$name', (server) => {
  test.for(actorKinds)(
    'the script of a dry run, run by psql, has the same outcome as a sync, as %s',
    async (kind) => {
      const box = await openSandbox(server, driver!, kind)
      const names = ['reader', 'wri"ter', 'chi\\ef', "by'stander", 'sche:ma', 'gone'].map((base) =>
        box.name(base),
      )
      const [reader, writer, chief, bystander, schema, gone] = names as [
        string,
        string,
        string,
        string,
        string,
        string,
      ]
      const setUp = async (): Promise<void> => {
        await box.run(`
        create role ${quoted(reader)} login; create role ${quoted(bystander)}; create schema ${quoted(schema)};
        create table ${quoted(schema)}.t (id serial, v text); create table ${quoted(schema)}.mine ();
        grant all on ${quoted(schema)}.t to ${quoted(reader)}, ${quoted(bystander)};
        grant update (v) on ${quoted(schema)}.t to ${quoted(reader)};
        grant ${quoted(bystander)} to ${quoted(reader)}`)
        await box.admin(`alter table ${quoted(schema)}.mine owner to ${quoted(reader)}`)
      }
      const tearDown = (): Promise<unknown> =>
        box.admin(`
        drop schema ${quoted(schema)} cascade; drop schema ${quoted(gone)} cascade;
        drop owned by ${[reader, writer, chief, bystander].map(quoted).join(', ')} cascade;
        ${[reader, writer, chief, bystander].map((name) => `drop role ${quoted(name)}`).join(';')}`)
      const desired = [
        {
          role: writer,
          grants: [Grant.roleMembership(reader), Grant.schemaCreate(schema), Grant.schemaOwnership(gone)],
        },
        {
          role: reader,
          grants: [
            Grant.login({ password: 'hunter2', validUntil: new Date('2030-01-01T00:00:00Z') }),
            Grant.databaseConnect(box.database),
            Grant.schemaUsage(schema),
            Grant.tableSelect(schema, /^t$/),
            Grant.roleMembership(chief),
          ],
        },
        { role: chief, grants: [Grant.tableOwnership(schema, 't')] },
      ]
      const outcome = async (): Promise<readonly string[]> =>
        withoutIds(await box.holdings([reader, writer, chief, bystander, ...(await intermediateRoles())]))
      const intermediateRoles = async (): Promise<readonly string[]> =>
        (await Promise.all([reader, writer].map((role) => intermediateRolesOf(box, quoted(role))))).flat()

      await setUp()
      await box.sync(desired)
      const synced = await outcome()
      await tearDown()

      await setUp()
      const script = renderSql(await box.pool.planRoles(desired))
      expect(script).not.toContain('hunter2')
      await psql(box.connection, box.database, script)
      expect(await outcome()).toEqual(synced)
      expect(
        (await box.pool.planRoles(desired)).transactions.flat().map((operation) => operation.kind),
      ).toEqual(['setPassword'])
      await tearDown()
      await box.end()
    },
  )
})
