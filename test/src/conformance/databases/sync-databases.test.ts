import {
  type Assertion,
  AssertionsError,
  DatabasesError,
  type DatabasesProgress,
  Grant,
  InvalidGrantError,
  MissingObjectError,
  operationsOf,
  type Plan,
  Target,
} from '@pgsr/node-postgres'
import { expect, inject, test } from 'vitest'
import { conformanceAround16 } from '../../../harness/drivers/conformance.ts'
import {
  doorOf,
  inDatabases,
  inside,
  type Places,
  using,
} from '../../../harness/drivers/several-databases.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'
import { brokenByOurs, unlessOthers } from '../../../harness/sandbox/unless-others.ts'

/** How a database failed. */
const failureIn = ({ databases }: DatabasesError['result'], database: string): unknown => {
  const one = databases[database]
  return one?.state === 'failed' ? one.error : one
}

/** The roles that plans create, apart from pgsr’s own. */
const createdBy = (plans: readonly Plan[]) =>
  plans.map((plan) =>
    operationsOf(plan).flatMap((one) => (one.kind === 'createRole' && !one.provides ? [one.role] : [])),
  )

const canRead = async (box: Sandbox, role: string, database: string): Promise<boolean> =>
  (await inside(box, database, `select has_table_privilege('${role}', 'app.t', 'SELECT')`))[0]![0] === true

const askingFor = (roles: readonly string[], grants: readonly Grant[]) =>
  roles.map((role) => ({ role, grants }))

const canConnect = async (box: Sandbox, role: string, database: string): Promise<boolean> =>
  (
    await inside(box, database, `select has_database_privilege('${role}', '${database}', 'CONNECT')`)
  )[0]![0] === true

