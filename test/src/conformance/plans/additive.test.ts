import { Grant, type SyncRolesOptions } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import { describeFact } from '../../../harness/holdings/effects.ts'
import { holdEverything } from '../../../harness/holdings/everything-held.ts'
import { ownerOf } from '../../../harness/sandbox/owner-of.ts'

/** Without who granted it. */
const asPower = (line: string): string => line.replace(/ by [^,]+(?=,|$)/, '')

conformanceAround16('additive', (sandbox) => {
  test('nobody loses anything, and the plan lists what the mode exact takes away', async () => {
    const box = sandbox()
    const { role, place } = await holdEverything(box)
    await box.run(`create schema ${box.name('s')}; create table ${place.schema}.more ()`)
    const desired = { role, grants: [Grant.tableSelect(place.schema, 'more')] }
    const options: SyncRolesOptions = { reassignOwnedTo: box.actor, allowSuperuser: true }
    const everybody = [...(await box.roles()), box.server.user]
    const held = async () => [...(await box.holdings(everybody))].sort()

    const before = await held()
    const { plan } = await box.sync(desired, { ...options, mode: 'additive' })
    const after = new Set(await held())
    expect(before.filter((line) => !after.has(line))).toEqual([])
    expect(
      await box.admin(`select has_table_privilege('${role}', '${place.schema}.more', 'SELECT')`),
    ).toEqual([[true]])
    expect(plan.residue).toEqual([])

    await box.sync(desired, { ...options, onResidue: 'report' })
    const left = new Set(
      (await held()).map(asPower).flatMap((line) => [line, line.replace(' with grant option', '')]),
    )
    const kept = plan.kept.map((one) => `${one.role}: ${describeFact(one.fact, box.server.version)}`)
    // What PostgreSQL gives anyway, and somebody does not have, is nothing to lose.
    const lost = before.filter((line) => !left.has(asPower(line)) && !line.includes(': lacks '))
    expect(kept.sort()).toEqual(lost)
  })

  test('what belongs to another role stays with it', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create role ${role}; create schema ${schema}; create table ${schema}.t ()`)
    const { plan, changed } = await box.sync(
      { role, grants: [Grant.tableOwnership(schema, 't')] },
      { mode: 'additive' },
    )
    expect([changed, plan.skipped.map(({ reason }) => reason)]).toEqual([false, ['takes away']])
    expect(await ownerOf(box, `${schema}.t`)).toBe(box.actor)
  })

  test('a role goes on to log in, with its password', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}`)
    await box.pool.syncRoles({ role, grants: [Grant.login({ password: 'first' })] })
    const stored = () => box.admin(`select rolcanlogin, rolpassword from pg_authid where rolname = '${role}'`)
    const before = await stored()
    const options = { mode: 'additive', manages: { cluster: true } } as const
    await box.pool.syncRoles({ role, grants: [Grant.schemaUsage(schema, { direct: true })] }, options)
    const { plan } = await box.pool.syncRoles(
      { role, grants: [Grant.login({ password: 'second' })] },
      options,
    )
    expect(await stored()).toEqual(before)
    expect(plan.skipped.map(({ reason }) => reason)).toEqual(['takes away'])
  })
})
