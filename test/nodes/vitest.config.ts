import { defineConfig } from 'vitest/config'
import config from '../vitest.config.ts'

// How Node and a driver get on with each other does not depend on the server's version.
process.env.PGSR_TEST_MAJORS ??= '18'
// Each version of Node has its own points, an eightieth of them.
process.env.PGSR_TEST_FAULTS ??= `${parseInt(process.versions.node, 10) % 20}/80`

/** What the drivers have a part in, and what they need of Node: sockets, timers, signals, cryptography. */
const files = [
  'drivers/connection',
  'drivers/effect',
  'drivers/faults',
  'conformance/calls/caller-transaction',
  'conformance/calls/concurrent',
  'conformance/calls/given-up',
  'conformance/calls/transaction',
]

export default defineConfig({
  test: {
    ...config.test,
    include: [...files.map((file) => `src/${file}.test.ts`), 'nodes/*.test.ts'],
    // Each worker loads everything once, which takes longer here than a third one saves.
    maxWorkers: 2,
  },
})
