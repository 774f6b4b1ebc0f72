import { type DesiredRole, Grant, Target } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'
import { conformanceAsOwner, conformanceAsOwnerSince16 } from '../../../harness/drivers/conformance.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

const direct = { direct: true } as const
const passedOn = { direct: true, grantable: true } as const

/**
 * Three roles, of which `b` is to have a grant option and also to own something, for which the acting role becomes a
 * member of it. PostgreSQL then takes `b` for the grantor as readily as the owner of what is granted, `d`.
 */
interface Scene {
  readonly b: string
  readonly d: string
  readonly e: string
  readonly schema: string
  readonly table: Target<'table'>
}

const setScene = async (box: Sandbox): Promise<Scene> => {
  const [b, d, e, schema] = [box.name('b'), box.name('d'), box.name('e'), box.name('s')]
  await box.run(`
    create role ${b}; create role ${d}; create role ${e}; create schema ${schema};
    create table ${schema}.t (id int, v int); create sequence ${schema}.q`)
  return { b, d, e, schema, table: Target.table(schema, 't') }
}

const drop = (box: Sandbox, { b, d, e, schema }: Scene): Promise<unknown> =>
  box.admin(`drop schema ${schema} cascade; drop role ${b}, ${d}, ${e}`)

/** Who granted what a role has in an ACL. */
const grantorsOf = async ({ admin }: Sandbox, acl: string, grantee: string): Promise<readonly unknown[]> => {
  const rows = await admin(`
    select grantor::regrole::text || case when is_grantable then ' with grant option' else '' end
    from (${acl}) as one(acl), aclexplode(acl) where grantee = '${grantee}'::regrole`)
  return rows.flat()
}

const aclOf = ({ schema }: Scene): Readonly<Record<'table' | 'column' | 'schema', string>> => ({
  table: `select relacl from pg_class where oid = '${schema}.t'::regclass`,
  column: `select attacl from pg_attribute where attrelid = '${schema}.t'::regclass and attname = 'v'`,
  schema: `select nspacl from pg_namespace where nspname = '${schema}'`,
})

conformanceAsOwner((sandbox) => {
  test.for<[string, (scene: Scene) => readonly DesiredRole[], keyof ReturnType<typeof aclOf>, string]>([
    [
      'a table',
      ({ b, d, e, schema, table }) => [
        {
          role: b,
          grants: [
            Grant.ownership(Target.sequence(schema, 'q')),
            Grant.privilege(table, ['TRIGGER'], passedOn),
          ],
        },
        { role: d, grants: [Grant.ownership(table)] },
        { role: e, grants: [Grant.privilege(table, ['TRIGGER'], direct)] },
      ],
      'table',
      "select has_table_privilege($1, 's.t', 'TRIGGER')",
    ],
    [
      'a column, on whose table it has the grant option',
      ({ b, d, e, schema, table }) => [
        {
          role: b,
          grants: [
            Grant.ownership(Target.sequence(schema, 'q')),
            Grant.privilege(table, ['UPDATE'], passedOn),
          ],
        },
        { role: d, grants: [Grant.ownership(table)] },
        {
          role: e,
          grants: [Grant.privilege(Target.table(schema, 't', { columns: ['v'] }), ['UPDATE'], direct)],
        },
      ],
      'column',
      "select has_column_privilege($1, 's.t', 'v', 'UPDATE')",
    ],
    [
      'a schema',
      ({ b, d, e, schema, table }) => [
        {
          role: b,
          grants: [Grant.ownership(table), Grant.privilege(Target.schema(schema), ['USAGE'], passedOn)],
        },
        { role: d, grants: [Grant.schemaOwnership(schema)] },
        { role: e, grants: [Grant.schemaUsage(schema, direct)] },
      ],
      'schema',
      "select has_schema_privilege($1, 's', 'USAGE')",
    ],
  ])(
    'where a role gets the grant option on %s in the same call, the owner grants the privilege to others',
    async ([, desired, acl, question]) => {
      const box = sandbox()
      const scene = await setScene(box)
      const { plan } = await box.sync(desired(scene))
      expect(plan.skipped).toEqual([])
      expect(await grantorsOf(box, aclOf(scene)[acl], scene.e)).toEqual([scene.d])
      const asked = question.replace('$1', `'${scene.e}'`).replace("'s", `'${scene.schema}`)
      expect(await box.admin(asked)).toEqual([[true]])
      // The privilege does not depend on the role that may pass it on.
      await box.sync({ role: scene.b, grants: [] })
      expect(await box.admin(asked)).toEqual([[true]])
      await drop(box, scene)
    },
  )

  test('of several roles that get a grant option, none is taken for the grantor of what the others get or lose', async () => {
    const box = sandbox()
    const scene = await setScene(box)
    const { b, d, e, schema, table } = scene
    const former = box.name('f')
    await box.run(`create role ${former}; grant usage on schema ${schema} to ${former}`)
    const all = Grant.privilege(table, ['SELECT', 'INSERT'], passedOn)
    const usage = Grant.privilege(Target.schema(schema), ['USAGE'], passedOn)
    await box.sync([
      { role: b, grants: [Grant.ownership(Target.sequence(schema, 'q')), all, usage] },
      { role: d, grants: [Grant.ownership(table), Grant.schemaOwnership(schema)] },
      { role: e, grants: [Grant.schemaOwnership(box.name('owned')), all, usage] },
      { role: former, grants: [] },
    ])
    for (const role of [b, e]) {
      const option = `${d} with grant option`
      expect(await grantorsOf(box, aclOf(scene).table, role)).toEqual([option, option])
      expect(await grantorsOf(box, aclOf(scene).schema, role)).toEqual([option])
    }
    expect(await box.admin(`select has_schema_privilege('${former}', '${schema}', 'USAGE')`)).toEqual([
      [false],
    ])
    await box.admin(`drop owned by ${e}; drop role ${former}`)
    await drop(box, scene)
  })
})

// Before 16, whoever has a role’s privileges can also become that role.
conformanceAsOwnerSince16((sandbox) => {
  test('where the acting role cannot become the owner, only one of several gets the grant option, and the plan says so', async () => {
    const box = sandbox()
    const scene = await setScene(box)
    const { b, d, e, schema, table } = scene
    const owner = box.name('o')
    await box.admin(`
      create role ${owner}; grant ${owner} to ${box.actor} with inherit true, set false;
      alter table ${schema}.t owner to ${owner}`)
    const option = Grant.privilege(table, ['SELECT'], passedOn)
    const desired = [
      { role: b, grants: [Grant.ownership(Target.sequence(schema, 'q')), option] },
      { role: d, grants: [Grant.privilege(table, ['SELECT'], direct)] },
      { role: e, grants: [Grant.schemaOwnership(box.name('owned')), option] },
    ]
    const { plan } = await box.sync(desired, { onResidue: 'report' })
    expect(plan.skipped).toMatchObject([
      {
        role: e,
        reason: 'not permitted',
        message: `cannot grant SELECT on table "${schema}"."t" directly with grant option to role "${e}": PostgreSQL may record another grantor of SELECT on table "${schema}"."t" than its owner, and role "${box.actor}" cannot become the owner`,
      },
    ])
    const { table: acl } = aclOf(scene)
    expect(await grantorsOf(box, acl, b)).toEqual([`${owner} with grant option`])
    expect(await grantorsOf(box, acl, d)).toEqual([owner])
    expect(await grantorsOf(box, acl, e)).toEqual([])
    await box.admin(`drop owned by ${e}`)
    await drop(box, scene)
    await box.admin(`drop role ${owner}`)
  })
})
