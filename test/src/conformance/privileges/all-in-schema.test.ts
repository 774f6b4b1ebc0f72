import {
  access,
  Grant,
  InvalidGrantError,
  MissingObjectError,
  type ObjectKind,
  Target,
} from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import {
  dropShared,
  hasPrivilege,
  makeEveryKind,
  makePlace,
  privilegesOn,
  type Specimen,
  takeOver,
} from '../../../harness/holdings/every-kind.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const direct = { direct: true } as const

/** What stands for all objects in a schema of a kind that has privileges. */
const alls: Readonly<Partial<Record<ObjectKind, (schema: string) => Parameters<typeof Grant.privilege>[0]>>> =
  {
    table: Target.allTables,
    sequence: Target.allSequences,
    function: Target.allFunctions,
    procedure: Target.allProcedures,
    type: Target.allTypes,
  }

const readWriteAll = (schema: string): readonly Grant[] => [
  ...access.readWrite(schema),
  Grant.privilege(Target.allTypes(schema), ['USAGE'], direct),
]

/** The answers to whether a role has each privilege on each of some objects. */
const held = async (
  { admin, server: { version } }: Sandbox,
  role: string,
  specimens: readonly Specimen[],
): Promise<ReadonlySet<unknown>> => {
  const questions = specimens.flatMap((specimen) =>
    privilegesOn(specimen.kind, version).map((privilege) => hasPrivilege(specimen, role, privilege, version)),
  )
  return new Set((await admin(`select ${questions.join(', ')}`))[0])
}

conformanceAround16('all in schema', (sandbox) => {
  test.for([
    ['objects of every kind are granted directly', direct, Object.keys(alls)],
    ['objects of every kind are granted through intermediate roles', {}, Object.keys(alls)],
    ['tables alone are granted through intermediate roles', {}, ['table']],
  ] as const)('privileges on all %s, and revoked', async ([, options, kinds]) => {
    const box = sandbox()
    const { version } = box.server
    const role = box.name('r')
    const place = await makePlace(box)
    const specimens = await makeEveryKind(place)
    await takeOver(place)
    const asked = specimens.filter(
      ({ kind, sort, name }) =>
        kinds.some((one) => one === kind) && name[0] === place.schema && sort !== 'row type',
    )
    const grants = (kinds as readonly ObjectKind[]).map((kind) =>
      Grant.privilege(alls[kind]!(place.schema), privilegesOn(kind, version) as never, options),
    )
    const { plan } = await box.sync({ role, grants })
    expect(plan.skipped).toEqual([])
    expect(await held(box, role, asked)).toEqual(new Set([true]))
    await box.sync({ role, grants: [] })
    expect(await held(box, role, asked)).toEqual(new Set([false]))
    await box.run(`drop role ${role}`)
    await dropShared(box, specimens)
  })

  test('a schema that has nothing is no error, and one that does not exist is', async () => {
    const box = sandbox()
    const [role, empty, absent] = [box.name('r'), box.name('s'), box.name('no')]
    await box.run(`create schema ${empty}`)
    const { plan } = await box.sync({ role, grants: readWriteAll(empty) }, { onMissing: 'error' })
    expect(plan.skipped).toEqual([])

    const { skipped } = await box.plan({ role, grants: readWriteAll(absent) })
    expect(new Set(skipped.map(({ reason }) => reason))).toEqual(new Set(['absent']))
    expect(skipped.map(({ message }) => message)).toContain(
      `cannot grant SELECT on all tables in schema "${absent}" directly to role "${role}": schema "${absent}" does not exist`,
    )
    await expect(
      box.plan({ role, grants: readWriteAll(absent) }, { onMissing: 'error' }),
    ).rejects.toBeInstanceOf(MissingObjectError)
    await box.sync({ role, grants: [] })
    await box.run(`drop role ${role}`)
  })

  test('a table may be called *, and otherwise that is refused', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}; create table ${schema}.other ()`)
    const desired = { role, grants: [Grant.schemaUsage(schema), Grant.tableSelect(schema, '*')] }
    await expect(box.plan(desired)).rejects.toThrow('Target.allTables stands for all tables in a schema')
    await expect(box.pool.syncRoles(desired)).rejects.toBeInstanceOf(InvalidGrantError)
    await box.run(`create table ${schema}."*" ()`)
    await box.sync(desired)
    await box.as(role, `select from ${schema}."*"`)
    await expect(box.as(role, `select from ${schema}.other`)).rejects.toThrow('permission denied')
    await box.sync({ role, grants: [] })
    await box.run(`drop role ${role}`)
  })

  test('what PUBLIC has on what others own is no reason to fail', async () => {
    const box = sandbox()
    const [role, schema] = [box.name('r'), box.name('s')]
    await box.run(`create schema ${schema}; create type ${schema}.span as range (subtype = int4)`)
    await box.admin(`create function ${schema}.f () returns int language sql as 'select 1'`)
    const grants = access.level({ routines: ['EXECUTE'] })(schema)
    const { plan } = await box.sync({ role, grants })
    expect(plan.skipped).toEqual([])
    await box.as(role, `select ${schema}.f(), ${schema}.span(1, 2)`)
    await box.admin(`revoke execute on function ${schema}.f() from public`)
    const { skipped } = await box.plan({ role, grants })
    expect(skipped.map(({ reason }) => reason)).toEqual(box.isSuperuser ? [] : ['not permitted'])
    await box.sync({ role, grants: [] })
    await box.run(`drop role ${role}`)
  })
})
