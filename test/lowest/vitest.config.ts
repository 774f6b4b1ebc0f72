import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import config from '../vitest.config.ts'

// How a driver behaves does not depend on the server's version.
process.env.PGSR_TEST_MAJORS ??= '18'

const planned = [
  'act-as',
  'acting-role',
  'attribute',
  'caretaker',
  'default-privileges',
  'delegates',
  'drop-unused-roles',
  'every-kind',
  'exact-names',
  'grantor',
  'honesty',
  'hostile-names',
  'membership',
  'membership-options',
  'order',
  'ownership',
  'planted-objects',
  'preserve',
  'privilege',
  'role-locks',
  'scope',
  'take-over',
  'vanished-roles',
]

/**
 * The conformance suite at the lower ends of the peer ranges: whatever imports a peer, in this package or in those under
 * test, gets the one that is `-lowest` among the dependencies of this package.
 */
export default defineConfig({
  plugins: [
    {
      name: 'lowest-peers',
      enforce: 'pre',
      resolveId(id) {
        const lowest = id.replace(/^(effect|pg|postgres)(?=\/|$)/, '$1-lowest')
        return lowest === id ? undefined : this.resolve(lowest, fileURLToPath(import.meta.url))
      },
    },
  ],
  test: {
    ...config.test,
    include: ['src/conformance/*.test.ts', 'lowest/*.test.ts'],
    // What is planned is no concern of the peers.
    exclude: planned.map((name) => `src/conformance/${name}.test.ts`),
  },
})
