import { PolicyError, type Policy } from '@pgsr/policy'
import type { ExitName } from '../command-line/exit-codes.ts'
import type { Context } from '../context.ts'
import { counted } from '../output/counted.ts'
import { findPolicy } from '../policy-file/find.ts'
import { loadPolicy } from '../policy-file/load.ts'
import { describeReference } from '../policy-file/secrets.ts'
import { unlessInterrupted } from '../terminal/interruption.ts'

const inWords = (file: string, { desired, databases, secrets }: Policy): string => {
  const absent = desired.filter((one) => 'absent' in one).length
  const parts = [
    counted(desired.length - absent, 'role'),
    ...(absent === 0 ? [] : [`${absent} that should not exist`]),
    ...(databases === undefined ? [] : [`for ${databases.map((name) => JSON.stringify(name)).join(', ')}`]),
    ...(secrets.length === 0 ? [] : [`passwords from ${secrets.map(describeReference).join(', ')}`]),
  ]
  return `${file} is valid: ${parts.join(', ')}`
}

/** Checks a policy file without a database. */
export const run = async ({ line, terminal, signal }: Context): Promise<ExitName> => {
  const { argument, format } = line
  const file = await findPolicy(argument)
  try {
    const policy = await unlessInterrupted(signal, loadPolicy(file))
    if (format === 'json')
      terminal.answerExactly(JSON.stringify({ file, valid: true, problems: [] }, null, 2))
    else terminal.answer({ text: inWords(file, policy), tone: 'gain' })
    return 'done'
  } catch (error) {
    if (format !== 'json' || !(error instanceof PolicyError)) throw error
    terminal.answerExactly(JSON.stringify({ file, valid: false, problems: error.problems }, null, 2))
    return 'failed'
  }
}
