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

/** Who has a privilege that is of no use without USAGE on the schema. */
interface WithoutUsage {
  readonly schema: ObjectName
  readonly roles: readonly string[]
  /** Whether a role that has the privilege only by PUBLIC may be one of them, too. */
  readonly everybody: boolean
}

const withoutUsage = (answer: WhoCan, usage: WhoCan): WithoutUsage | undefined => {
  if (usage.verdict === 'unknown' || usage.everybody.length > 0) return undefined
  const able = new Set(usage.roles.map(({ role }) => role))
  const holders = [answer, ...(answer.columns ?? [])]
  const roles = [...new Set(holders.flatMap((one) => one.roles.map(({ role }) => role)))].filter(
    (role) => !able.has(role),
  )
  const everybody = holders.some((one) => one.everybody.length > 0)
  return roles.length > 0 || everybody ? { schema: usage.object, roles, everybody } : undefined
}

const inWords = ({ schema, roles, everybody }: WithoutUsage): readonly string[] => {
  const named = roles.slice(0, mostRoles).map((role) => `role ${JSON.stringify(role)}`)
  const more = roles.length - named.length
  const all = [
    ...(everybody ? ['every role that has it only by PUBLIC, unless it has that USAGE'] : []),
    ...named,
    ...(more > 0 ? [`${more} more roles`] : []),
  ]
  return ['', `cannot use it, without USAGE on ${describeObject(schema)}`, ...all.map((who) => `  ${who}`)]
}

/** Pictures do not say who lacks USAGE. */
const sayingUsage: ReadonlySet<string> = new Set(['text', 'json'])

/** Lists who has a privilege on an object. */
export const run = async (context: Context): Promise<ExitName> => {
  const [privilegeText = '', objectText = ''] = context.line.needed
  const object = objectIn(objectText)
  const privilege = privilegeIn(privilegeText, object)
  const options = callOptions(context)
  const schema = sayingUsage.has(context.line.format) ? schemaOf(object) : undefined
  const { answer, usage } = await readFrom(context, async (pool: pg.Pool) => ({
    answer: await whoCan(pool, { privilege, object }, options),
    usage: schema && (await whoCan(pool, { privilege: 'USAGE', object: schema }, { ...options, paths: 1 })),
  }))
  const lacking = usage && withoutUsage(answer, usage)
  const lines = lacking === undefined ? [] : inWords(lacking)
  answerAccess(
    context,
    answer,
    [renderWhoCan(answer).trimEnd(), ...lines].join('\n'),
    lacking && { withoutUsage: lacking },
  )
  return 'done'
}
