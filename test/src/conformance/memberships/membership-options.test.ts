import { Grant, type Plan } from '@pgsr/node-postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import {
  expectedOf,
  type MatrixCase,
  matrixOf,
  type MatrixRow,
} from '../../../../packages/planner/test/support/membership-matrix.ts'
import { drivers } from '../../../harness/drivers/drivers.ts'
import { openSandbox, type Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** Of the thousands of combinations, some of each kind; `PGSR_TEST_MATRIX=all` has them all. */
const chosen = (isSuperuser: boolean): readonly MatrixCase[] => {
  const all = matrixOf(isSuperuser)
  return process.env.PGSR_TEST_MATRIX === 'all'
    ? all
    : Array.from({ length: 100 }, (_, index) => all[Math.floor((index * all.length) / 100)]!)
}

const inParts = <T>(all: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  )

interface Made extends MatrixCase {
  readonly role: string
  readonly group: string
}

const optionsOf = ({ admin, inherit, set }: MatrixRow): string =>
  `admin ${String(admin)}, inherit ${String(inherit)}, set ${String(set)}`

const make = async (box: Sandbox, third: string, one: MatrixCase): Promise<Made> => {
  const [role, group] = [box.name('r'), box.name('g')]
  await box.run(`create role ${role}; create role ${group}`)
  await box.admin(`grant ${group} to ${third} with admin true, inherit false, set false`)
  for (const row of one.rows) {
    const grant = `grant ${group} to ${role} with ${optionsOf(row)}`
    if (row.grantor === 'acting') await box.run(grant)
    else if (row.grantor === 'superuser') await box.admin(grant)
    else if (row.grantor === 'third') await box.admin(`${grant} granted by ${third}`)
    else await box.admin(`set role ${role}; ${grant}; reset role`)
  }
  return { ...one, role, group }
}

/** Whether a role really becomes another. */
const becomes = async ({ admin }: Sandbox, role: string, other: string): Promise<boolean> => {
  await admin(`begin; set local session authorization ${role}`)
  try {
    await admin(`set local role ${other}`)
    return true
  } catch {
    return false
  } finally {
    await admin('rollback')
  }
}

const has = async (box: Sandbox, third: string, plan: Plan, made: Made): Promise<object> => {
  const { role, group } = made
  const privileges = ['MEMBER', 'MEMBER WITH ADMIN OPTION', 'USAGE', 'SET']
  const [[member, admin, inherit, set] = []] = await box.admin(
    `select ${privileges.map((one) => `pg_has_role('${role}', '${group}', '${one}')`).join(', ')}`,
  )
  expect(await becomes(box, role, group)).toBe(set)
  const expected = expectedOf(made, box.isSuperuser)
  const grantors = plan.residue.flatMap(({ role: who, fact }) =>
    who === role && fact.kind === 'membership' ? [fact.grantor === third ? 'third' : 'superuser'] : [],
  )
  return {
    member,
    admin,
    inherit: expected.inherit === undefined ? undefined : inherit,
    set: expected.set === undefined ? undefined : set,
    residue: grantors.sort(),
  }
}

// Before 16 a membership is one row, without these options.
const servers = inject('servers').filter(({ version }) => version >= 160000)

describe.for(servers)('$name', (server) => {
  describe.for(['superuser', 'database owner'] as const)('%s', (kind) => {
    let box: Sandbox

    beforeAll(async () => {
      box = await openSandbox(server, drivers[0]!, kind)
    })
    afterAll(() => box.end())

    test(
      'a membership gives what is asked for, whoever granted it with whatever options',
      { timeout: 3_600_000 },
      async () => {
        for (const part of inParts(chosen(box.isSuperuser), 100)) {
          const third = box.name('third')
          await box.admin(`create role ${third}`)
          const made: Made[] = []
          for (const one of part) made.push(await make(box, third, one))
          const { plan } = await box.sync(
            made.map(({ role, group, asked }) => ({
              role,
              grants: asked === undefined ? [] : [Grant.roleMembership(group, asked)],
            })),
            { onResidue: 'report' },
          )
          for (const one of made) {
            const expected = expectedOf(one, box.isSuperuser)
            const found = await has(box, third, plan, one)
            expect([one, found]).toEqual([one, { ...expected, residue: expected.residue.toSorted() }])
          }
          // Who administers many roles waits at each GRANT.
          await box.admin(`drop role ${made.map(({ group }) => group).join(', ')}`)
          await box.admin(`drop role ${[third, ...made.map(({ role }) => role)].join(', ')}`)
        }
      },
    )
  })
})
