import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import config from '../vitest.config.ts'

// How a driver behaves does not depend on the server's version.
process.env.PGSR_TEST_MAJORS ??= '18'

const planned = [
  'access/*',
  'acting-role/*',
  'calls/role-locks',
  'intermediate-roles/*',
  'memberships/*',
  'names/exact-names',
  'names/hostile-names',
  'ownership/*',
  'plans/!(execute-plan)',
  'privileges/!(every-kind)',
  'roles/!(login|hashed-by-server|properties)',
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
