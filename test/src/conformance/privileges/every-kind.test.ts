import { type Fact, Grant, objectKinds } from '@pgsr/planner'
import { expect, test } from 'vitest'
import { conformanceInTurnBetween } from '../../../harness/drivers/conformance.ts'
import { describeFact } from '../../../harness/holdings/effects.ts'
import {
  dropShared,
  everyKind,
  hasPrivilege,
  isOwnable,
  makeEveryKind,
  makePlace,
  ownerOf,
  type Place,
  privilegesOn,
  type Specimen,
} from '../../../harness/holdings/every-kind.ts'
import { holdEverything } from '../../../harness/holdings/everything-held.ts'
import type { Sandbox } from '../../../harness/sandbox/sandbox.ts'

/** A privilege is held through an intermediate role, directly, or so that it can be passed on. */
const ways = [{ direct: false }, { direct: true }, { direct: true, grantable: true }] as const

/** The answer to each of some questions, which are SQL expressions. */
const answers = async ({ admin }: Sandbox, questions: ReadonlyMap<string, string>): Promise<unknown> => {
  const [row = []] = await admin(`select ${[...questions.values()].join(', ')}`)
  return Object.fromEntries([...questions.keys()].map((question, index) => [question, row[index]]))
}

/** The same of what should be answered, given for each question by its place. */
const expected = <T>(questions: ReadonlyMap<string, T>, answer: (index: number) => unknown) =>
  Object.fromEntries([...questions.keys()].map((question, index) => [question, answer(index)]))

/** What a role has, without its name. */
const holdingsOf = async (box: Sandbox, role: string): Promise<readonly string[]> =>
  [...(await box.holdings([role]))]
    .filter((line) => line.startsWith(`${role}: `))
    .map((line) => line.slice(role.length + 2))
    .sort()

/** Beside the objects: what a database’s owner cannot take away from a role. */
const beyondAnOwner = ({ server: { user, version } }: Sandbox, role: string, { schema }: Place): Fact[] => [
  ...['BYPASSRLS', ...(version >= 160000 ? ['REPLICATION', 'CREATEDB'] : [])].map((attribute): Fact => ({
    kind: 'attribute',
    role,
    attribute,
  })),
  {
    kind: 'default privilege',
    owner: user,
    schema,
    on: 'tables',
    privilege: 'SELECT',
    grantee: role,
    grantable: false,
  },
  ...(version >= 160000
    ? [
        {
          kind: 'membership' as const,
          role: 'pg_monitor',
          member: role,
          grantor: user,
          admin: false,
          inherit: true,
          set: true,
        },
      ]
    : []),
]

test('every kind of object is classified', () => {
  expect(Object.keys(everyKind).sort()).toEqual(Object.keys(objectKinds).sort())
  for (const [kind, { owner, privileges }] of Object.entries(everyKind)) {
    const row = objectKinds[kind as keyof typeof everyKind]
    expect(row.ownerKeyword !== undefined, kind).toBe(owner !== undefined)
    expect([...(privileges?.(180000) ?? [])].sort(), kind).toEqual([...row.privileges].sort())
  }
})

