import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type Mutation, mutations } from './mutation.ts'
import { runTests } from './tests.ts'
import { checkTexts, copyOf, type WorkingCopy } from './working-copy.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

const interrupted = new AbortController()

// Ctrl-C reaches the tests as well, which end; then the copy is removed.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    process.exitCode = 128 + constants.signals[signal]
    interrupted.abort()
  })

/** Those with one of the words in their names that the command line has; without any, all. */
const wantedMutations = (): readonly Mutation[] => {
  const words = process.argv.slice(2)
  const wanted = mutations.filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  )
  if (wanted.length === 0) throw new Error(`no mutation has ${words.join(' or ')} in its name`)
  return wanted
}

/** What is red anyway tells nothing of a mutation. */
const demandGreen = async ({ directory }: WorkingCopy, wanted: readonly Mutation[]): Promise<void> => {
  const verdict = await runTests(
    directory,
    wanted.flatMap(({ tests }) => tests),
  )
  if (verdict.isRed) throw new Error(`the tests are red without any mutation: ${verdict.test}`)
}

/** Runs the mutations, a row of the table for each, and gives back those that no test saw. */
const surviving = async (copy: WorkingCopy, wanted: readonly Mutation[]): Promise<readonly Mutation[]> => {
  const width = Math.max(...wanted.map(({ name }) => name.length))
  const survivors: Mutation[] = []
  console.log(`${'mutation'.padEnd(width)}  outcome    time  test`)
  for (const mutation of wanted) {
    interrupted.signal.throwIfAborted()
    const start = performance.now()
    const verdict = await copy.broken(mutation, () => runTests(copy.directory, mutation.tests))
    const time = `${Math.round((performance.now() - start) / 1000)} s`.padStart(6)
    if (!verdict.isRed) survivors.push(mutation)
    const outcome = verdict.isRed ? `red       ${time}  ${verdict.test}` : `SURVIVED  ${time}`
    console.log(`${mutation.name.padEnd(width)}  ${outcome}`)
  }
  return survivors
}

const main = async (): Promise<void> => {
  const wanted = wantedMutations()
  await checkTexts(root, wanted)
  const copy = await copyOf(root)
  try {
    console.log('First, the tests without any mutation …')
    await demandGreen(copy, wanted)
    const survivors = await surviving(copy, wanted)
    console.log(`\n${wanted.length - survivors.length} red, ${survivors.length} survived`)
    if (survivors.length > 0) process.exitCode = 1
  } finally {
    await copy.remove()
  }
}

await main().catch((error: unknown) => {
  if (interrupted.signal.aborted) return
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
