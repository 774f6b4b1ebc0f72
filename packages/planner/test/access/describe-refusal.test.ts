import { expect, test } from 'vitest'
import { describeRefusal, type Refusal } from '../../src/access/refusal.ts'

const object = { kind: 'table', name: ['s', 'orders'], owner: 'owner' } as const

test.for<[Refusal, string]>([
  [{ code: 'cannot become role', role: 'me', other: 'you' }, 'role "me" may not SET ROLE to role "you"'],
  [
    { code: 'cannot become superuser', role: 'me', other: 'root' },
    'role "me" may not SET ROLE to role "root", which is a superuser',
  ],
  [
    { code: 'cannot become grantor', role: 'me', grantor: 'g', isSession: true },
    'role "me", the session user, may not SET ROLE to role "g", which granted it',
  ],
  [
    { code: 'cannot act as owner', role: 'me', object },
    'role "me" may not act as role "owner", the owner of table "s"."orders"',
  ],
  [
    { code: 'taken for another grantor', role: 'me', privilege: 'SELECT', object },
    'PostgreSQL may record another grantor of SELECT on table "s"."orders" than its owner, and role "me" cannot become the owner',
  ],
  [
    { code: 'owner must be superuser', owner: 'you', object },
    'only superusers can own table "s"."orders", and role "you" is not one',
  ],
  [
    { code: 'only superusers give it away', role: 'me', object },
    'only superusers may change the owner of table "s"."orders", and role "me" is not one',
  ],
  [
    { code: 'no USAGE on schema', role: 'me', object },
    'role "me" has no USAGE on the schema of table "s"."orders"',
  ],
  [
    { code: 'grantor has no USAGE', grantor: 'g', object },
    'role "g", which granted it, has no USAGE on the schema of table "s"."orders"',
  ],
  [{ code: 'cannot create schemas', role: 'me' }, 'role "me" may not create schemas in the database'],
  [{ code: 'no CREATE on database', role: 'me' }, 'role "me" has no CREATE on the database'],
])('a refusal names who may not do what: $0.code', ([refusal, message]) =>
  expect(describeRefusal(refusal)).toBe(message),
)
