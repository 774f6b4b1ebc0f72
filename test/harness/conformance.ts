import { afterAll, beforeAll, describe, inject } from 'vitest'
import { actorKinds } from './actor.ts'
import { drivers } from './drivers.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

/**
 * Defines tests that every driver must pass on every server, as a superuser and as one who is none. Those of one driver,
 * server and acting role share a database.
 */
export const conformance = (define: (sandbox: () => Sandbox) => void): void =>
  describe.for(inject('servers'))('$name', (server) =>
    describe.for(drivers)('$name', (driver) =>
      describe.for(actorKinds)('as %s', (kind) => {
        let sandbox: Sandbox | undefined
        beforeAll(async () => {
          sandbox = await openSandbox(server, driver, kind)
        })
        afterAll(() => sandbox?.end())
        define(() => {
          if (sandbox === undefined) throw new Error('the sandbox is there only while a test runs')
          return sandbox
        })
      }),
    ),
  )
