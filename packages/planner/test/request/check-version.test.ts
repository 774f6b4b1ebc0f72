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
      'there are MAINTAIN from PostgreSQL 17 on, and the server is 16',
    ],
    [
      'parameters',
      140000,
      privilege(Target.parameter('work_mem'), ['SET']),
      'there are parameters that can be granted from PostgreSQL 15 on',
    ],
    [
      'procedures',
      100023,
      privilege(Target.procedure('s', 'p'), ['EXECUTE']),
      'there are procedures that can be granted from PostgreSQL 11 on',
    ],
    [
      'publications',
      90624,
      ownership(Target.publication('p')),
      'there are publications from PostgreSQL 10 on, and the server is 9.6',
    ],
    [
      'default privileges on schemas',
      90624,
      defaultPrivilege({ owner: 'postgres', on: 'schemas' }, ['USAGE']),
      'there are default privileges on schemas from PostgreSQL 10 on',
    ],
    [
      'default privileges on large objects',
      170010,
      defaultPrivilege({ owner: 'postgres', on: 'large objects' }, ['SELECT']),
      'there are default privileges on large objects from PostgreSQL 18 on',
    ],
    [
      'memberships without INHERIT',
      150018,
      roleMembership('a', { inherit: false }),
      'from PostgreSQL 16 on, and the server is 15',
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
  ])('not for %s', ([, grant]) => expect(() => planOn(90624, grant)).not.toThrow())
})
