import { access, Grant, InvalidGrantError, objectKinds, Target } from '@pgsr/planner'
import { requestOf } from '@pgsr/planner/internal'
import { describe, expect, test } from 'vitest'

const direct = { direct: true } as const
const rows = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const

describe('an access level is a list of ordinary grants', () => {
  test('to read', () =>
    expect(access.readOnly('s')).toEqual([
      Grant.schemaUsage('s', direct),
      Grant.privilege(Target.allTables('s'), ['SELECT'], direct),
      Grant.privilege(Target.allSequences('s'), ['SELECT'], direct),
    ]))

  test('to read and write, also what a role will create', () =>
    expect(access.readWrite('s', { future: 'migrator' })).toEqual([
      Grant.schemaUsage('s', direct),
      Grant.privilege(Target.allTables('s'), rows, direct),
      Grant.defaultPrivilege({ owner: 'migrator', schema: 's', on: 'tables' }, rows),
      Grant.privilege(Target.allSequences('s'), ['USAGE', 'SELECT'], direct),
      Grant.defaultPrivilege({ owner: 'migrator', schema: 's', on: 'sequences' }, ['USAGE', 'SELECT']),
      Grant.privilege(Target.allFunctions('s'), ['EXECUTE'], direct),
      Grant.privilege(Target.allProcedures('s'), ['EXECUTE'], direct),
      Grant.defaultPrivilege({ owner: 'migrator', schema: 's', on: 'functions' }, ['EXECUTE']),
    ]))

  test('of one’s own, also what several roles will create, through intermediate roles', () => {
    const append = access.level({ schema: ['USAGE', 'CREATE'], tables: ['INSERT'], types: ['USAGE'] })
    expect(append('s', { future: ['a', 'b'], direct: false })).toEqual([
      Grant.privilege(Target.schema('s'), ['USAGE', 'CREATE']),
      Grant.privilege(Target.allTables('s'), ['INSERT']),
      Grant.defaultPrivilege({ owner: 'a', schema: 's', on: 'tables' }, ['INSERT']),
      Grant.defaultPrivilege({ owner: 'b', schema: 's', on: 'tables' }, ['INSERT']),
      Grant.privilege(Target.allTypes('s'), ['USAGE']),
      Grant.defaultPrivilege({ owner: 'a', schema: 's', on: 'types' }, ['USAGE']),
      Grant.defaultPrivilege({ owner: 'b', schema: 's', on: 'types' }, ['USAGE']),
    ])
  })

  test('of one’s own, without anything on the schema', () =>
    expect(access.level({ schema: [], tables: ['SELECT'] })('s')).toEqual([
      Grant.privilege(Target.allTables('s'), ['SELECT'], direct),
    ]))

  test('to own a schema and everything in it', () => {
    const grants = access.owner('s')
    expect(grants[0]).toEqual(Grant.schemaOwnership('s'))
    expect(requestOf({ role: 'r', grants }, { seed: '' }).desired[0]?.grants).toHaveLength(14)
  })
})

describe('an access level is refused, with what is wrong', () => {
  test.for<[string, () => unknown, string]>([
    [
      'privileges on what is not in a schema',
      () => access.level({ databases: ['CONNECT'] } as never),
      'cannot make an access level: unknown option "databases"; expected one of schema, tables, sequences, routines, types',
    ],
    [
      'an unknown option',
      () => access.readOnly('s', { owner: 'migrator' } as never),
      'cannot build the grants of an access level: unknown option "owner"; expected one of future, direct',
    ],
    [
      'a number as the future',
      () => access.readOnly('s', { future: 1 as never }),
      'what was given cannot be read',
    ],
    [
      'nothing as the privileges of a level',
      () => access.level(undefined as never),
      'cannot make an access level: the options are not an object',
    ],
  ])('%s', ([, make, message]) => {
    expect(make).toThrow(InvalidGrantError)
    expect(make).toThrow(message)
  })

  test('a privilege that tables do not have, when it is planned', () => {
    // @ts-expect-error there is no EXECUTE on tables
    const grants = access.level({ tables: ['EXECUTE'] })('s')
    expect(() => requestOf({ role: 'r', grants }, { seed: '' })).toThrow(
      'there is no privilege EXECUTE on a table',
    )
  })
})

test('everything in a schema that has an owner is owned with it', () => {
  const inSchemas = Object.entries(objectKinds).flatMap(([kind, { parts, ownerKeyword }]) =>
    parts[0] === 'schema' && parts.length > 1 && ownerKeyword !== undefined ? [kind] : [],
  )
  const owned = access.owner('s').flatMap((grant) => (grant.kind === 'ownership' ? [grant.object.kind] : []))
  expect(owned.toSorted()).toEqual(['schema', ...inSchemas].toSorted())
})
