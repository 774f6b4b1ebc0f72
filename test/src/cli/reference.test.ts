import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { referenceTables } from '../../harness/command/reference.ts'
import { root } from '../../harness/pages.ts'

test.for(Object.entries(referenceTables()))(
  'the page about the command has the table of %s that help has',
  async ([, table]) => {
    const page = await readFile(join(root, 'docs/reference/command.md'), 'utf8')
    expect(page).toContain(`\n\n${table}\n\n`)
  },
)
