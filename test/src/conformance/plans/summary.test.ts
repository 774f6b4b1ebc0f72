import { Grant, hasDrift, type Plan, summaryOf, Target } from '@pgsr/node-postgres'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'

const tables = ['a', 'b', 'c'] as const
const privileges = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const

/** Some of the privileges on each of the tables. */
type Some = Readonly<Record<(typeof tables)[number], readonly (typeof privileges)[number][]>>

const some: fc.Arbitrary<Some> = fc.record({
  a: fc.subarray([...privileges]),
  b: fc.subarray([...privileges]),
  c: fc.subarray([...privileges]),
})

const pairs = (all: Some): readonly string[] =>
  tables.flatMap((table) => all[table].map((privilege) => `${privilege} on ${table}`))

/** What a summary says that a role gains, or loses, each privilege on each table for itself. */
const said = (plan: Plan, role: string, which: 'gains' | 'loses'): readonly string[] =>
  summaryOf(plan)
    .roles.filter(({ roles }) => roles.includes(role))
    .flatMap((one) => one[which])
    .flatMap(({ kind, count, description }) => {
      const [, held = '', objects = ''] =
        /^([A-Z, ]+) on tables? (.+)$/.exec(description) ?? expect.fail(description)
      const each = held
        .split(', ')
        .flatMap((privilege) =>
          objects.split(', ').map((name) => `${privilege} on ${/"(\w)"$/.exec(name)?.[1]}`),
        )
      expect([kind, count]).toEqual(['privilege', each.length])
      return each
    })
    .toSorted()

conformanceAround16('a summary', (sandbox) => {
  test('says exactly what a role can do afterwards and could not before, and what it can no longer do', async () => {
    const box = sandbox()
    const [schema, role] = [box.name('s'), box.name('r')]
    await box.run(`create role ${role}; create schema ${schema};
      ${tables.map((table) => `create table ${schema}.${table} ()`).join(';')}`)
    const can = async (): Promise<readonly string[]> => {
      const rows = await box.admin(`select p || ' on ' || t from unnest('{${tables.join()}}'::text[]) as t,
        unnest('{${privileges.join()}}'::text[]) as p where has_table_privilege('${role}', '${schema}.' || t, p) order by 1`)
      return rows.map(([line]) => line as string)
    }
    const asked = (all: Some, direct: boolean) => ({
      role,
      grants: tables.flatMap((table) =>
        all[table].length === 0 ? [] : [Grant.privilege(Target.table(schema, table), all[table], { direct })],
      ),
    })
    await fc.assert(
      fc.asyncProperty(some, some, fc.boolean(), async (before, after, direct) => {
        await box.sync(asked(before, true))
        const could = await can()
        expect(could).toEqual(pairs(before).toSorted())
        const plan = await box.plan(asked(after, direct))
        await box.sync(asked(after, direct))
        const now = await can()
        expect(said(plan, role, 'gains')).toEqual(now.filter((line) => !could.includes(line)))
        expect(said(plan, role, 'loses')).toEqual(could.filter((line) => !now.includes(line)))
        expect(hasDrift(await box.plan(asked(after, direct)))).toBe(false)
        if (could.join() !== now.join()) expect(hasDrift(plan)).toBe(true)
        // Somebody changes it by hand.
        const [byHand, verb] = now.includes('SELECT on a') ? ['revoke', 'from'] : ['grant', 'to']
        if (direct) {
          await box.run(`${byHand} select on ${schema}.a ${verb} ${role}`)
          expect(hasDrift(await box.plan(asked(after, direct)))).toBe(true)
        }
      }),
      { numRuns: 4 },
    )
  })

  test('says that there is drift where something cannot be done', async () => {
    const box = sandbox()
    const [schema, role] = [box.name('s'), box.name('r')]
    await box.run(`create role ${role}; create schema ${schema}`)
    const missing = { role, grants: [Grant.tableSelect(schema, 'nowhere')] }
    const plan = await box.plan(missing, { onMissing: 'skip' })
    expect([hasDrift(plan), summaryOf(plan).skipped.map(({ reason }) => reason)]).toEqual([true, ['absent']])
    const pattern = await box.plan({ role, grants: [Grant.tableSelect(schema, /^no/)] })
    expect(hasDrift(pattern)).toBe(false)
  })
})
