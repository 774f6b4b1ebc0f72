import { type Operation, type SetPassword, statementOf } from '@pgsr/planner'
import { expect, test } from 'vitest'

const base = { as: 'postgres', reason: { role: 't', grant: null } } as const
const orders = { kind: 'table', name: ['s', 'orders'] } as const
const select = { ...base, object: orders, privilege: 'SELECT', grantee: 't', grantor: 'owner' } as const
const member = { ...base, role: 'g', member: 't', grantor: 'postgres' } as const

test.for<[Exclude<Operation, SetPassword>, string]>([
  [{ kind: 'createRole', role: 'a"b', ...base }, 'CREATE ROLE "a""b"'],
  [{ kind: 'dropRole', role: 't', ...base }, 'DROP ROLE "t"'],
  [
    { kind: 'setAttribute', role: 't', attribute: 'CREATEDB', value: false, ...base },
    'ALTER ROLE "t" NOCREATEDB',
  ],
  [{ kind: 'grantMembership', ...member }, 'GRANT "g" TO "t"'],
  [{ kind: 'revokeMembership', ...member, option: null }, 'REVOKE "g" FROM "t" GRANTED BY "postgres"'],
  [{ kind: 'createSchema', schema: 's', owner: 't', ...base }, 'CREATE SCHEMA "s" AUTHORIZATION "t"'],
  [{ kind: 'setOwner', object: orders, owner: 't', ...base }, 'ALTER TABLE "s"."orders" OWNER TO "t"'],
  [{ kind: 'grantPrivilege', ...select }, 'GRANT SELECT ON TABLE "s"."orders" TO "t"'],
  [{ kind: 'grantPrivilege', ...select, grantee: 'public' }, 'GRANT SELECT ON TABLE "s"."orders" TO PUBLIC'],
  [
    { kind: 'revokePrivilege', ...select, grantOptionOnly: true },
    'REVOKE GRANT OPTION FOR SELECT ON TABLE "s"."orders" FROM "t"',
  ],
  [
    {
      kind: 'grantDefaultPrivilege',
      owner: 'o',
      schema: 's',
      on: 'tables',
      privilege: 'SELECT',
      grantee: 't',
      ...base,
    },
    'ALTER DEFAULT PRIVILEGES FOR ROLE "o" IN SCHEMA "s" GRANT SELECT ON TABLES TO "t"',
  ],
])('$0.kind is written as $1', ([operation, statement]) => expect(statementOf(operation)).toBe(statement))
