import {
  describeObject,
  type ObjectName,
  renderWhoCan,
  Target,
  type WhoCan,
  whoCan,
} from '@pgsr/node-postgres'
import type pg from 'pg'
import type { ExitName } from '../command-line/exit-codes.ts'
import { objectIn, privilegeIn } from '../command-line/object-text.ts'
import { readFrom } from './read-from.ts'
import { callOptions, type Context } from '../context.ts'
import { answerAccess } from '../output/answer.ts'

/** The most roles that a line names. */
const mostRoles = 20

/** The schema of what has one. Columns are in the schema of their table. */
const schemaOf = ({ name: [schema, ...others] }: ObjectName) =>
  schema === undefined || others.length === 0 ? undefined : Target.schema(schema)

/** Says who has a privilege that is of no use, without USAGE on the schema. */
const withoutUsage = (answer: WhoCan, usage: WhoCan): readonly string[] => {
  if (usage.verdict === 'unknown' || usage.everybody.length > 0) return []
  const able = new Set(usage.roles.map(({ role }) => role))
  const holders = [answer, ...(answer.columns ?? [])]
  const lacking = [...new Set(holders.flatMap(({ roles }) => roles.map(({ role }) => role)))].filter(
    (role) => !able.has(role),
  )
  const everybody = holders.some((one) => one.everybody.length > 0)
    ? ['every role that has it only by PUBLIC, unless it has that USAGE']
    : []
  const named = lacking.slice(0, mostRoles).map((role) => `role ${JSON.stringify(role)}`)
  const more = lacking.length - named.length
  const all = [...everybody, ...named, ...(more > 0 ? [`${more} more roles`] : [])]
  if (all.length === 0) return []
  return [
    '',
    `cannot use it, without USAGE on ${describeObject(usage.object)}`,
    ...all.map((who) => `  ${who}`),
  ]
}

/** Lists who has a privilege on an object. */
export const run = async (context: Context): Promise<ExitName> => {
  const [privilegeText = '', objectText = ''] = context.line.needed
  const object = objectIn(objectText)
  const privilege = privilegeIn(privilegeText, object)
  const options = callOptions(context)
  const schema = context.line.format === 'text' ? schemaOf(object) : undefined
  const { answer, usage } = await readFrom(context, async (pool: pg.Pool) => ({
    answer: await whoCan(pool, { privilege, object }, options),
    usage: schema && (await whoCan(pool, { privilege: 'USAGE', object: schema }, { ...options, paths: 1 })),
  }))
  const notes = usage === undefined ? [] : withoutUsage(answer, usage)
  answerAccess(context, answer, [renderWhoCan(answer).trimEnd(), ...notes].join('\n'))
  return 'done'
}
