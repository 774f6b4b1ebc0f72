import { explain, renderExplanation } from '@pgsr/node-postgres'
import type { ExitName } from '../command-line/exit-codes.ts'
import { objectIn, privilegeIn } from '../command-line/object-text.ts'
import { readFrom } from './read-from.ts'
import { callOptions, type Context } from '../context.ts'
import { answerAccess } from '../output/answer.ts'
import { linkLine, linksOf } from '../output/asked-for.ts'
import { findDefault } from '../policy-file/find.ts'
import { loadPolicy } from '../policy-file/load.ts'
import { unlessInterrupted } from '../terminal/interruption.ts'

/** Says whether a role has a privilege, by which ways, and what of it the policy asks for. */
export const run = async (context: Context): Promise<ExitName> => {
  const { line, signal } = context
  const [role = '', privilegeText = '', objectText = ''] = line.needed
  const object = objectIn(objectText)
  const privilege = privilegeIn(privilegeText, object)
  const file = line.policy ?? (await findDefault())
  const policy = file === undefined ? undefined : await unlessInterrupted(signal, loadPolicy(file))
  const { explanation, database } = await readFrom(context, async (pool, name) => ({
    explanation: await explain(pool, { role, privilege, object }, callOptions(context)),
    database: name,
  }))
  const links = policy === undefined ? [] : linksOf(explanation, policy, database)
  const text = [
    renderExplanation(explanation).trimEnd(),
    ...(policy === undefined || links.length === 0
      ? []
      : ['', `what ${file} asks for of it`, ...links.map((link) => `  ${linkLine(link, file!)}`)]),
  ].join('\n')
  answerAccess(context, explanation, text, policy === undefined ? {} : { policy: { file, links } })
  return explanation.usable === true ? 'done' : 'lacks'
}
