import { afterAll, beforeAll, describe, inject } from 'vitest'
import { pairingsFor } from './pairings.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

/**
 * Defines tests that every driver must pass on every server, as a superuser and as one who is none. Those of one driver,
 * server and acting role share a database.
 */
export const conformance = (define: (sandbox: () => Sandbox) => void): void =>
  describe.for(inject('servers'))('$name', (server) =>
    describe.for(pairingsFor(server))('$name', ({ driver, kind }) => {
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
  )
