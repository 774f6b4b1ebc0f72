import {
  type AccessPath,
  type AccessQuestion,
  explain,
  explainAccess,
  type Explanation,
  introspectAccess,
  type Snapshot,
  whoCanAccess,
} from '@pgsr/node-postgres'
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type OpenStage, openStage } from '../../explained/open-stage.ts'
import { surgeryOf } from '../../explained/surgery.ts'
import { hasIt, privilegesOn, randomWorld, type Stage, type Subject } from '../../explained/world.ts'
import { pairingInTurn } from '../../harness/drivers/pairings.ts'
import type { Sandbox } from '../../harness/sandbox/sandbox.ts'
import { serversAround16 } from '../../harness/servers/servers.ts'
import { pickBy } from '../planner/apply-operations.ts'

const isAtLength = process.env.PGSR_TEST_RUNS !== undefined
const servers = isAtLength ? inject('servers') : serversAround16(inject('servers'))
const runs = Number(process.env.PGSR_TEST_RUNS ?? 1)

const numbers = fc.noShrink(fc.array(fc.nat(), { minLength: 14, maxLength: 14 }))
const choices = fc.array(numbers, { minLength: 20, maxLength: 120, size: 'max' })
const sample = fc.noShrink(fc.array(fc.nat(), { minLength: 60, maxLength: 60 }))

interface Asked {
  readonly subject: Subject
  readonly question: AccessQuestion
}

const questionsOf = ({ subjects, roles, box }: Stage): readonly Asked[] =>
  subjects.flatMap((subject) =>
    privilegesOn(subject, box.server.version).flatMap((privilege) =>
      [...roles, 'public', 'pg_monitor'].flatMap((role) =>
        role === 'public' && subject.kind === 'parameter'
          ? []
          : [
              {
                subject,
                question: {
                  role,
                  privilege,
                  object: { kind: subject.kind, name: subject.name } as AccessQuestion['object'],
                },
              },
            ],
      ),
    ),
  )

const oidOf = (role: string): string => (role === 'public' ? '0::oid' : `'${role}'::regrole::oid`)

const isHeld = ({ verdict }: Explanation): boolean => verdict === 'granted' || verdict === 'conditional'

const identity = ({ memberships, source, setsRole }: AccessPath): string =>
  JSON.stringify([memberships, source, setsRole ?? null])

