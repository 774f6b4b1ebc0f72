import * as nodePostgres from '@pgsr/node-postgres'
import * as nodePostgresEffect from '@pgsr/node-postgres/effect'
import * as planner from '@pgsr/planner'
import * as postgresJs from '@pgsr/postgres-js'
import * as postgresJsEffect from '@pgsr/postgres-js/effect'
import { describe, expect, test } from 'vitest'
import { hoversOf } from '../harness/hover.ts'

const modules = {
  '@pgsr/node-postgres': nodePostgres,
  '@pgsr/node-postgres/effect': nodePostgresEffect,
  '@pgsr/postgres-js': postgresJs,
  '@pgsr/postgres-js/effect': postgresJsEffect,
}

describe('an editor', () => {
  test.for(Object.entries(modules))(
    'shows what each function of %s does, with an example',
    async ([name, module]) => {
      const functions = Object.keys(module).filter((key) => /^[a-z]/.test(key) && !(key in planner))
      expect(functions).toContain('syncRoles')
      const hovers = await hoversOf(name, functions)
      for (const key of functions) expect(hovers.get(key)).toMatch(/```\n[A-Z].*\n[^]*\*@example\*\s+```ts\n/)
    },
  )
})
