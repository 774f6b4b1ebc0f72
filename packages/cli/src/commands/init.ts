import type { ExitName } from '../command-line/exit-codes.ts'
import type { Context } from '../context.ts'
import { FileError } from '../policy-file/file-error.ts'
import { findDefault } from '../policy-file/find.ts'
import { starter } from '../policy-file/starter.ts'
import { writeText } from '../policy-file/write.ts'

/** Writes a first policy file. */
export const run = async ({ line, terminal }: Context): Promise<ExitName> => {
  const { argument } = line
  const there = argument === undefined ? await findDefault() : undefined
  if (there !== undefined)
    throw new FileError(`cannot write a first policy file: there is ${there}`, {
      hint: 'add roles to that one, or write another: pgsr init first.yaml',
    })
  const file = argument ?? 'pgsr.yaml'
  if (!/\.ya?ml$/i.test(file))
    throw new FileError(`cannot write ${file}: the first file is YAML, so that its name ends with .yaml`)
  await writeText(
    file,
    starter,
    false,
    'pgsr init never writes over a file; name another, or add roles to this one',
  )
  terminal.answer({ text: `wrote ${file}`, tone: 'gain' })
  terminal.say(
    { text: 'next: name your roles there, and run pgsr to see what would change' },
    { text: 'or:   pgsr import --out roles.yaml writes down the roles that a database has' },
  )
  return 'done'
}
