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
  const child = spawn(path, [vitest, 'run', '--config', configFor(version)], {
    cwd: testDirectory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PGSR_TEST_NODE: version },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [code] = (await once(child, 'close')) as [number | null]
  console.log(`\nOn Node ${version}:\n${output}`)
  return code === 0
}

const binaries = await nodeBinaries()
const failed: string[] = []
const waiting = [...binaries]
const testNext = async (): Promise<void> => {
  for (let binary = waiting.shift(); binary !== undefined; binary = waiting.shift())
    if (!(await passes(binary))) failed.push(binary.version)
}
// Two at a time: these tests mostly wait, for timeouts and for locks.
await Promise.all([testNext(), testNext()])

console.log(
  `What drivers have a part in was tested on Node ${binaries.map(({ version }) => version).join(', ')}`,
)
if (failed.length > 0) {
  console.log(`It failed on Node ${failed.join(', ')}`)
  process.exitCode = 1
}
