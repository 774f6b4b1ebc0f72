import { Grant, isIntermediateName, operationsOf, type Plan, renderSql } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import { inAnotherDatabase } from '../../../harness/sandbox/another-database.ts'
import { intermediateRolesOf } from '../../../harness/sandbox/intermediate-roles.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** The roles of pgsr’s own that a plan creates. */
const newNames = (plan: Plan): readonly string[] =>
  operationsOf(plan).flatMap((operation) =>
    operation.kind === 'createRole' && isIntermediateName(operation.role) ? [operation.role] : [],
  )

/** A role that loses a view, and is to read what is in the schema. */
const makeReader = async (box: Sandbox) => {
  const [role, schema] = [box.name('reader'), box.name('s')]
  await box.run(
    `create role ${role}; create schema ${schema}; create table ${schema}.t (); create table ${schema}.u ();
    create view ${schema}.v as select 1; grant usage, create on schema ${schema} to ${role}`,
  )
  await box.admin(`alter view ${schema}.v owner to ${role}`)
  const grants = [Grant.schemaUsage(schema), Grant.tableSelect(schema, 't'), Grant.tableSelect(schema, 'u')]
  return { role, schema, desired: { role, grants } }
}

const mayRead = async (box: Sandbox, role: string, table: string): Promise<unknown> =>
  (await box.admin(`select has_table_privilege('${role}', '${table}', 'SELECT')`))[0]?.[0]

const retries = () => {
  const reasons: string[] = []
  const onEvent = (event: { readonly kind: string; readonly reason?: Error }): void => {
    if (event.kind === 'retry') reasons.push(event.reason?.message ?? '')
  }
  return { reasons, onEvent }
}

conformanceAround16('stable names', (sandbox) => {
  test('two dry runs print the same text, and the sync makes the roles that they name', async () => {
    const box = sandbox()
    const { role, desired } = await makeReader(box)
    const first = await box.plan(desired)
    expect(newNames(first)).toHaveLength(4)
    expect(renderSql(await box.plan(desired))).toBe(renderSql(first))
    const { plan } = await box.sync(desired)
    expect(newNames(plan)).toEqual(newNames(first))
    expect(await intermediateRolesOf(box, role)).toHaveLength(3)
  })

  test('a role that somebody has planted under the name of a dry run is not used', async () => {
    const box = sandbox()
    const { role, schema, desired } = await makeReader(box)
    const reviewed = await box.plan(desired)
    const planted = newNames(reviewed)
    // They hold something here, or a test in another database might drop them as unused.
    const held = box.name('held')
    await box.run(`create schema ${held}`)
    for (const name of planted)
      await box.admin(`create role ${name}; grant usage on schema ${held} to ${name}`)
    try {
      const shown = newNames(await box.plan(desired))
      expect(shown).toHaveLength(planted.length)
      expect(planted.filter((name) => shown.includes(name))).toEqual([])
      await expect(box.pool.executePlan(reviewed, { attempts: 2 })).rejects.toMatchObject({
        sqlState: '42710',
        outcome: 'unchanged',
      })

      const { reasons, onEvent } = retries()
      await box.sync(desired, { onEvent })
      expect(reasons).toHaveLength(1)
      expect(await mayRead(box, role, `${schema}.t`)).toBe(true)
      const used = await intermediateRolesOf(box, role)
      expect(planted.filter((name) => used.includes(name))).toEqual([])
    } finally {
      for (const name of planted) await box.admin(`drop owned by ${name}; drop role ${name}`)
    }
  })

  test('an object that is created anew gets a role with another name', async () => {
    const box = sandbox()
    const { schema, desired } = await makeReader(box)
    await box.sync(desired)
    await box.run(`drop table ${schema}.t; create table ${schema}.t ()`)
    const { reasons, onEvent } = retries()
    const shown = await box.plan(desired)
    const { plan } = await box.sync(desired, { onEvent })
    expect(newNames(plan)).toEqual(newNames(shown))
    expect(newNames(plan)).toHaveLength(1)
    expect(reasons).toEqual([])
  })

  test('a caretaker has another name when the role loses something again', async () => {
    const box = sandbox()
    const { role, schema, desired } = await makeReader(box)
    await box.sync(desired)
    await box.run(`create view ${schema}.w as select 1`)
    await box.admin(`alter view ${schema}.w owner to ${role}`)
    const { reasons, onEvent } = retries()
    await box.sync(desired, { onEvent })
    expect(reasons).toEqual([])
  })

  test('syncs in two databases agree on a role for what belongs to the cluster', async () => {
    const box = sandbox()
    await inAnotherDatabase(box, async (database, connect) => {
      const other = connect()
      const roles = Array.from({ length: 6 }, () => box.name('r'))
      await Promise.all(
        roles.map((role, index) =>
          (index % 2 === 0 ? box.pool : other).syncRoles(
            { role, grants: [Grant.databaseConnect(database)] },
            { attempts: 20 },
          ),
        ),
      )
      for (const role of roles) {
        const memberOf = await intermediateRolesOf(box, role)
        expect(memberOf).toHaveLength(1)
      }
    })
  })
})
