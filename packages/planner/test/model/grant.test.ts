import { expect, test } from 'vitest'
import { Grant } from '../../src/model/grant.ts'
import { InvalidGrantError } from '../../src/model/invalid-grant.ts'
import { Target } from '../../src/model/target.ts'
import { requestOf } from '../../src/request/parse-request.ts'

const refused = (grant: Grant): string => {
  try {
    requestOf({ role: 'r', grants: [grant] }, { seed: '' })
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidGrantError)
    return (error as Error).message
  }
  return 'nothing is refused'
}

test('a grant that cannot exist does not compile, and is refused in plain JavaScript', () => {
  const messages = [
    // @ts-expect-error there is no EXECUTE on tables
    Grant.privilege(Target.table('s', 't'), ['EXECUTE']),
    // @ts-expect-error there is no DELETE on columns
    Grant.privilege(Target.table('s', 't', { columns: ['c'] }), ['DELETE']),
    // @ts-expect-error there is no SELECT on functions
    Grant.privilege(Target.function('s', /f/), ['EXECUTE', 'SELECT']),
    // @ts-expect-error there is no USAGE on databases
    Grant.privilege(Target.database('d'), ['USAGE']),
    // @ts-expect-error there are no privileges on collations
    Grant.privilege(Target.collation('s', 'c'), ['USAGE']),
    // @ts-expect-error there is no USAGE on tables, all of them
    Grant.privilege(Target.allTables('s'), ['USAGE']),
    // @ts-expect-error there are no privileges on operators
    Grant.privilege(Target.allOperators('s'), ['USAGE']),
    // @ts-expect-error columns have no owner of their own
    Grant.ownership(Target.table('s', 't', { columns: ['c'] })),
    // @ts-expect-error parameters have no owner
    Grant.ownership(Target.parameter('work_mem')),
    // @ts-expect-error there is no USAGE on tables
    Grant.defaultPrivilege({ owner: 'o', on: 'tables' }, ['USAGE']),
    // @ts-expect-error what is held through others cannot be passed on
    Grant.privilege(Target.schema('s'), ['USAGE'], { grantable: true }),
    // @ts-expect-error INHERIT is not an attribute that can be granted
    Grant.attribute('INHERIT'),
  ].map(refused)
  expect(messages).toEqual(messages.map(() => expect.stringMatching(/^cannot grant .* to role "r": .+/)))
})

test('a grant that can exist compiles', () => {
  const grants = [
    Grant.privilege(Target.table('s', /^x/), ['INSERT', 'UPDATE', 'MAINTAIN']),
    Grant.privilege(Target.table('s', /^x/, { columns: ['a'] }), ['REFERENCES']),
    Grant.privilege(Target.parameter('work_mem'), ['SET', 'ALTER SYSTEM'], { direct: true, grantable: true }),
    Grant.privilege(Target.allTables('s'), ['INSERT']),
    Grant.ownership(Target.eventTrigger('e')),
    Grant.ownership(Target.allOperatorClasses('s')),
    Grant.ownership(Target.table('s', 't')),
    Grant.defaultPrivilege({ owner: 'o', schema: 's', on: 'sequences' }, ['USAGE', 'SELECT']),
  ]
  expect(requestOf({ role: 'r', grants }, { seed: '' }).desired[0]?.grants).toHaveLength(12)
})
