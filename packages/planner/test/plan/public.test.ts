import { Grant, parsePlan, plan, type PlanOptions, renderJson, Target } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { object, role, snapshot } from '../support/build-snapshot.ts'
import { orders, withOrders } from '../support/orders-table.ts'
import { roleT, scriptOf } from '../support/plan-script.ts'

const onOrders = (privileges: readonly ('SELECT' | 'INSERT')[]) =>
  Grant.privilege(Target.table('s', 'orders'), privileges)

const open = withOrders(
  { 'public/owner': 'rw' },
  { objects: [object('column', [...orders, 'id'], 'owner', { 'public/owner': 'r' })] },
)

test('PUBLIC loses what is not listed of what is named, and keeps what goes with it', () =>
  expect(scriptOf(open, [], { public: [onOrders([])] })).toBe(
    [
      '-- effect: PUBLIC, and so every role, loses SELECT on table "s"."orders", granted by "owner"',
      '-- effect: PUBLIC, and so every role, loses UPDATE on table "s"."orders", granted by "owner"',
      'REVOKE SELECT, UPDATE ON TABLE "s"."orders" FROM PUBLIC;',
      'GRANT SELECT ("id") ON TABLE "s"."orders" TO PUBLIC;',
    ].join('\n'),
  ))

test('of two grants on the same object, PUBLIC has what either lists', () =>
  expect(
    scriptOf(open, [], { public: [onOrders([]), onOrders(['SELECT']), onOrders(['INSERT'])] }),
  ).toContain(
    'REVOKE UPDATE ON TABLE "s"."orders" FROM PUBLIC;\nGRANT INSERT ON TABLE "s"."orders" TO PUBLIC;',
  ))

test('an additive plan takes nothing from PUBLIC, and says so', () => {
  const { transactions, kept } = plan(open, [], {
    public: [onOrders(['SELECT'])],
    mode: 'additive',
    seed: '',
  })
  expect(transactions).toEqual([])
  expect(kept.map(({ message }) => message)).toEqual([
    'PUBLIC keeps UPDATE on table "s"."orders", granted by "owner": the mode is additive',
  ])
})

test('what PUBLIC cannot lose is residue', () => {
  const before = { ...open, server: { ...open.server, actingRole: 't', sessionRole: 't' } }
  const { residue } = plan(before, [], { public: [onOrders(['SELECT'])], seed: '' })
  expect(residue).toMatchObject([
    {
      role: 'public',
      reason: 'not permitted',
      message: expect.stringMatching(/^PUBLIC keeps UPDATE on table "s"."orders"/),
      statement: 'REVOKE UPDATE ON TABLE "s"."orders" FROM PUBLIC',
    },
  ])
})

test('default privileges of PUBLIC are revoked even where nothing is written down, of a role that loses all too', () => {
  const before = snapshot({ roles: [role('t')] })
  const ofPublic = [Grant.defaultPrivilege({ owner: 't', on: 'functions' }, [])]
  const statement = 'ALTER DEFAULT PRIVILEGES FOR ROLE "t" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;'
  expect(scriptOf(before, [], { public: ofPublic })).toContain(statement)
  expect(scriptOf(before, roleT(), { public: ofPublic })).toContain(statement)
})

test('a plan with grants to PUBLIC goes through JSON', () => {
  const made = plan(open, roleT([Grant.schemaUsage('s')]), { public: [onOrders(['INSERT'])], seed: '' })
  expect(parsePlan(renderJson(made))).toStrictEqual(made)
  expect(renderJson(made)).toContain('"role": "public",\n          "grant": 0')
})

describe('refused for PUBLIC', () => {
  test.for<[string, unknown, PlanOptions, string]>([
    [
      'what is no privilege',
      [Grant.login()],
      {},
      'cannot grant LOGIN to PUBLIC: PUBLIC can only have privileges and default privileges',
    ],
    [
      'a grant option',
      [Grant.privilege(Target.table('s', 't'), ['SELECT'], { direct: true, grantable: true })],
      {},
      'cannot grant SELECT on table "s"."t" directly with grant option to PUBLIC: PUBLIC cannot have a grant option',
    ],
    [
      'what is not managed',
      [Grant.schemaUsage('other')],
      { manages: { schemas: ['s'] } },
      'cannot grant USAGE on schema "other" to PUBLIC: schema "other" is outside of what this call manages; add schema "other" to manages.schemas',
    ],
    [
      'a name that cannot be',
      [Grant.privilege(Target.schema(''), [])],
      {},
      'cannot grant no privilege on schema "" to PUBLIC: the name "" cannot be empty',
    ],
    ['what is not a list', { kind: 'privilege' }, {}, 'cannot sync roles: public is not an array'],
  ])('%s', ([, given, options, message]) =>
    expect(() => plan(open, [], { ...options, public: given as never, seed: '' })).toThrow(message),
  )

  test('but a role still has to be given at least one privilege', () =>
    expect(() => plan(open, roleT([onOrders([])]), { seed: '' })).toThrow(
      'the privileges must be an array of at least one',
    ))
})
