import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { packageOf } from './mutation.ts'
import { run } from './run.ts'

/** What tests say of the code that they are run on: the first that fails, if any does. */
export type Verdict = { readonly isRed: false } | { readonly isRed: true; readonly test: string }

/** The part of what vitest reports that is of interest here. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

/** A run that waits for what never comes is ended. */
const timeout = 300_000

const firstFailed = ({ testResults }: Report): string | undefined =>
  testResults.flatMap(({ assertionResults }) => assertionResults).find(({ status }) => status === 'failed')
    ?.fullName

const runOfPackage = async (
  directory: string,
  packageDirectory: string,
  tests: readonly string[],
): Promise<Verdict> => {
  const cwd = join(directory, packageDirectory)
  const reportFile = join(directory, 'mutation-report.json')
  await rm(reportFile, { force: true })
  const vitest = join(cwd, 'node_modules/vitest/vitest.mjs')
  const files = tests.map((test) => join(directory, test))
  const { ok, isLate, output } = await run(
    process.execPath,
    [vitest, 'run', '--bail=1', '--reporter=json', `--outputFile=${reportFile}`, ...files],
    { cwd, timeout, env: { PGSR_TEST_MAJORS: '18', ...process.env } },
  )
  if (ok) return { isRed: false }
  if (isLate) return { isRed: true, test: 'none that fails, but they do not end' }
  const report = await readFile(reportFile, 'utf8').catch(() => '{ "testResults": [] }')
  const test = firstFailed(JSON.parse(report) as Report)
  if (test === undefined) throw new Error(`no test failed, and yet the tests did not pass\n${output}`)
  return { isRed: true, test }
}

/** Runs test files in a copy of the working tree, until one test is red. */
export const runTests = async (directory: string, tests: readonly string[]): Promise<Verdict> => {
  for (const packageDirectory of new Set(tests.map(packageOf))) {
    const own = new Set(tests.filter((test) => packageOf(test) === packageDirectory))
    const verdict = await runOfPackage(directory, packageDirectory, [...own])
    if (verdict.isRed) return verdict
  }
  return { isRed: false }
}
