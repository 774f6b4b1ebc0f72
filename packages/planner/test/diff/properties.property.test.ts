import {
  type DesiredRole,
  type KnownSetting,
  operationsOf,
  outcomeOf,
  plan,
  type RoleProperty,
  type Snapshot,
} from '@pgsr/planner'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anySnapshot } from '../arbitrary/snapshot.ts'
import { runs } from '../support/runs.ts'

const names = ['work_mem', 'search_path', 'log_min_messages', 'app.tenant'] as const
const databases = ['warehouse', 'elsewhere'] as const

const anySetting = fc.tuple(
  fc.constantFrom(...names),
  fc.option(fc.constantFrom(...databases), { nil: undefined }),
  fc.constantFrom('1', 'a', 'b'),
)

/** What a role has or should have, as the catalogs would say it. */
const anyProperties = fc.record({
  limit: fc.option(fc.integer({ min: -1, max: 3 }), { nil: undefined }),
  comment: fc.option(fc.constantFrom('', 'x', 'y'), { nil: undefined }),
  settings: fc.option(fc.array(anySetting, { maxLength: 4 }), { nil: undefined }),
})

type Drawn = typeof anyProperties extends fc.Arbitrary<infer T> ? T : never

const key = ({ property, setting, database }: RoleProperty): string => [property, setting, database].join(' ')

/** The properties of a role by their names. */
const propertiesOf = (
  role: string,
  { limit, comment, settings = [] }: Partial<Drawn>,
): Map<string, RoleProperty> => {
  const all: RoleProperty[] = [
    ...(limit === undefined || limit === -1
      ? []
      : [{ role, property: 'connection limit' as const, value: String(limit) }]),
    ...(comment ? [{ role, property: 'comment' as const, value: comment }] : []),
    ...settings.map(([setting, database, value]): RoleProperty => ({
      role,
      property: 'setting',
      setting,
      ...(database !== undefined && { database }),
      value: setting === 'search_path' ? `"${value}"` : value,
    })),
  ]
  return new Map(all.map((one) => [key(one), one]))
}

const desiredOf = (role: string, { limit, comment, settings }: Drawn): DesiredRole => {
  const within = (database: string | undefined): Record<string, string> =>
    Object.fromEntries(
      (settings ?? []).flatMap(([setting, where, value]) => (where === database ? [[setting, value]] : [])),
    )
  return {
    role,
    grants: [],
    ...(limit !== undefined && { connectionLimit: limit }),
    ...(comment !== undefined && { comment }),
    ...(settings && {
      settings: within(undefined),
      settingsIn: Object.fromEntries(databases.map((database) => [database, within(database)])),
    }),
  }
}

const known: readonly KnownSetting[] = [
  { setting: 'work_mem', context: 'user', mayBeSet: true },
  { setting: 'search_path', context: 'user', mayBeSet: true },
  { setting: 'log_min_messages', context: 'superuser', mayBeSet: true },
  { setting: 'app.tenant', context: null, mayBeSet: true },
]

/** A superuser syncs one role of several, all of which have something. */
const anyCase = fc
  .record({
    snapshot: anySnapshot,
    had: anyProperties,
    others: anyProperties,
    asked: anyProperties,
    which: fc.nat(),
  })
  .map(({ snapshot, had, others, asked, which }) => {
    const roles = snapshot.roles.filter(({ name, superuser }) => !superuser && !/^(pg_|_pgsr_)/.test(name))
    const role = roles[which % Math.max(1, roles.length)]?.name ?? 'new'
    const elsewhere = snapshot.objects.find(({ kind }) => kind === 'database')!
    const before: Snapshot = {
      ...snapshot,
      server: { ...snapshot.server, actingRole: 'postgres', sessionRole: 'postgres' },
      objects: [
        ...snapshot.objects.filter(({ kind, name }) => kind !== 'database' || name[0] !== 'elsewhere'),
        { ...elsewhere, name: ['elsewhere'], oid: '70000' },
      ],
      properties: snapshot.roles.flatMap(({ name }) => [
        ...propertiesOf(name, name === role ? had : others).values(),
      ]),
      settings: known,
    }
    return { before, role, had, asked }
  })

const sorted = (all: Iterable<RoleProperty>): readonly string[] =>
  Array.from(all, (one) => JSON.stringify(one)).sort()

test('a role has exactly the properties that are asked for, and those that are not spoken of', () => {
  fc.assert(
    fc.property(anyCase, ({ before, role, had, asked }) => {
      const desired = desiredOf(role, asked)
      const made = plan(before, desired)
      const outcome = outcomeOf(before, made)
      const exists = before.roles.some(({ name }) => name === role)
      const kept: Partial<Drawn> = exists ? had : {}
      const expected = propertiesOf(role, {
        limit: asked.limit ?? kept.limit,
        comment: asked.comment ?? kept.comment,
        settings: asked.settings ?? kept.settings,
      })
      const ofRole = (all: Snapshot['properties'] = []) => all.filter((one) => one.role === role)
      const ofOthers = (all: Snapshot['properties'] = []) => all.filter((one) => one.role !== role)
      expect(sorted(ofRole(outcome.properties))).toEqual(sorted(expected.values()))
      expect(sorted(ofOthers(outcome.properties))).toEqual(sorted(ofOthers(before.properties)))
      const again = operationsOf(plan(outcome, desired)).filter(({ kind }) => kind === 'setProperty')
      expect(again).toEqual([])
    }),
    { numRuns: runs(100) },
  )
})
