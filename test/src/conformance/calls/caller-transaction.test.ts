import { DatabaseError, Grant, TransactionOpenError } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAtEnds } from '../../../harness/drivers/conformance.ts'
import type { Connected } from '../../../harness/drivers/drivers.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { goneWhenGranted, whenGranted } from '../../../harness/sandbox/when-granted.ts'

const exists = async ({ admin }: Sandbox, role: string): Promise<boolean> =>
  (await admin(`select from pg_roles where rolname = '${role}'`)).length > 0

/** Settings of the caller’s that pgsr sets for itself, with values that it would not have. */
const settings: Readonly<Record<string, string>> = {
  search_path: '"$user", public',
  lock_timeout: '7min',
  statement_timeout: '8min',
  client_encoding: 'LATIN1',
}

const set = Object.entries(settings)
  .map(([name, value]) => `set local ${name} = ${name === 'search_path' ? value : `'${value}'`}`)
  .join('; ')

/** Fails unless the caller’s settings are as they were, and its transaction is as good as it was. */
const check = async (transaction: Connected, table: string): Promise<void> => {
  const checks = Object.entries(settings).map(
    ([name, value]) =>
      `if current_setting('${name}') <> '${value}' then raise '${name} is %', current_setting('${name}'); end if;`,
  )
  await transaction.run(
    `do $$ begin
      ${checks.join('\n')}
      if current_user <> session_user then raise 'the role is %', current_user; end if;
    end $$; insert into ${table} values (1)`,
  )
}

