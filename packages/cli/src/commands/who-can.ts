import { renderWhoCan, whoCan } from '@pgsr/node-postgres'
import type { ExitName } from '../command-line/exit-codes.ts'
import { objectIn, privilegeIn } from '../command-line/object-text.ts'
import { readFrom } from './read-from.ts'
import { callOptions, type Context } from '../context.ts'
import { answerAccess } from '../output/answer.ts'

/** Lists who has a privilege on an object. */
export const run = async (context: Context): Promise<ExitName> => {
  const [privilegeText = '', objectText = ''] = context.line.needed
  const object = objectIn(objectText)
  const privilege = privilegeIn(privilegeText, object)
  const answer = await readFrom(context, (pool) => whoCan(pool, { privilege, object }, callOptions(context)))
  answerAccess(context, answer, renderWhoCan(answer))
  return 'done'
}
