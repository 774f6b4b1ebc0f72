import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    setupFiles: ['harness/seed.ts'],
    globalSetup: ['vitest.global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One more than there are processors at least: tests wait for servers, and servers for tests.
    maxWorkers: 3,
    // Without isolation a worker loads everything once, which is a good part of the time.
    isolate: false,
    slowTestThreshold: 10_000,
  },
})
