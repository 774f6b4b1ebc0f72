import { executePlan, introspect, planRoles, syncRoles } from '@pgsr/node-postgres'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'

type AnyFunction = (pool: pg.Pool, given: unknown, options: unknown) => Promise<unknown>

// Whoever tried to connect there would get another error.
const nowhere = new pg.Pool({ host: '127.0.0.1', port: 1 })
afterAll(() => nowhere.end())

const throwing = (field: string): object =>
  Object.defineProperty({}, field, {
    enumerable: true,
    get: () => {
      throw new Error('nobody can read this')
    },
  })

const role = { role: 'r', grants: [] }

test.for<[string, unknown, unknown]>([
  ['no roles', null, {}],
  ['a number', 5, {}],
  ['a role without grants', { role: 'r' }, {}],
  ['grants that are text', { role: 'r', grants: 'LOGIN' }, {}],
  ['grants that are an array of text', { role: 'r', grants: ['LOGIN'] }, {}],
  ['a name that is a number', { role: 1, grants: [] }, {}],
  ['a role that cannot be read', throwing('role'), {}],
  ['grants that cannot be read', { role: 'r', grants: [throwing('kind')] }, {}],
  ['options that are null', role, null],
  ['options that are text', role, 'actAs'],
  ['an option that cannot be read', role, throwing('actAs')],
  ['an option of the wrong type', role, { timeout: '60' }],
])(
  '%s: refused before anything is sent, with an error that says what is wrong',
  async ([, given, options]) => {
    for (const call of [syncRoles, planRoles, introspect, executePlan] as unknown as readonly AnyFunction[]) {
      const error: unknown = await call(nowhere, given, options).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ _tag: 'InvalidGrantError' })
      expect((error as Error).message).not.toMatch(
        /is not (a function|iterable)|cannot read prop|nobody can read/i,
      )
    }
  },
)

test('a call without desired roles is refused, and says so', async () => {
  const call = planRoles as unknown as (pool: pg.Pool, desired?: unknown) => Promise<unknown>
  await expect(call(nowhere)).rejects.toMatchObject({
    _tag: 'InvalidGrantError',
    field: 'desired',
    message: expect.stringMatching(/^cannot sync roles: .*undefined.* is not a desired role; give/) as string,
  })
})
