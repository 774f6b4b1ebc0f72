import { setTimeout } from 'node:timers/promises'
import { type AbsentRole, type DatabaseResult, type DatabasesRole, Grant } from '@pgsr/node-postgres'
import { expect, inject, test } from 'vitest'
import { conformanceAtEndsInTurn } from '../../../harness/drivers/conformance.ts'
import { inDatabases, inside, using } from '../../../harness/drivers/several-databases.ts'
import { type Fault, type FaultProxy, startFaultProxy } from '../../../harness/faults/fault-proxy.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** How many databases and roles there are. */
const [databaseCount = 3, roleCount = 2] = (process.env.PGSR_TEST_DATABASES ?? '')
  .split(' ')
  .flatMap(Number)
  .filter((count) => count > 0)

/** One of how many shares of the messages: all of them are a long run. */
const everything = process.env.PGSR_TEST_FAULTS === 'all'
const [share = 0, shares = 1] = everything
  ? []
  : (process.env.PGSR_TEST_FAULTS ?? '15/31').split('/').map(Number)

/** Roles that come and go, all at once. */
interface Crowd {
  readonly roles: readonly string[]
  readonly group: string
  readonly come: readonly DatabasesRole[]
  readonly go: readonly AbsentRole[]
}

const crowdOf = (box: Sandbox): Crowd => {
  const group = box.name('g')
  const roles = Array.from({ length: roleCount }, () => box.name('r'))
  return {
    roles,
    group,
    come: roles.map((role) => ({
      role,
      grants: [
        Grant.login(),
        Grant.roleMembership(group),
        Grant.schemaUsage('app'),
        Grant.tableSelect('app', 't', { direct: true }),
      ],
      connectionLimit: 3,
    })),
    go: roles.map((role) => ({ role, absent: true })),
  }
}

/** Waits until the server has done what it was sent: it does not notice at once that a connection is lost. */
const settled = async (box: Sandbox, databases: readonly string[]): Promise<void> => {
  const busy = `select from pg_stat_activity where pid <> pg_backend_pid() and state <> 'idle'
    and datname in (${databases.map((database) => `'${database}'`).join()})`
  while ((await box.admin(busy)).length > 0) await setTimeout(20)
}

/** What a superuser sees: how many of the roles are what they should be in the cluster, and in each database. */
const seen = async (
  box: Sandbox,
  { roles, group }: Crowd,
  databases: readonly string[],
): Promise<{ readonly there: number; readonly members: number; readonly readers: readonly number[] }> => {
  const listed = `rolname in (${roles.map((role) => `'${role}'`).join()})`
  const [[there, members] = []] = await box.admin(`
    select count(*)::int, (count(*) filter (where rolcanlogin and rolconnlimit = 3 and exists (
      select from pg_auth_members where member = r.oid and roleid = '${group}'::regrole)))::int
    from pg_roles as r where ${listed}`)
  const readers: number[] = []
  for (const database of databases) {
    const [[count] = []] = await inside(
      box,
      database,
      `select count(*)::int from pg_roles where ${listed}
       and has_table_privilege(oid, 'app.t', 'SELECT') and has_schema_privilege(oid, 'app', 'USAGE')`,
    )
    readers.push(count as number)
  }
  return { there: there as number, members: members as number, readers }
}

/**
 * How many of the roles should have what they are to have, by what a result says; `undefined` if it does not know. In the first
 * database roles that should not exist lose what they have before others are begun.
 */
const expectedBy = (result: DatabaseResult, way: Way, isFirst: boolean): number | undefined => {
  const hasBegun = result.state === 'failed' && result.done !== undefined
  if (isFirst && hasBegun) return 0
  if (result.state === 'failed' && 'outcome' in result.error && result.error.outcome === 'unknown')
    return undefined
  const isDone = result.state === 'done' && (way === 'come' || isFirst || result.absent !== undefined)
  return isDone === (way === 'come') ? roleCount : 0
}

/** How many of the roles a result says to be left, since they have something in another database. */
const leftBy = (result: DatabaseResult): number => {
  const last =
    result.state === 'done' ? (result.absent ?? result) : result.state === 'failed' ? result.done : undefined
  const residue = last?.plan.residue.filter(({ reason }) => reason === 'in another database') ?? []
  return new Set(residue.map(({ role }) => role)).size
}

type Way = 'come' | 'go'

/** Which database’s connection is lost, and at which of its messages. */
interface Loss {
  readonly way: Way
  readonly place: number
  readonly number: number
  readonly happens: Fault
}

const faults: readonly Fault[] = ['cut before', 'cut after']

const textsOf = (proxy: FaultProxy): string =>
  proxy
    .passed()
    .map(({ sender, bytes }) => (sender === 'frontend' ? bytes.toString('utf8') : ''))
    .join('\n')

const countOf = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length

