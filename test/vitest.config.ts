import { defineConfig } from 'vitest/config'
import { LongestFirst } from './harness/longest-first.ts'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    setupFiles: ['harness/seed.ts'],
    globalSetup: ['vitest.global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
    // Tests wait for servers, so that two processors have work for three.
    maxWorkers: 3,
    // Without isolation a worker loads everything once, which is a good part of the time.
    isolate: false,
    slowTestThreshold: 10_000,
  },
})
