import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import config from '../vitest.config.ts'

// How a driver behaves does not depend on the server's version.
process.env.PGSR_TEST_MAJORS ??= '18'

const planned = [
  'acting-role/act-as',
  'acting-role/acting-role',
  'calls/role-locks',
  'intermediate-roles/delegates',
  'intermediate-roles/drop-unused-roles',
  'intermediate-roles/take-over',
  'memberships/membership',
  'memberships/membership-options',
  'names/exact-names',
  'names/hostile-names',
  'names/planted-objects',
  'ownership/caretaker',
  'ownership/ownership',
  'plans/order',
  'plans/scope',
  'plans/what-a-plan-reports',
  'privileges/*',
  'roles/attribute',
  'roles/vanished-roles',
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
    include: [
      'src/conformance/**/*.test.ts',
      'src/drivers/{connection,effect}.test.ts',
      'lowest/*.test.ts',
      ...(process.env.PGSR_TEST_NODE === undefined ? [] : ['nodes/*.test.ts']),
    ],
    // What is planned does not depend on the peers.
    exclude: planned.map((name) => `src/conformance/${name}.test.ts`),
  },
})
