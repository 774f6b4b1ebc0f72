import {
  type DesiredRole,
  type Fact,
  Grant,
  InvalidGrantError,
  type ObjectName,
  type Plan,
} from '@pgsr/node-postgres'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { pairingInTurn, pairingsOfEachKind } from '../../harness/drivers/pairings.ts'
import { openSandbox, type Sandbox } from '../../harness/sandbox/sandbox.ts'
import { serversAround16 } from '../../harness/servers/servers.ts'
import { type Pick, pickBy } from '../planner/apply-operations.ts'
import {
  futureKey,
  holdersIn,
  inVain,
  mayLine,
  memberLine,
  ownsLine,
  type Powers,
  propertyLine,
  readPowers,
  settingLine,
  times,
} from './powers.ts'
import { anyStatement, withMore } from './random-roles.ts'
import { inNewWorld } from './in-new-world.ts'
import {
  blindly,
  desiredFrom,
  isInside,
  type Names,
  publicGrant,
  type StatementMaker,
  type Thing,
  things,
} from './random-world.ts'
import { keyOf } from './reality.ts'
import { takeAway, thingOf } from './take-away.ts'

const around16 = serversAround16(inject('servers'))
const isAtLength = process.env.PGSR_TEST_RUNS !== undefined
const pairings = isAtLength ? pairingsOfEachKind : pairingInTurn

/** What somebody may have done before, also to how roles log in. */
const anyStatementOrLogin: StatementMaker = (pick, names, version) =>
  pick([true, true, true, true, false])!
    ? anyStatement(pick, names, version)
    : `alter role ${pick(names.roles)!} ${pick(['login', 'login', ''])!} ${pick(["password 'old'", `valid until '${pick(times)!}'`])!}`

/** What a call is asked for. */
interface Request {
  readonly desired: readonly DesiredRole[]
  readonly options: NonNullable<Parameters<Sandbox['plan']>[1]>
}

/** Asks for more than privileges: of roles, of what PUBLIC has, and of what is left alone. */
const requestFrom = (
  wish: readonly (readonly number[])[],
  more: readonly (readonly number[])[],
  names: Names,
  { actor, server }: Sandbox,
): Request => {
  const { version } = server
  const [numbers = [], ...rest] = more
  const pick = pickBy(numbers)
  const options: Request['options'] = {
    ...pick([{}, { keepDependents: true }])!,
    ...pick([{}, { reassignOwnedTo: actor }])!,
  }
  const [schema] = names.schemas as [string]
  const publicGrants = (schemas: readonly string[]) =>
    Array.from({ length: pick([0, 0, 1, 3])! }, () => publicGrant(pick, pick(schemas)!, pick(things)!))
  if (pick([true, false, false, false])!) {
    const all = desiredFrom(wish, pickBy, { ...names, schemas: [schema] }, version)
    return {
      desired: all.map(({ role, grants }) => ({
        role,
        grants: grants.filter((one) => isInside(one, schema)),
      })),
      options: { ...options, manages: { schemas: [schema] }, public: publicGrants([schema]) },
    }
  }
  const asked = desiredFrom(wish, pickBy, names, version).map(({ role, grants }): DesiredRole => ({
    role,
    grants: grants.map((grant) => (isLogin(grant) ? loginFrom(pick) : grant)),
    ...pick([{}, {}, { preserveExistingGrantsInSchemas: [pick(names.schemas)!] }])!,
  }))
  return {
    desired: withMore(asked, rest, pickBy, names, version),
    options: { ...options, public: publicGrants(names.schemas) },
  }
}

const numbers = fc.noShrink(fc.array(fc.nat(), { minLength: 14, maxLength: 14 }))
const before = fc.array(numbers, { minLength: 5, maxLength: 50, size: 'max' })
const wishes = fc.array(numbers, { maxLength: 14, size: 'max' })
const more = fc.noShrink(
  fc.array(fc.array(fc.nat(), { minLength: 50, maxLength: 50 }), { minLength: 4, maxLength: 4 }),
)

const isLogin = (grant: Grant): boolean => grant.kind === 'attribute' && grant.attribute === 'LOGIN'

const loginFrom = (pick: Pick): Grant =>
  Grant.login({
    ...pick([{}, { password: 'new' }, { password: 'old' }])!,
    ...pick([{}, { validUntil: new Date(times[0]) }])!,
  })

const tableOf = ({ name: [schema = '', table = ''] }: ObjectName): Thing =>
  thingOf({ kind: 'table', name: [schema, table] })

/** Who is to own what a role of the world loses, if it is one of them. */
const newOwnerOf = (
  effects: Plan['effects'],
  { kind, name }: ObjectName,
  { roles }: Names,
): string | undefined => {
  const found = effects.find(
    ({ fact }) =>
      fact.kind === 'ownership' && fact.object.kind === kind && fact.object.name.join() === name.join(),
  )?.newOwner
  return found !== undefined && roles.includes(found) ? found : undefined
}