conformanceInTurnBetween('every kind', (sandbox) => {
  test('every privilege that the server has on a kind of object is classified', async () => {
    const box = sandbox()
    const { version } = box.server
    const role = box.name('r')
    await box.run(`create role ${role}; create table public.${role} (id int)`)
    await box.run(`grant all (id) on public.${role} to ${role}`)
    for (const [kind, { letter, privileges, sorts }] of Object.entries(everyKind)) {
      if (letter === undefined || Object.values(sorts).every(({ since = 0 }) => version < since)) continue
      // Nobody has anything on a column by default.
      const acl =
        kind === 'column'
          ? `(select attacl from pg_attribute where attrelid = 'public.${role}'::regclass and attname = 'id')`
          : `acldefault('${letter}', 10)`
      const rows = await box.admin(
        `select distinct privilege_type from aclexplode(${acl}) where grantee <> 0 order by 1`,
      )
      expect(rows.flat(), kind).toEqual([...(privileges?.(version) ?? [])].sort())
    }
  })

  test('everything that can be granted is granted, all at once or any half of it', async () => {
    const box = sandbox()
    const { version } = box.server
    const role = box.name('r')
    const specimens = await makeEveryKind(await makePlace(box))
    const asked = specimens
      .filter((specimen) => box.isSuperuser || !specimen.ofSuperuser)
      .flatMap((specimen) =>
        privilegesOn(specimen.kind, version).map((privilege) => ({ specimen, privilege })),
      )
      .map((one, index) => ({ ...one, way: ways[index % ways.length]! }))
    const grants = asked.map(({ specimen: { kind, name }, privilege, way }) =>
      Grant.privilege({ kind, name } as Parameters<typeof Grant.privilege>[0], [privilege] as never, way),
    )
    const questions = (option: string): ReadonlyMap<string, string> =>
      new Map(
        asked.map(({ specimen, privilege }) => [
          `${privilege} on ${specimen.sort}`,
          hasPrivilege(specimen, role, `${privilege}${option}`, version),
        ]),
      )
    const [held, grantable] = [questions(''), questions(' with grant option')]
    await box.sync({ role, grants })
    expect(await answers(box, held)).toEqual(expected(held, () => true))
    expect(await answers(box, grantable)).toEqual(expected(grantable, (index) => index % ways.length === 2))

    await box.sync({ role, grants: grants.filter((_, index) => index % 2 === 0) })
    expect(await answers(box, held)).toEqual(expected(held, (index) => index % 2 === 0))

    await box.sync({ role, grants: [] })
    await box.run(`drop role ${role}`)
    await dropShared(box, specimens)
  })

  test('everything that can have an owner gets the owner that is asked for, all at once or any half of it', async () => {
    const box = sandbox()
    const role = box.name('r')
    const place = await makePlace(box)
    const specimens = await makeEveryKind(place)
    // Some may be owned by superusers only; what is in no schema asks more of its owner than a schema’s owner can lend.
    const ownable = specimens
      .filter(isOwnable)
      .filter(({ name, ofSuperuser }) => box.isSuperuser || (!ofSuperuser && name[0] === place.schema))
    const grants = ownable.map(({ kind, name }) => Grant.ownership({ kind, name }))
    const attributes = box.isSuperuser ? [Grant.attribute('SUPERUSER')] : []
    const options = { reassignOwnedTo: box.actor, allowSuperuser: true }
    // A role that is to own what superusers own has to be one already.
    await box.run(`create role ${role} ${box.isSuperuser ? 'superuser' : ''}`)
    const owners = new Map(ownable.map((specimen) => [specimen.sort, ownerOf(specimen)]))

    await box.sync({ role, grants: [...attributes, ...grants] }, options)
    expect(await answers(box, owners)).toEqual(expected(owners, () => role))

    const half = grants.filter((_, index) => index % 2 === 0)
    await box.sync({ role, grants: [...attributes, ...half] }, options)
    expect(await answers(box, owners)).toEqual(
      expected(owners, (index) => (index % 2 === 0 ? role : box.actor)),
    )

    await box.sync({ role, grants: [] }, options)
    await box.run(`drop role ${role}`)
    await dropShared(box, specimens)
  })

  // The last, since default privileges that it would leave behind are about what other tests make.
  test('everything that a role has is taken away', async () => {
    const box = sandbox()
    const { version, user } = box.server
    const { role, bystander, place, granted, owned, unmanaged: byHand, all } = await holdEverything(box)

    const { plan } = await box.sync(
      { role, grants: [] },
      { reassignOwnedTo: box.actor, allowSuperuser: true, onResidue: 'report' },
    )

    const privilegeFacts = (
      { kind, name }: Specimen,
      grantee: string,
      grantor: string,
      grantable = false,
    ): readonly Fact[] =>
      privilegesOn(kind, version).map((privilege) => ({
        kind: 'privilege',
        object: { kind, name },
        privilege,
        grantee,
        grantor,
        grantable,
      }))
    const kept = box.isSuperuser ? [] : owned.filter(({ movedBySuperuser }) => movedBySuperuser)
    const stays: readonly Fact[] = box.isSuperuser
      ? []
      : [
          ...beyondAnOwner(box, role, place),
          ...granted
            .filter(({ ofSuperuser }) => ofSuperuser)
            .flatMap((specimen) => privilegeFacts(specimen, role, user, specimen.grantable)),
          ...kept.map(({ kind, name }): Fact => ({ kind: 'ownership', object: { kind, name }, owner: role })),
        ]
    const still = stays.map((fact) => describeFact(fact, version)).sort()
    expect(plan.residue.map(({ fact }) => describeFact(fact, version)).sort()).toEqual(still)
    expect(await holdingsOf(box, role)).toEqual(
      [...still, 'is there', 'owns extension pg_stat_statements', 'setting work_mem  = 1MB'].sort(),
    )

    // Nor has anybody anything by it, but for what it still owns. Before 16 it means nothing who made a member.
    const byRole = new RegExp(` (?:by|of) ${role}(?:${version >= 160000 ? ',.*|' : ''} in schema .*|)$`)
    const fromRole = [...(await box.holdings(await box.roles()))].filter((line) => byRole.test(line))
    expect(fromRole.sort()).toEqual(
      kept
        .flatMap((specimen) => privilegeFacts(specimen, bystander, role))
        .map((fact) => `${bystander}: ${describeFact(fact, version)}`)
        .sort(),
    )

    const unmanaged = plan.unmanaged.map(({ kind, description }) => `${kind} ${description}`)
    for (const seen of [
      'policy seen',
      `user mapping for ${role}`,
      'work_mem',
      'extension pg_stat_statements',
    ])
      expect(unmanaged).toContainEqual(expect.stringContaining(seen))
    await box.admin(byHand)
    if (box.isSuperuser) await box.run(`drop role ${role}`)
    await dropShared(box, all)
  })
})
