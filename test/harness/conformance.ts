import { afterAll, beforeAll, describe, inject } from 'vitest'
import { drivers } from './drivers.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

/** Defines tests that every driver must pass on every server. Those of one driver and server share a database. */
export const conformance = (define: (sandbox: () => Sandbox) => void): void =>
  describe.for(inject('servers'))('$name', (server) =>
    describe.for(drivers)('$name', (driver) => {
      let sandbox: Sandbox | undefined
      beforeAll(async () => {
        sandbox = await openSandbox(server, driver)
      })
      afterAll(() => sandbox?.end())
      define(() => {
        if (sandbox === undefined) throw new Error('the sandbox is there only while a test runs')
        return sandbox
      })
    }),
  )
