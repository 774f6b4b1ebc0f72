import { Grant, plan, type Plan, Target, UnsupportedServerError } from '@pgsr/planner'
import { describe, expect, test } from 'vitest'
import { snapshot } from '../support/build-snapshot.ts'

const planOn = (version: number, grant: Grant): Plan =>
  plan(snapshot({ server: { version } }), { role: 't', grants: [grant] }, { seed: '' })

const { privilege, ownership, defaultPrivilege, roleMembership } = Grant

describe('a server is too old for', () => {
  test.for<[string, number, Grant, string]>([
    [
      'MAINTAIN',
      160014,
      privilege(Target.table('s', 't'), ['SELECT', 'MAINTAIN']),
      'only PostgreSQL 17 and later have MAINTAIN, and the server is 16',
    ],
    [
      'parameters',
      140000,
      privilege(Target.parameter('work_mem'), ['SET']),
      'only PostgreSQL 15 and later have parameters that can be granted',
    ],
    [
      'procedures',
      100023,
      privilege(Target.procedure('s', 'p'), ['EXECUTE']),
      'only PostgreSQL 11 and later have procedures that can be granted',
    ],
    [
      'publications',
      90624,
      ownership(Target.publication('p')),
      'only PostgreSQL 10 and later have publications, and the server is 9.6',
    ],
    [
      'default privileges on schemas',
      90624,
      defaultPrivilege({ owner: 'postgres', on: 'schemas' }, ['USAGE']),
      'only PostgreSQL 10 and later have default privileges on schemas',
    ],
    [
      'default privileges on large objects',
      170010,
      defaultPrivilege({ owner: 'postgres', on: 'large objects' }, ['SELECT']),
      'only PostgreSQL 18 and later have default privileges on large objects',
    ],
    [
      'memberships without INHERIT',
      150018,
      roleMembership('a', { inherit: false }),
      'only PostgreSQL 16 and later have INHERIT and SET options of memberships, and the server is 15',
    ],
  ])('%s', ([, version, grant, message]) => {
    const make = (): Plan => planOn(version, grant)
    expect(make).toThrow(UnsupportedServerError)
    expect(make).toThrow(message)
    expect(() => planOn(180004, grant)).not.toThrow()
  })

  test.for<[string, Grant]>([
    ['a privilege that it has', privilege(Target.table('s', 't'), ['SELECT'])],
    ['membership options that it has by default', roleMembership('a', { inherit: true, set: true })],
  ])('but not for %s', ([, grant]) => expect(() => planOn(90624, grant)).not.toThrow())
})