describe.for(servers)('access on $name', (server) => {
  describe.for(pairingInTurn('explained', servers)(server))('read $name', ({ driver, kind }) => {
    let opened: OpenStage | undefined
    let box: Sandbox
    let stage: Stage
    let client: pg.Client
    beforeAll(async () => {
      opened = await openStage(server, driver, kind)
      ;({ box, stage, client } = opened)
    })
    afterAll(() => opened?.close())

    const run = (text: string): Promise<unknown> => client.query(text)
    const has = async (all: readonly Asked[]): Promise<readonly boolean[]> => {
      const list = all.map(({ subject, question: { role, privilege } }) =>
        hasIt(subject, oidOf(role), privilege, server.version),
      )
      const { rows } = await client.query<{ held: boolean[] }>(
        `select array[${list.join(', ')}]::bool[] as held`,
      )
      return rows[0]!.held
    }
    const read = (): Promise<Snapshot> => introspectAccess(client, { actAs: box.actor })
    const objects = (): Promise<Snapshot> =>
      introspectAccess(client, {
        actAs: box.actor,
        objects: stage.subjects.map(({ kind: its, name }) => ({ kind: its, name })),
      })

    /** Runs statements that are undone afterwards. */
    const undone = async (work: () => Promise<void>): Promise<void> => {
      await run('savepoint here')
      try {
        await work()
      } finally {
        await run('rollback to savepoint here')
      }
    }

    const tryPath = async (asked: Asked, path: AccessPath): Promise<void> => {
      const { question, subject } = asked
      const { alone, without } = surgeryOf(subject, path, stage.roles, server.version)
      const as = { ...asked, question: { ...question, role: path.setsRole ?? question.role } }
      const opens = async (): Promise<boolean> => {
        const [held] = await has([as])
        if (path.setsRole === undefined || !held) return held!
        const how = server.version >= 160000 ? 'SET' : 'MEMBER'
        const { rows } = await client.query<{ may: boolean }>(
          `select pg_has_role('${question.role}', '${path.setsRole}', '${how}') as may`,
        )
        return rows[0]!.may
      }
      await undone(async () => {
        await run(alone.join(';'))
        expect(await opens(), `suffices alone: ${identity(path)}`).toBe(true)
        if (path.setsRole !== undefined) expect((await has([asked]))[0], 'not before SET ROLE').toBe(false)
        for (const one of without)
          await undoneWithin(async () => {
            await run(one)
            expect(await opens(), `is needed: ${one} of ${identity(path)}`).toBe(false)
          })
      })
    }
    const undoneWithin = async (work: () => Promise<void>): Promise<void> => {
      await run('savepoint within')
      try {
        await work()
      } finally {
        await run('rollback to savepoint within')
      }
    }

    const counts = {
      questions: 0,
      held: 0,
      paths: 0,
      endings: 0,
      impossible: 0,
      gifts: 0,
      conditional: 0,
      ended: 0,
      endless: 0,
    }

    const tryEndings = async (asked: Asked, path: AccessPath): Promise<void> => {
      for (const { statements, note } of path.endings) {
        if (statements.length === 0) {
          counts.impossible++
          expect(note).toBeTypeOf('string')
          continue
        }
        await undone(async () => {
          for (const { sql, as } of statements)
            await run(as === null ? sql : `set local role ${as}; ${sql}; set local role none`)
          const after = await explain(client, asked.question, { actAs: box.actor })
          expect(isHeld(after)).toBe((await has([asked]))[0])
          expect(
            [...after.paths, ...after.afterSetRole].map(identity),
            `ended by ${JSON.stringify(statements)}`,
          ).not.toContain(identity(path))
          counts.endings++
        })
      }
    }

    /** Ends one path after another. No path is missing if nothing is held once all that are listed have ended. */
    const endAll = async (asked: Asked): Promise<void> =>
      undone(async () => {
        for (let turns = 0; turns < 30; turns++) {
          const now = await explain(client, asked.question, { actAs: box.actor })
          expect(isHeld(now)).toBe((await has([asked]))[0])
          const ending = now.paths
            .flatMap(({ endings }) => endings)
            .find(({ statements }) => statements.length > 0)
          if (ending === undefined) {
            counts[now.paths.length === 0 ? 'ended' : 'endless']++
            return
          }
          for (const { sql, as } of ending.statements)
            await run(as === null ? sql : `set local role ${as}; ${sql}; set local role none`)
        }
        throw new Error('there is always one more path')
      })

    /** What is said of all roles at once is what is said of each of them. */
    const compareWithAll = (snapshot: Snapshot, { privilege, object }: AccessQuestion): void => {
      const { roles } = whoCanAccess(snapshot, { privilege, object })
      const each = stage.roles.flatMap((role) => {
        const { verdict, paths, afterSetRole, morePaths, conditions, login } = explainAccess(
          snapshot,
          { role, privilege, object },
          { paths: 10 },
        )
        const own = paths.filter(({ source }) => source.kind !== 'PUBLIC' && source.kind !== 'setting')
        const more = morePaths && { morePaths }
        return own.length + afterSetRole.length === 0
          ? []
          : [{ role, login, verdict, paths: own, afterSetRole, ...more, conditions }]
      })
      expect(
        roles.filter(({ role }) => stage.roles.includes(role)).sort((a, b) => (a.role < b.role ? -1 : 1)),
      ).toEqual(each)
    }

    const tryEverything = async (drawn: readonly number[]): Promise<void> => {
      const all = questionsOf(stage)
      const wide = await read()
      const named = await objects()
      const answers = all.map(({ question }) => explainAccess(named, question))
      const held = await has(all)
      const wrong = answers.flatMap((answer, index) =>
        isHeld(answer) === held[index]
          ? []
          : [{ ...all[index]!.question, verdict: answer.verdict, held: held[index] }],
      )
      expect(wrong).toEqual([])
      counts.questions += all.length
      counts.held += held.filter(Boolean).length
      counts.conditional += answers.filter(({ verdict }) => verdict === 'conditional').length
      for (const [index, answer] of answers.entries()) {
        const whole = explainAccess(wide, all[index]!.question)
        if (whole.verdict !== 'unknown') expect(whole).toEqual(answer)
        expect(answer.paths.length > 0, 'a path is there if the privilege is').toBe(isHeld(answer))
      }
      for (const number of drawn.slice(0, 4)) compareWithAll(named, all[number % all.length]!.question)
      const interesting = answers.flatMap(({ paths, afterSetRole }, index) =>
        [...paths, ...afterSetRole].map((path) => ({ asked: all[index]!, path })),
      )
      const picked = drawn
        .slice(0, isAtLength ? 12 : 6)
        .flatMap((number) => interesting[number % Math.max(interesting.length, 1)] ?? [])
      for (const { asked } of picked.slice(0, 3)) await endAll(asked)
      for (const { asked, path } of picked) {
        await tryPath(asked, path)
        await tryEndings(asked, path)
        counts.paths++
      }
      const refused = answers.flatMap((answer, index) =>
        isHeld(answer) ? [] : [{ answer, asked: all[index]! }],
      )
      for (const number of drawn.slice(0, isAtLength ? 8 : 4)) {
        const one = refused[number % Math.max(refused.length, 1)]
        if (one === undefined) continue
        const { asked, answer } = one
        expect(await explain(client, asked.question, { actAs: box.actor })).toEqual(answer)
        if (answer.give === undefined) {
          expect(answer.why).toBeTypeOf('string')
          continue
        }
        const { give } = answer
        await undone(async () => {
          await run(give.sql)
          expect((await has([asked]))[0], give.sql).toBe(true)
          counts.gifts++
        })
      }
    }

    test('is granted exactly where PostgreSQL says so, by paths of which each suffices and is needed', async () => {
      await fc.assert(
        fc.asyncProperty(choices, sample, async (made, drawn) => {
          await run('begin')
          try {
            await run(randomWorld(made, pickBy, stage))
            await tryEverything(drawn)
          } catch (cause) {
            throw new Error(randomWorld(made, pickBy, stage), { cause })
          } finally {
            await run('rollback')
          }
        }),
        { numRuns: runs, endOnFailure: true, seed: Number(process.env.PGSR_TEST_SEED ?? 1) + server.version },
      )
      expect(counts.held).toBeGreaterThan(0)
      expect(counts.gifts).toBeGreaterThan(0)
      expect(counts.ended).toBeGreaterThan(0)
      if (isAtLength) process.stdout.write(`${server.name}: ${JSON.stringify(counts)}\n`)
    }, 36_000_000)
  })
})