conformanceAtEndsInTurn('several databases', (sandbox) => {
  test('what the result says is so, whenever the connection to one of them is lost', async ({ annotate }) => {
    const box = sandbox()
    const crowd = crowdOf(box)
    const turn = inject('servers').findIndex(({ name }) => name === box.server.name)
    await box.run(`create role ${crowd.group}`)
    await inDatabases(box, databaseCount, async (databases) => {
      const proxies = new Map<string, FaultProxy>()
      for (const database of databases) proxies.set(database, await startFaultProxy(box.connection))
      const proxyAt = (place: number): FaultProxy => proxies.get(databases.at(place)!)!
      const all = { there: roleCount, members: roleCount, readers: databases.map(() => roleCount) }
      const none = { there: 0, members: 0, readers: databases.map(() => 0) }

      /** Loses a connection, compares what is said with what is, and does the rest. Returns whether something failed. */
      const lose = async ({ way, place, number, happens }: Loss): Promise<boolean> => {
        let isLost = false
        let hasFailed = false
        await using(
          box,
          databases,
          async ({ sync }) => {
            proxyAt(place).expect({
              at: (message) => message.sender === 'frontend' && message.number === number,
              happens,
            })
            const { databases: results } = await sync(crowd[way], {
              onFailure: 'report',
              attempts: 1,
              timeout: 0,
            })
            isLost = proxyAt(place).hasHappened()
            proxyAt(place).expect()
            await settled(box, databases)
            const now = await seen(box, crowd, databases)
            for (const [index, database] of databases.entries()) {
              const result = results[database]!
              if (isLost && index === place % databases.length) expect(result.state).not.toBe('not begun')
              const expected = expectedBy(result, way, index === 0)
              const [readers, inCluster] = [now.readers[index], [now.there, now.members]]
              const wanted = expected ?? (readers === 0 ? 0 : roleCount)
              // Roles that are to be dropped lose their readers first: only the first database drops them.
              expect([database, result.state, readers]).toEqual([database, result.state, wanted])
              if (index > 0) continue
              const isUnknown =
                result.state === 'failed' && 'outcome' in result.error && result.error.outcome === 'unknown'
              const left = isUnknown ? now.there : Math.max(wanted, leftBy(result))
              expect([database, result.state, inCluster]).toEqual([database, result.state, [left, wanted]])
            }
            // A driver that has not asked for anything yet may connect again.
            hasFailed = Object.values(results).some(({ state }) => state === 'failed')
            if (!isLost) expect(hasFailed).toBe(false)
            await sync(crowd[way], { timeout: 0 })
            expect(await seen(box, crowd, databases)).toEqual(way === 'come' ? all : none)
            expect((await sync(crowd[way], { timeout: 0 })).changed).toBe(false)
          },
          (database) => proxies.get(database)!.connection,
        )
        return hasFailed
      }

      try {
        const messages = { come: [0, 0], go: [0, 0] }
        await using(
          box,
          databases,
          async ({ sync }) => {
            for (const way of ['come', 'go'] as const) {
              for (const proxy of proxies.values()) proxy.expect()
              await sync(crowd[way], { timeout: 0 })
              const [first = '', second = '', ...others] = [...proxies.values()].map(textsOf)
              const roleNames = `"(?:${[crowd.group, ...crowd.roles].join('|')})"`
              const ofCluster = [
                `CREATE ROLE ${roleNames}`,
                // Not what only locks a role.
                `ALTER ROLE ${roleNames} (?!RESET ssl_renegotiation_limit)`,
                `DROP ROLE ${roleNames}`,
                `(?:GRANT|REVOKE) "${crowd.group}"`,
              ].map((pattern) => new RegExp(pattern, 'g'))
              const countsIn = (text: string) => ofCluster.map((pattern) => countOf(text, pattern))
              const some = expect.any(Number) as number
              if (way === 'come') {
                expect(countsIn(first)).toEqual([roleCount, some, 0, some])
                expect(countsIn(second)).toEqual([0, 0, 0, 0])
              } else {
                expect(countsIn(first)).toEqual([0, some, some, some])
                expect(countsIn(first)[2]).toBeGreaterThan(0)
                expect(countsIn(second)).toEqual([0, 0, 0, 0])
              }
              for (const text of others) expect(countsIn(text)).toEqual([0, 0, 0, 0])
              messages[way] = [0, 1].map(
                (place) =>
                  proxyAt(place)
                    .passed()
                    .filter(({ sender }) => sender === 'frontend').length,
              )
            }
          },
          (database) => proxies.get(database)!.connection,
        )
        const losses = (way: Way): readonly Loss[] => {
          const every = messages[way].flatMap((count, place) =>
            Array.from({ length: count }, (_, number) =>
              faults.map((happens): Loss => ({ way, place, number, happens })),
            ).flat(),
          )
          // No share is empty.
          const parts = Math.min(shares, every.length)
          return every.filter((_, index) => index % parts === (share + turn) % parts)
        }
        const [coming, going] = [losses('come'), losses('go')]
        const pairs = Array.from({ length: Math.max(coming.length, going.length) }, (_, index) => index)
        let failures = 0
        for (const index of pairs)
          for (const some of [coming, going]) if (await lose(some[index % some.length]!)) failures++
        await annotate(`${failures} failures, of ${JSON.stringify(messages)} messages`)
        expect(failures).toBeGreaterThan(0)
      } finally {
        for (const proxy of proxies.values()) await proxy.end()
      }
    })
  }, 7_200_000)
})