conformanceAround16('several databases', (sandbox) => {
  test('get one state: what the cluster shares once, the rest in each', async () => {
    const box = sandbox()
    const [role, group] = [box.name('r'), box.name('g')]
    await inDatabases(box, 3, (databases) =>
      using(box, databases, async (all) => {
        const [, two = '', three = ''] = databases
        for (const name of databases) await box.admin(`revoke connect on database ${name} from public`)
        const desired = {
          role,
          grants: [
            Grant.login(),
            Grant.roleMembership(group),
            Grant.databaseConnect(two),
            Grant.schemaUsage('app'),
          ],
          connectionLimit: 3,
          in: {
            [two]: [Grant.tableSelect('app', 't')],
            [three]: [Grant.tableSelect('app', 't', { direct: true })],
          },
        }
        const plans = await all.plan(desired)
        const { changed, databases: results } = await all.sync(desired)
        expect(changed).toBe(true)
        expect(Object.keys(results)).toEqual(databases)
        const executed = Object.values(results).flatMap((result) =>
          result.state === 'done' ? [result.plan] : [],
        )
        expect(createdBy(executed)).toEqual([[group, role].sort(), [], []])
        expect(createdBy(Object.values(plans).map(({ plan }) => plan))).toEqual(createdBy(executed))
        const readers = await Promise.all(databases.map((database) => canRead(box, role, database)))
        expect(readers).toEqual([false, true, true])
        const connecting = await Promise.all(databases.map((database) => canConnect(box, role, database)))
        expect(connecting).toEqual([false, true, false])
        expect(
          await box.admin(`select rolcanlogin, rolconnlimit from pg_roles where rolname = '${role}'`),
        ).toEqual([[true, 3]])
        expect((await all.sync(desired)).changed).toBe(false)

        const less = { ...desired, grants: [Grant.login()], in: { [two]: [Grant.tableSelect('app', 't')] } }
        expect((await all.sync(less)).changed).toBe(true)
        expect(await Promise.all(databases.map((database) => canRead(box, role, database)))).toEqual([
          false,
          true,
          false,
        ])
        expect(await canConnect(box, role, two)).toBe(false)
        expect(await box.admin(`select pg_has_role('${role}', '${group}', 'MEMBER')`)).toEqual([[false]])
        expect((await all.sync({ role, grants: [] })).changed).toBe(true)
      }),
    )
  })

  test('where one fails, the others are done, and the same call again does the rest', async () => {
    const box = sandbox()
    const role = box.name('r')
    await inDatabases(box, 3, (databases) =>
      using(box, databases, async (all) => {
        const [, two = ''] = databases
        const desired = { role, grants: [Grant.tableSelect('app', 't')] }
        await inside(box, two, 'drop table app.t')
        const failed = await all.sync(desired, { onMissing: 'error' }).catch((error: unknown) => error)
        expect(failed).toBeInstanceOf(DatabasesError)
        const { result, message } = failed as DatabasesError
        expect(message).toContain(`in database "${two}": `)
        expect(Object.values(result.databases).map(({ state }) => state)).toEqual(['done', 'failed', 'done'])
        const ofTwo = result.databases[two]
        expect(ofTwo?.state === 'failed' && ofTwo.error).toBeInstanceOf(MissingObjectError)
        expect((await all.sync(desired, { onMissing: 'error', onFailure: 'report' })).changed).toBe(false)
        await inside(box, two, `set role ${box.actor}; create table app.t (); reset role`)
        expect((await all.sync(desired, { onMissing: 'error' })).changed).toBe(true)
        for (const database of databases) expect(await canRead(box, role, database)).toBe(true)
        await all.sync({ role, grants: [] })
      }),
    )
  })

  test('where the first fails, no other is begun', async () => {
    const box = sandbox()
    const role = box.name('r')
    await inDatabases(box, 2, (databases) =>
      using(box, databases, async (all) => {
        await inside(box, databases[0]!, 'drop table app.t')
        const desired = { role, grants: [Grant.tableSelect('app', 't')] }
        const { databases: results } = await all.sync(desired, { onMissing: 'error', onFailure: 'report' })
        expect(Object.values(results).map(({ state }) => state)).toEqual(['failed', 'not begun'])
        expect(await box.admin(`select from pg_roles where rolname = '${role}'`)).toEqual([])
      }),
    )
  })

  test('not more of them are worked on at the same time than the caller says, who sees how far it is', async () => {
    const box = sandbox()
    const role = box.name('r')
    await inDatabases(box, 6, (databases) =>
      using(box, databases, async (all) => {
        const progress: DatabasesProgress[] = []
        await all.sync(
          { role, grants: [Grant.tableSelect('app', 't')] },
          { concurrency: 2, onProgress: (one) => progress.push(one) },
        )
        let [running, most] = [0, 0]
        for (const { state } of progress) {
          running += state === 'begun' ? 1 : -1
          most = Math.max(most, running)
        }
        expect(most).toBe(2)
        expect(progress).toHaveLength(12)
        expect(progress.at(-1)).toMatchObject({ state: 'done', ended: 6, of: 6 })
        await all.sync({ role, grants: [] })
      }),
    )
  })

  test('a role that should not exist loses what it has in each, and is dropped at last', async () => {
    const box = sandbox()
    const [role, other] = [box.name('r'), box.name('o')]
    await inDatabases(box, 3, (databases) =>
      using(box, databases, async (all) => {
        await all.sync({ role, grants: [Grant.login(), Grant.schemaUsage('app')] })
        await box.run(`create role ${other}`)
        for (const database of databases)
          await inside(
            box,
            database,
            `create table app.of_role (); alter table app.of_role owner to ${role};
            grant select on app.t to ${role} with grant option;
            set role ${role}; grant select on app.t to ${other}; reset role;
            alter default privileges for role ${role} grant select on tables to ${other};
            alter table app.t enable row level security; create policy p on app.t to ${role}, ${other}`,
          )
        const gone = { role, absent: true } as const
        const plans = await all.plan(gone)
        expect(
          Object.values(plans).map(({ absent }) => [...new Set(absent?.residue.map(({ reason }) => reason))]),
        ).toEqual([[], ['in another database'], ['in another database']])
        expect(plans[databases[0]!]?.absent?.effects[0]?.fact).toEqual({ kind: 'role', role })
        // One after another, so that nothing is left of them when the last of the others has its turn.
        const options = { reassignOwnedTo: other, concurrency: 1 }
        const { changed, databases: results } = await all.sync(gone, options)
        expect(changed).toBe(true)
        const last = Object.values(results).map((one) =>
          one.state === 'done' ? one.absent?.plan : undefined,
        )
        const drops = last.map((plan) => operationsOf(plan!).filter(({ kind }) => kind === 'dropRole').length)
        expect(drops).toEqual([1, 0, 0])
        expect(last.map((plan) => plan!.residue)).toEqual([[], [], []])
        expect(await box.admin(`select from pg_roles where rolname = '${role}'`)).toEqual([])
        for (const database of databases)
          expect(
            await inside(box, database, `select tableowner::text from pg_tables where tablename = 'of_role'`),
          ).toEqual([[other]])
        expect((await all.sync(gone)).changed).toBe(false)
        for (const database of databases) await inside(box, database, `drop owned by ${other}`)
      }),
    )
  })

  test('a role keeps what it should have from one that should not exist', async () => {
    const box = sandbox()
    const [leaver, joe, group] = [box.name('leaver'), box.name('joe'), box.name('g')]
    await box.run(`create role ${leaver}; create role ${joe}; create role ${group};
      grant ${group} to ${leaver} with admin option`)
    await box.admin(`set role ${leaver}; grant ${group} to ${joe}; reset role`)
    await inDatabases(box, 3, (databases) =>
      using(box, databases, async (all) => {
        for (const database of databases)
          await inside(
            box,
            database,
            `grant usage on schema app to ${leaver};
            grant select on app.t to ${leaver} with grant option;
            set role ${leaver}; grant select on app.t to ${joe}; reset role`,
          )
        const desired = [
          {
            role: joe,
            grants: [Grant.roleMembership(group), Grant.tableSelect('app', 't', { direct: true })],
          },
          { role: leaver, absent: true },
        ] as const
        const keeps = async () => [
          await box.admin(`select pg_has_role('${joe}', '${group}', 'MEMBER')`),
          ...(await Promise.all(databases.map((database) => canRead(box, joe, database)))),
        ]
        const plans = Object.values(await all.plan(desired)).flatMap(({ plan, absent }) => [plan, absent!])
        // It is said once, of the plan that does it.
        expect(
          plans.flatMap(({ effects }) => effects).filter(({ fact }) => fact.kind === 'membership'),
        ).toEqual([])
        expect((await all.sync(desired)).changed).toBe(true)
        expect(await keeps()).toEqual([[[true]], true, true, true])
        expect(await box.admin(`select from pg_roles where rolname = '${leaver}'`)).toEqual([])
        expect((await all.sync(desired)).changed).toBe(false)
        await all.sync({ role: joe, grants: [] })
      }),
    )
  })

  test('what is asserted of a database is checked there, on all that is done to it and to the cluster', async () => {
    const box = sandbox()
    const [joe, leaver, group] = [box.name('joe'), box.name('leaver'), box.name('g')]
    await box.run(`create role ${joe}; create role ${leaver}; create role ${group}`)
    await inDatabases(box, 3, (databases) =>
      using(box, databases, async (all) => {
        const [, second = '', third = ''] = databases
        for (const database of [second, third])
          await inside(
            box,
            database,
            `grant select on app.t to ${leaver}; create table app.of_group (); grant select on app.of_group to ${group}`,
          )
        const only = (roles: readonly string[], table: string, ...about: string[]): Assertion => ({
          only: [...roles, box.actor],
          can: 'SELECT',
          on: Target.table('app', table),
          ...(about.length > 0 && { inDatabases: about }),
        })
        const reads = Grant.tableSelect('app', 't')
        const gone = { role: leaver, absent: true } as const
        const desired = [{ role: joe, grants: [], in: { [second]: [reads] } }, gone] as const

        // The first database makes somebody a member, and by that a reader in the others.
        const member = [{ role: joe, grants: [Grant.roleMembership(group)] }] as const
        for (const act of [all.plan, all.sync]) {
          const broken = act(desired, { assertions: [only([joe], 't', third), only([], 't', second)] })
          const error = await broken.catch((cause: unknown) => cause)
          const failure = error instanceof DatabasesError ? failureIn(error.result, second) : error
          expect(failure).toBeInstanceOf(AssertionsError)
          const ours = await brokenByOurs(box, error)
          expect(ours.map(({ index }) => index)).toEqual([1])
          expect((error as Error).message).toContain(`in database "${second}": assertion 2 is broken: `)
          expect(await canRead(box, joe, third)).toBe(false)
        }
        const grouped = all.plan(member, { assertions: [only([], 'of_group', third)] })
        await expect(grouped).rejects.toThrow(`role "${joe}"`)
        // Who should not exist loses it there at last.
        for (const act of [all.plan, all.sync]) {
          const done = await unlessOthers<unknown>(box, (others) =>
            act(desired, { assertions: [only([joe, ...others], 't', second), only(others, 't', third)] }),
          )
          expect(done).not.toBeInstanceOf(Error)
        }
        expect(await Promise.all([second, third].map((one) => canRead(box, joe, one)))).toEqual([true, false])
        expect(await box.admin(`select from pg_roles where rolname = '${leaver}'`)).toEqual([])
        await expect(all.plan(member, { assertions: [only([], 't', 'nowhere')] })).rejects.toThrow(
          'cannot check assertion 1: there is no connection to database "nowhere"',
        )
        await all.sync({ role: joe, grants: [] })
      }),
    )
  })

  test('do not get in each other’s way, even if all change the same roles at the same time', async () => {
    const box = sandbox()
    const roles = Array.from({ length: 10 }, () => box.name('r'))
    await inDatabases(box, 4, (databases) =>
      using(box, databases, async (all) => {
        await all.sync(askingFor(roles, []))
        for (const grants of [[Grant.schemaUsage('app'), Grant.tableSelect('app', 't')], []]) {
          const retries: unknown[] = []
          await all.sync(askingFor(roles, grants), {
            onEvent: (event) => (event.kind === 'retry' ? retries.push(event.reason) : undefined),
          })
          expect(retries).toEqual([])
          for (const database of databases)
            expect(await canRead(box, roles[0]!, database)).toBe(grants.length > 0)
        }
      }),
    )
  })

  test('a connection to another database or cluster is refused, before anything is done there', async () => {
    const box = sandbox()
    const role = box.name('r')
    await inDatabases(box, 2, async (databases) => {
      const [one = '', two = ''] = databases
      const others = inject('servers').filter(({ name }) => name !== box.server.name)
      const wrong: Places[] = [
        [
          [one, box.connection],
          [two, box.connection, one],
        ],
        ...others.slice(0, 1).map((other): Places => [
          [one, box.connection],
          ['postgres', other],
        ]),
      ]
      for (const places of wrong) {
        const all = doorOf(box)(places)
        try {
          const { databases: results } = await all.sync({ role, grants: [] }, { onFailure: 'report' })
          const [, second] = Object.values(results)
          expect(second?.state === 'failed' && second.error).toBeInstanceOf(InvalidGrantError)
        } finally {
          await all.end()
        }
      }
    })
  })

  test.for<[string, object, object, string]>([
    ['grants for an unknown database', { in: { nowhere: [] } }, {}, 'no connection to database "nowhere"'],
    ['grants that are no list', { in: { here: 1 } }, {}, 'not an array'],
    ['a grant of the cluster for one database', { in: { here: [Grant.login()] } }, {}, 'put it into grants'],
    ['an unknown field', { inn: {} }, {}, 'unknown field "inn"'],
    ['an unknown option', {}, { parallel: 2 }, 'unknown option "parallel"'],
    ['no concurrency', {}, { concurrency: 0 }, 'concurrency must be a whole number from 1'],
  ])('are not even connected to for %s', async ([, desired, options, message]) => {
    const box = sandbox()
    const all = doorOf(box)([['here', { ...box.connection, host: '/nowhere' }]])
    await expect(all.sync({ role: 'r', grants: [], ...desired }, options)).rejects.toThrow(message)
    await all.end()
  })
})