/** What each role can do by itself only as long as it has what a fact says. */
const linesOf = (fact: Fact, { schemas }: Names, had: ReadonlySet<string>): readonly string[] => {
  const startingWith = (start: string): readonly string[] => [...had].filter((line) => line.startsWith(start))
  const options = 'grantable' in fact && fact.grantable ? [false, true] : [false]
  switch (fact.kind) {
    case 'privilege': {
      const key = keyOf(fact.object.name[0]!, thingOf(fact.object))
      return options.map((option) => mayLine(fact.grantee, fact.privilege, key, option))
    }
    case 'default privilege':
      return schemas
        .filter((schema) => fact.schema === null || fact.schema === schema)
        .map((schema) => futureKey(fact.on, fact.owner, schema))
        .flatMap((key) => options.map((option) => mayLine(fact.grantee, fact.privilege, key, option)))
    case 'ownership':
      return [ownsLine(fact.owner, keyOf(fact.object.name[0]!, thingOf(fact.object)))]
    case 'membership':
      return (['admin', 'inherit', 'set'] as const)
        .flatMap((option) => (fact[option] ? [option.toUpperCase()] : []))
        .concat('MEMBERSHIP')
        .map((option) => memberLine(fact.member, option, fact.role))
    case 'attribute':
      return startingWith(propertyLine(fact.role, fact.attribute.replace(/^(VALID UNTIL) .*/, '$1'), ''))
    case 'property':
      return startingWith(
        fact.setting === undefined
          ? propertyLine(fact.role, fact.property, '')
          : settingLine(fact.role, fact.setting, fact.database),
      )
    default:
      return []
  }
}

const without = (some: ReadonlySet<string>, others: ReadonlySet<string>): readonly string[] =>
  [...some].filter((line) => !others.has(line)).sort()

/** Whether its role has nothing less without what a fact says, though the fact is no more. */
const isMasked = (fact: Fact, had: Powers, has: Powers): boolean => {
  switch (fact.kind) {
    // What a role may do with a table, it may do with each column.
    case 'privilege':
      return (
        fact.object.kind === 'column' &&
        has.own.has(mayLine(fact.grantee, fact.privilege, keyOf(fact.object.name[0]!, tableOf(fact.object))))
      )
    // An owner may do everything with what it makes.
    case 'default privilege':
      return fact.grantee === fact.owner
    // A role that may log in keeps its password, whether or not there is one to lose.
    case 'attribute':
      return (
        fact.attribute === 'PASSWORD' &&
        ![...had.own].some((line) => line.startsWith(propertyLine(fact.role, 'PASSWORD', '')))
      )
    default:
      return false
  }
}

/** Whether it is a password that lets nobody in. To get LOGIN without one costs a role such a password in any mode. */
const isUseless = (line: string, { own }: Powers): boolean => {
  const [role = ''] = line.split(' ', 1)
  return line.startsWith(propertyLine(role, 'PASSWORD', '')) && !own.has(propertyLine(role, 'LOGIN', true))
}

describe.for(around16)('what is kept on $name', (server) => {
  describe.for(pairings('kept', around16)(server))('$name', ({ driver, kind }) => {
    let box: Sandbox
    beforeAll(async () => {
      box = await openSandbox(server, driver, kind)
    })
    afterAll(() => box?.end())

    const compare = async (names: Names, request: Request, isFirst: boolean): Promise<number> => {
      const { desired, options } = request
      const all = { ...options, onResidue: 'report' } as const
      const planned = () => box.plan(desired, { ...options, mode: 'additive' })
      const exact = await box.plan(desired, options).catch((error: unknown) => {
        if (error instanceof InvalidGrantError) return error
        throw error
      })
      if (exact instanceof InvalidGrantError) {
        // A role is to own what another one is to keep.
        await expect(planned()).rejects.toThrow(exact.message)
        return 0
      }
      let plan = await planned()
      if (isFirst) {
        await box.sync(desired, { ...all, mode: 'additive' })
        plan = await planned()
      }
      const kept = plan.kept.map(({ fact }) => fact)
      const holders = await holdersIn(box, names)
      const had = await inVain(box, () => readPowers(box, names, holders))
      const wouldHave = await inVain(box, async () => {
        await takeAway(box, kept, (object) => newOwnerOf(exact.effects, object, names))
        return readPowers(box, names, holders)
      })
      await box.pool.syncRoles(desired, all)
      const has = await inVain(box, () => readPowers(box, names, holders))

      for (const way of ['all', 'own'] as const) {
        const told = new Set(without(had[way], wouldHave[way]))
        expect(
          without(had[way], has[way]).filter((line) => !told.has(line) && !isUseless(line, had)),
          `lost and not kept: ${way}`,
        ).toEqual([])
      }
      expect(
        kept.filter((fact) => {
          const lines = linesOf(fact, names, had.own)
          return !lines.some((line) => had.own.has(line) && !has.own.has(line)) && !isMasked(fact, had, has)
        }),
        'kept and not lost',
      ).toEqual([])
      return kept.length
    }

    test('is what the mode exact takes away', async () => {
      const { version } = server
      let count = 0
      await fc.assert(
        fc.asyncProperty(before, wishes, wishes, more, fc.boolean(), (choices, first, wish, rest, isFirst) =>
          inNewWorld(box, async (names) => {
            const made = desiredFrom(first, pickBy, names, version)
            const world = blindly(choices, pickBy, names, version, anyStatementOrLogin)
            const request = requestFrom(wish, rest, names, box)
            try {
              // Some of what there is was made by pgsr, with intermediate roles.
              await box.pool.syncRoles(made, { onResidue: 'report' })
              await box.admin(world)
              count += await compare(names, request, isFirst)
            } catch (cause) {
              throw new Error(`${JSON.stringify(made)}\n${world}\n${JSON.stringify(request)}\n${isFirst}`, {
                cause,
              })
            }
          }),
        ),
        {
          numRuns: Number(process.env.PGSR_TEST_RUNS ?? 2),
          ...(!isAtLength && { interruptAfterTimeLimit: 30_000 }),
          endOnFailure: true,
        },
      )
      expect(count).toBeGreaterThan(0)
    }, 3_600_000)
  })
})
