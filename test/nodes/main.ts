import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type NodeBinary, nodeBinaries, testDirectory } from './binaries.ts'

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')

/** The oldest Node meets the oldest peers. */
const configFor = (version: string): string =>
  `${version.startsWith('20.') ? 'lowest' : 'nodes'}/vitest.config.ts`

const passes = async ({ path, version }: NodeBinary): Promise<boolean> => {
  console.log(`\nOn Node ${version}:`)
  const child = spawn(path, [vitest, 'run', '--config', configFor(version)], {
    cwd: testDirectory,
    stdio: 'inherit',
    env: { ...process.env, PGSR_TEST_NODE: version },
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return code === 0
}

const binaries = await nodeBinaries()
const failed: string[] = []
for (const binary of binaries) if (!(await passes(binary))) failed.push(binary.version)

console.log(
  `What drivers have a part in was tested on Node ${binaries.map(({ version }) => version).join(', ')}`,
)
if (failed.length > 0) {
  console.log(`It failed on Node ${failed.join(', ')}`)
  process.exitCode = 1
}
