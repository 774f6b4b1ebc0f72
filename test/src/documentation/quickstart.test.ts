import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const program = fileURLToPath(new URL('../../dist/quickstart/main.js', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Runs the quickstart with a temporary directory of its own, and interrupts it as soon as it prints `until`. */
const run = async (directory: string, until?: string): Promise<Ended> => {
  const child = spawn(process.execPath, [program], { env: { ...process.env, TMPDIR: directory } })
  let output = ''
  let errors = ''
  let interrupted = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (until === undefined || interrupted || !output.includes(until)) return
    interrupted = true
    child.kill('SIGINT')
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, output, errors }
}

describe('the quickstart', () => {
  let directory: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pgsr-quickstart-'))
    await chmod(directory, 0o755) // for `nobody`, as whom root runs the server
  })

  afterEach(() => rm(directory, { recursive: true, force: true }))

  test('shows a plan, executes it, undoes it, and leaves nothing behind', async () => {
    const { code, output, errors } = await run(directory)
    expect(errors).toBe('')
    expect(code).toBe(0)
    const inOrder = [
      "Grant.tableSelect('sales', /^orders_/),",
      'GRANT SELECT ON TABLE "sales"."customers" TO "analyst";',
      '-- here pgsr sets the password of role "alice"',
      'changed: true, 26 operations.',
      'changed: false, and to find that out took 1 round trip.',
      'With a wrong password: password authentication failed for user "alice".',
      'alice=> select id, item, price from sales.orders_2026 order by id;',
      '2  | lens    | 480',
      'Ada   | B2',
      'ERROR:  permission denied for table employees',
      '-- "analyst": no grant asks for SELECT on table "sales"."orders_2026"',
      'alice=> select id, item, price from sales.orders_2026 order by id;',
      'ERROR:  permission denied for table orders_2026',
      'Fjord & Co     | NO',
      'ALTER ROLE "alice" NOLOGIN PASSWORD NULL;',
      'ERROR:  permission denied for schema hr',
      'And a new one she does not get: password authentication failed for user "alice".',
      `Nothing is left of ${directory}`,
    ]
    let from = 0
    for (const text of inOrder) {
      const at = output.indexOf(text, from)
      expect(at, `${text}\nis not where it should be in\n${output}`).toBeGreaterThanOrEqual(from)
      from = at + text.length
    }
    expect(output).not.toContain('\u001B')
    expect(
      output
        .replaceAll(directory, '/tmp')
        .split('\n')
        .filter((line) => line.length > 110),
    ).toEqual([])
    await expect(readdir(directory)).resolves.toEqual([])
  })

  test('cleans up when it is interrupted', async () => {
    const { code, output, errors } = await run(directory, '1. Start')
    expect(errors).toBe('')
    expect(output).toContain('Stopped. Nothing is left behind.')
    expect(code).toBe(130)
    await expect(readdir(directory)).resolves.toEqual([])
  })

  test('says why it fails, and cleans up', async () => {
    const tooLong = join(directory, 'a'.repeat(100))
    await mkdir(tooLong)
    const { code, errors } = await run(tooLong)
    expect(errors).toContain('cannot start PostgreSQL 18')
    expect(code).toBe(1)
    await expect(readdir(tooLong)).resolves.toEqual([])
  })
})
