import { promisesFor } from '@pgsr/driver/promises'
import { UnsupportedServerError } from '@pgsr/node-postgres'
import { expect, test } from 'vitest'

/** What such servers answer to `version()`; nobody here can run them. */
const forks = [
  ['CockroachDB', 'CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu, built 2024/05/15, go1.22.2)'],
  ['YugabyteDB', 'PostgreSQL 11.2-YB-2.21.1.0-b271 on x86_64-pc-linux-gnu, compiled by clang version 16'],
  ['YugabyteDB', 'PostgreSQL 15.2-YB-2025.1.0.0-b168 on x86_64-pc-linux-gnu, compiled by clang version 17'],
] as const

test.for(forks)(
  '%s, which only speaks PostgreSQL’s protocol, is refused by name',
  async ([name, version]) => {
    const sent: string[] = []
    const { syncRoles } = promisesFor(async () => ({
      connection: {},
      isHeld: false,
      query: async (text: string) => {
        sent.push(text)
        return [[['130000']], [[version]]]
      },
      close: () => undefined,
      release: () => undefined,
    }))
    const error = await syncRoles(undefined, { role: 'r', grants: [] }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UnsupportedServerError)
    expect((error as Error).message).toContain(`the server is ${name}`)
    expect(sent).toHaveLength(1)
  },
)
