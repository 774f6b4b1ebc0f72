import {
  type DesiredRole,
  Grant,
  InvalidGrantError,
  plan,
  type PrivilegeOptions,
  type Snapshot,
  Target,
} from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { object, role, snapshot } from '../support/build-snapshot.ts'
import { seenByMe } from '../support/limited-role.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

const direct = { direct: true } as const
const selectOnAll = Grant.privilege(Target.allTables('s'), ['SELECT'], direct)

/** Two schemas with a table each; one of them has a sequence, too. */
const withTables = snapshot({
  roles: [role('t')],
  objects: [
    object('schema', ['s']),
    object('table', ['s', 'orders']),
    object('table', ['s', 'a\nb']),
    object('sequence', ['s', 'numbers']),
    object('schema', ['other']),
    object('table', ['other', 'orders']),
  ],
})

describe('all objects of a kind in a schema', () => {
  test.for<[string, Snapshot, DesiredRole, string]>([
    [
      'are those of that kind and of that schema, whatever they are called',
      withTables,
      roleT([selectOnAll]),
      'GRANT SELECT ON TABLE "s"."a\nb", "s"."orders" TO "t";',
    ],
    [
      'may be none',
      withTables,
      roleT([
        Grant.privilege(Target.allFunctions('s'), ['EXECUTE'], direct),
        Grant.ownership(Target.allCollations('s')),
      ]),
      '',
    ],
    [
      'are none in a schema that is created by the same plan',
      snapshot({ roles: [role('t')] }),
      roleT([
        Grant.schemaOwnership('new'),
        Grant.ownership(Target.allTables('new')),
        Grant.privilege(Target.allTables('new'), ['SELECT'], direct),
      ]),
      'CREATE SCHEMA "new" AUTHORIZATION "t";',
    ],
    [
      'are none of a kind that the server does not have',
      snapshot({ server: { version: 90624 }, roles: [role('t')], objects: [object('schema', ['s'])] }),
      roleT([
        Grant.privilege(Target.allProcedures('s'), ['EXECUTE'], direct),
        Grant.ownership(Target.allProcedures('s')),
        Grant.ownership(Target.allStatistics('s')),
      ]),
      '',
    ],
    [
      'are absent with their schema',
      snapshot({ roles: [role('t')] }),
      roleT([selectOnAll, Grant.ownership(Target.allTables('s'))]),
      [
        '-- skipped: cannot grant ownership of all tables in schema "s" to role "t": schema "s" does not exist',
        '-- skipped: cannot grant SELECT on all tables in schema "s" directly to role "t": schema "s" does not exist',
      ].join('\n'),
    ],
  ])('%s', ([, before, desired, expected]) => expect(scriptOf(before, desired)).toBe(expected))

  test('are named so in a plan, and by no pattern', () => {
    const made = plan(withTables, roleT([selectOnAll]), { seed: '' })
    expect(made.transactions.flat().map(({ reason }) => reason.grant)).toEqual([
      { ...selectOnAll, object: { kind: 'table', schema: 's', all: true } },
      { ...selectOnAll, object: { kind: 'table', schema: 's', all: true } },
    ])
  })
})

const executeOnAll = (options: PrivilegeOptions): DesiredRole =>
  roleT([Grant.privilege(Target.allFunctions('s'), ['EXECUTE'], options)])

describe('what PUBLIC has on some of all objects in a schema', () => {
  const ofPublic = object('function', ['s', 'f'], 'owner', { 'public/owner': 'X' })
  const objects = [object('schema', ['s'], 'owner', { 'public/owner': 'U' }), ofPublic]
  /** Seen by a role that may not act as the owner of the function. */
  const beyondReach = seenByMe(180004, {
    roles: [role('owner', { superuser: true })],
    objects,
  })

  test('need not be granted by a role that may not grant it', () => {
    expect(scriptOf(beyondReach, executeOnAll({ direct: true }))).toBe('')
    expect(scriptOf(beyondReach, executeOnAll({ direct: false }))).toBe('')
  })

  test('is not passed on by it', () =>
    expect(scriptOf(beyondReach, executeOnAll({ direct: true, grantable: true }))).toMatch(/^-- skipped: /))

  test('does not count for an object that is named', () =>
    expect(
      scriptOf(beyondReach, roleT([Grant.privilege(Target.function('s', 'f'), ['EXECUTE'], direct)])),
    ).toMatch(/^-- skipped: /))

  test('is granted all the same by a role that may', () =>
    expect(scriptOf(snapshot({ roles: [role('t')], objects }), executeOnAll({ direct: true }))).toBe(
      'GRANT EXECUTE ON FUNCTION "s"."f"() TO "t";',
    ))
})

describe('the ownership of all objects of a kind in a schema', () => {
  const ofAll = roleT([Grant.ownership(Target.allFunctions('s'))])
  const ofExtension = { ...object('function', ['s', 'f']), part: true } as const

  test('leaves what belongs to an extension with its owner', () =>
    expect(
      scriptOf(snapshot({ roles: [role('t')], objects: [object('schema', ['s']), ofExtension] }), ofAll),
    ).toBe(''))

  test('keeps what belongs to an extension of the role', () =>
    expect(
      scriptOf(
        snapshot({ roles: [role('t')], objects: [object('schema', ['s']), { ...ofExtension, owner: 't' }] }),
        ofAll,
      ),
    ).toBe(''))

  test('is skipped for each object that the acting role may not move', () => {
    const functions = ['f', 'g'].map((name) => object('function', ['s', name], 'owner'))
    const before = seenByMe(180004, {
      roles: [role('owner', { superuser: true })],
      objects: [object('schema', ['s'], 'owner', { 'public/owner': 'U' }), ...functions],
    })
    expect(scriptOf(before, ofAll).split('\n')).toEqual([
      expect.stringMatching(/cannot grant ownership of all functions in schema "s" .* function "s"."f"\(\)$/),
      expect.stringMatching(/cannot grant ownership of all functions in schema "s" .* function "s"."g"\(\)$/),
    ])
  })
})

describe('a star in the place of a name', () => {
  const starred = roleT([Grant.tableSelect('s', '*', direct)])

  test.for<[Grant, string, string]>([
    [Grant.tableSelect('s', '*'), 'table', 'Target.allTables stands for all tables'],
    [Grant.tableOwnership('s', '*'), 'table', 'Target.allTables'],
    [Grant.privilege(Target.function('s', '*'), ['EXECUTE']), 'function', 'Target.allFunctions'],
    [Grant.privilege(Target.table('s', '*', { columns: ['id'] }), ['SELECT']), 'table', 'the pattern /^/'],
  ])(
    'is refused where no object has that name, with what to write instead: %#',
    ([grant, field, message]) => {
      const make = () => plan(withTables, roleT([grant]), { seed: '' })
      expect(make).toThrow(InvalidGrantError)
      expect(make).toThrow(expect.objectContaining({ field, message: expect.stringContaining(message) }))
    },
  )

  test('is a name where an object has it', () =>
    expect(
      scriptOf({ ...withTables, objects: [...withTables.objects, object('table', ['s', '*'])] }, starred),
    ).toBe('GRANT SELECT ON TABLE "s"."*" TO "t";'))

  test('is the name of an operator', () =>
    expect(
      scriptOf(withTables, roleT([Grant.ownership(Target.operator('s', '*', 'integer', 'integer'))])),
    ).toContain('operator "s".*(integer, integer) does not exist'))
})
