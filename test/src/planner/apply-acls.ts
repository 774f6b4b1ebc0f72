import { objectKinds, type ObjectName } from '@pgsr/planner'
import pg from 'pg'
import { columns, pickBy, privilegesOf } from './apply-operations.ts'
import { roles, schema } from './apply-state.ts'

const ident = pg.escapeIdentifier

const objects = (database: string): readonly ObjectName[] => [
  { kind: 'database', name: [database] },
  { kind: 'schema', name: [schema] },
  ...['serial', 'identity', 'view'].map((name): ObjectName => ({ kind: 'table', name: [schema, name] })),
  ...['serial_id_seq', 'identity_id_seq', 'free'].map((name): ObjectName => ({
    kind: 'sequence',
    name: [schema, name],
  })),
]

/**
 * What somebody may have done before. Much of it pgsr itself never does: grants WITH GRANT OPTION, by roles that do
 * not own the object, of more than one privilege; owners that take their own privileges away.
 */
const statements = (numbers: readonly number[], database: string, version: number): string => {
  const pick = pickBy(numbers)
  const role = (): string => ident(pick(roles)!)
  const grantee = (): string => pick([role(), role(), 'public'])!
  const withOption = (): string => pick([' with grant option', ''])!
  const asRole = (): string => pick([`set local role ${role()}; `, ''])!
  const object = pick([...objects(database), ...columns])!
  const on = `on ${objectKinds[object.kind].grantKeyword} ${object.name.slice(0, 2).map(ident).join('.')}`
  const column = object.kind === 'column' ? ` (${ident(object.name[2]!)})` : ''
  const privilege = (): string => pick(privilegesOf(object, version))! + column

  switch (pick(['grant', 'grant', 'pass on', 'pass on', 'revoke', 'default', 'member', 'attribute'])!) {
    case 'grant':
      return `grant ${privilege()}, ${privilege()} ${on} to ${grantee()}${withOption()}`
    case 'pass on': {
      // Who has a privilege on a table with grant option may also grant it on a column.
      const passed = privilege()
      const [first, second] = [role(), role()]
      return `
    grant ${pick([passed, passed.replace(column, '')])} ${on} to ${first} with grant option;
    set local role ${first};
    grant ${passed} ${on} to ${second}${withOption()};
    set local role ${second};
    grant ${passed} ${on} to ${grantee()}${withOption()}`
    }
    case 'revoke':
      return `revoke ${pick([privilege(), `all${column}`])} ${on} from ${grantee()}`
    case 'default': {
      const future = version < 100000 ? 'types' : 'schemas'
      const [owner, words] = [
        role(),
        pick(future === 'types' ? ['usage', 'all'] : ['usage', 'create', 'all'])!,
      ]
      return `alter default privileges for role ${owner} ${pick([
        `grant ${words} on ${future} to ${grantee()}${withOption()}`,
        `revoke ${words} on ${future} from ${owner}`,
      ])}`
    }
    case 'member': {
      const options = ['', ' with admin option', ' with admin option']
      const newOptions = version >= 160000 ? [' with set false', ' with admin option, inherit false'] : []
      return `${asRole()}grant ${role()} to ${role()}${pick([...options, ...newOptions])}`
    }
    default:
      return `alter role ${role()} ${pick(['noinherit', 'inherit', 'createrole', 'login'])}`
  }
}

/** Every list of numbers makes some statements. What PostgreSQL refuses for the reasons named is left out. */
export const blindly = (
  choices: readonly (readonly number[])[],
  database: string,
  version: number,
): string => `
do $blindly$ begin
  ${choices
    .map(
      (numbers) => `
  begin
    ${statements(numbers, database, version)};
    set local role none;
  exception
    when insufficient_privilege or invalid_grant_operation or dependent_objects_still_exist then
    when internal_error then
      -- What 16 and later say to a role that only has the ADMIN option of a role it does not inherit from.
      if sqlerrm <> 'no possible grantors' then raise; end if;
  end;`,
    )
    .join('')}
end $blindly$`
