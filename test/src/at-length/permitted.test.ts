import { describe, expect, inject, test } from 'vitest'
import { findPermitted } from '../../permitted/permitted.ts'

const seed = Number(process.env.PGSR_TEST_SEED ?? 1)

// `npm run permitted` does the same with hundreds of worlds.
describe.for(inject('servers'))('$name', (server) => {
  test('the acting role could not have done what plans leave undone', { timeout: 300_000 }, async () => {
    const tag = `w${process.pid.toString(36)}_${server.version}`
    const { findings, goals } = await findPermitted({ server, tag, seed: seed + server.version, worlds: 5 })
    expect(findings).toEqual([])
    expect(goals).toBeGreaterThan(0)
  })
})