conformanceAtEnds((sandbox) => {
  const make = async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}; create table ${schema}.t (); create table ${schema}.log (x int)`)
    const grants = [Grant.schemaUsage(schema), Grant.tableSelect(schema, 't'), Grant.login()]
    const transaction = <T>(work: (connected: Connected) => Promise<T>): Promise<T> =>
      box.driver.transaction(box.connection, box.database, work)
    const rows = async () => (await box.admin(`select count(*)::int from ${schema}.log`))[0]?.[0]
    const locks = async () =>
      (
        await box.admin(
          `select from pg_locks as l join pg_database as d on d.oid = l.database where d.datname = '${box.database}' and l.locktype = 'advisory'`,
        )
      ).length
    return { box, role, schema, log: `${schema}.log`, grants, transaction, rows, locks }
  }

  test('what a sync does in a transaction of the caller is there once the caller commits', async () => {
    const { box, role, schema, log, grants, transaction, rows } = await make()
    await transaction(async (inside) => {
      await inside.run(set)
      expect((await inside.syncRoles({ role, grants })).changed).toBe(true)
      await check(inside, log)
      expect(await exists(box, role)).toBe(false)
      expect((await inside.syncRoles({ role, grants })).changed).toBe(false)
      await check(inside, log)
    })
    expect(await exists(box, role)).toBe(true)
    await box.as(role, `select from ${schema}.t`)
    expect(await rows()).toBe(2)
  })

  test('what a sync does in a transaction of the caller is gone once the caller rolls back', async () => {
    const { box, role, grants, transaction } = await make()
    const rollingBack = transaction(async (inside) => {
      await inside.syncRoles({ role, grants })
      throw new Error('no, rather not')
    })
    await expect(rollingBack).rejects.toThrow('no, rather not')
    expect(await exists(box, role)).toBe(false)
  })

  test('a plan made in a transaction of the caller changes nothing, and can be executed there', async () => {
    const { box, role, log, grants, transaction, rows } = await make()
    await transaction(async (inside) => {
      await inside.run(set)
      const plan = await inside.planRoles({ role, grants })
      await check(inside, log)
      await inside.executePlan(plan)
      await check(inside, log)
      await inside.introspect({ role, grants })
      await inside.planDropUnusedRoles()
      await check(inside, log)
    })
    expect(await exists(box, role)).toBe(true)
    expect(await rows()).toBe(3)
  })

  test('a transaction of the caller goes on as before after any call in it has failed', async () => {
    const { box, role, log, grants, transaction, rows, locks } = await make()
    const stop = await whenGranted(box, `raise exception 'not today'`)
    try {
      await transaction(async (inside) => {
        await inside.run(set)
        await inside.run(`insert into ${log} values (0)`)
        const failing = inside.syncRoles({ role, grants })
        await expect(failing).rejects.toBeInstanceOf(DatabaseError)
        await expect(failing).rejects.toThrow('not today')
        await check(inside, log)
        expect(await locks(), 'the lock is not held after a failure').toBe(0)
        const residue = inside.syncRoles({ role, grants: [Grant.tableOwnership('pg_catalog', 'pg_class')] })
        await expect(residue).rejects.toHaveProperty('_tag')
        await check(inside, log)
        await expect(inside.syncRoles({ role, grants }, { actAs: box.name('nobody') })).rejects.toThrow(
          /role/,
        )
        await check(inside, log)
      })
    } finally {
      await stop()
    }
    expect(await rows()).toBe(4)
    expect(await exists(box, role)).toBe(false)
  })

  test('a sync in a transaction of the caller is tried again when something has changed since it read the catalogs', async () => {
    const { box, role, schema, log, grants, transaction } = await make()
    const stop = await goneWhenGranted(box, 6)
    try {
      await transaction(async (inside) => {
        await inside.run(set)
        await inside.syncRoles({ role, grants }, { attempts: 5 })
        await check(inside, log)
      })
    } finally {
      await stop()
    }
    await box.as(role, `select from ${schema}.t`)
  })

  test('a deadlock in a transaction of the caller is not tried again', async () => {
    const { box, role, log, grants, transaction } = await make()
    const stop = await whenGranted(
      box,
      `raise exception 'deadlock detected' using errcode = 'deadlock_detected'`,
    )
    try {
      await transaction(async (inside) => {
        await inside.run(set)
        await expect(inside.syncRoles({ role, grants })).rejects.toMatchObject({
          sqlState: '40P01',
          attempts: 1,
        })
        await check(inside, log)
      })
      await expect(box.pool.syncRoles({ role, grants }, { attempts: 2 })).rejects.toMatchObject({
        sqlState: '40P01',
        attempts: 2,
      })
    } finally {
      await stop()
    }
  })

  test('the advisory lock is held until the caller commits', async () => {
    const { role, grants, transaction, locks } = await make()
    await transaction(async (inside) => {
      await inside.syncRoles({ role, grants })
      expect(await locks()).toBe(1)
    })
    expect(await locks()).toBe(0)
  })

  test('a transaction that is REPEATABLE READ or SERIALIZABLE, or has failed, is refused', async () => {
    const { box, role, grants } = await make()
    const held = await box.driver.client(box.connection, box.database)
    try {
      for (const level of ['repeatable read', 'serializable']) {
        await held.run(`begin isolation level ${level}`)
        await expect(held.syncRoles({ role, grants })).rejects.toBeInstanceOf(TransactionOpenError)
        await expect(held.syncRoles({ role, grants })).rejects.toThrow(level)
        expect((await held.planRoles({ role, grants })).transactions).toHaveLength(1)
        await held.run('create temporary table mine (x int); rollback')
      }
      await held.run('begin')
      await expect(held.run('select 1 / 0')).rejects.toThrow('division by zero')
      await expect(held.syncRoles({ role, grants })).rejects.toBeInstanceOf(TransactionOpenError)
      await held.run('rollback')
      await held.run('begin read only')
      await expect(held.syncRoles({ role, grants })).rejects.toMatchObject({ sqlState: '25006' })
      await held.run('rollback')
      expect(await exists(box, role)).toBe(false)
      await held.syncRoles({ role, grants })
      expect(await exists(box, role)).toBe(true)
    } finally {
      await held.end()
    }
  })

  test('a transaction left open on a connection of a pool is not taken for the caller’s', async () => {
    const { box, role, grants } = await make()
    const pool = box.driver.pool(box.connection, box.database, 1)
    try {
      await pool.run('begin')
      await expect(pool.syncRoles({ role, grants })).rejects.toBeInstanceOf(TransactionOpenError)
      await pool.run('rollback')
      await pool.syncRoles({ role, grants })
    } finally {
      await pool.end()
    }
  })
})
