import * as nodePostgres from '@pgsr/node-postgres'
import * as nodePostgresEffect from '@pgsr/node-postgres/effect'
import * as planner from '@pgsr/planner'
import * as postgresJs from '@pgsr/postgres-js'
import * as postgresJsEffect from '@pgsr/postgres-js/effect'
import { expect, test } from 'vitest'
import { hoversOf } from '../harness/hover.ts'

const modules = {
  '@pgsr/node-postgres': nodePostgres,
  '@pgsr/node-postgres/effect': nodePostgresEffect,
  '@pgsr/postgres-js': postgresJs,
  '@pgsr/postgres-js/effect': postgresJsEffect,
}

test('an editor shows what each function of a driver does, with an example', async () => {
  const functions = Object.entries(modules).flatMap(([module, exports]) =>
    Object.keys(exports)
      .filter((name) => /^[a-z]/.test(name) && !(name in planner))
      .map((name) => [module, name] as const),
  )
  expect(functions).toHaveLength(4 * 14 + 2)
  for (const hover of await hoversOf(functions))
    expect(hover).toMatch(/```\n[A-Z].*\n[^]*\*@example\*\s+```ts\n/)
})
