import {
  describeRoles,
  type DescribedRoles,
  hasDrift,
  planRoles,
  type Plan,
  type PrivilegeGrant,
} from '@pgsr/node-postgres'
import {
  desiredOf,
  parsePolicy,
  type Policy,
  policyData,
  PolicyError,
  policyFrom,
  renderPolicy,
  type RenderPolicyOptions,
} from '@pgsr/policy'
import { extname } from 'node:path'
import type pg from 'pg'
import type { ExitName } from '../command-line/exit-codes.ts'
import { serverAt } from '../connection/connect.ts'
import { describePlace } from '../connection/place.ts'
import { callOptions, type Context } from '../context.ts'
import { counted } from '../output/counted.ts'
import { reportOf } from '../output/report.ts'
import { withPools } from '../planned/make-plan.ts'
import { FileError } from '../policy-file/file-error.ts'
import { moduleExtensions } from '../policy-file/load.ts'
import { writeText } from '../policy-file/write.ts'
import { publicAccess } from './public-access.ts'

type Format = NonNullable<RenderPolicyOptions['format']>

const formatOf = (file: string): Format => {
  if (moduleExtensions.test(extname(file))) return 'module'
  if (/\.ya?ml$/i.test(file)) return 'yaml'
  throw new FileError(
    `cannot write ${file}: a policy is written as .yaml, or as a module that is called .mjs, .js or .ts`,
  )
}

/** Reads back what is written. A policy of any size can be written, but not all of them as YAML. */
const readBack = (text: string, file: string): Policy => {
  try {
    return parsePolicy(text, { file, format: 'yaml' })
  } catch (error) {
    if (!(error instanceof PolicyError) || !/module/.test(error.message)) throw error
    throw new FileError(`cannot write ${file}: a policy of this size would not be read as YAML`, {
      hint: 'pgsr import --out pgsr.mjs writes a module, which has no limit; --role writes fewer roles',
      cause: error,
    })
  }
}

/** The plan for what was written, read back as a user would. */
const planFor = async (context: Context, pool: pg.Pool, policy: Policy): Promise<Plan> => {
  // What is described has no passwords.
  return planRoles(
    pool,
    desiredOf(policy, () => ''),
    { ...policy.options, ...callOptions(context) },
  )
}

type Allowed = NonNullable<RenderPolicyOptions['allow']>[number]

/** What a policy has to allow, if it is refused because it does not. */
const allowedBy = (error: unknown): Allowed | undefined => {
  const { _tag, message = '' } = error as { readonly _tag?: string; readonly message?: string }
  if (_tag !== 'ForbiddenRoleError') return undefined
  return /\ballowSuperuser\b/.test(message)
    ? 'superusers'
    : /\ballowSelf\b/.test(message)
      ? 'self'
      : undefined
}

/** Writes a policy, and plans for it. It allows what it has to, since the user has named these roles. */
const writeAndPlan = async (
  context: Context,
  pool: pg.Pool,
  found: DescribedRoles,
  place: {
    readonly file: string
    readonly format: Format
    readonly database: string
    readonly everybody: readonly PrivilegeGrant[]
  },
  allow: readonly Allowed[] = [],
): Promise<{ readonly text: string; readonly plan: Plan; readonly allow: readonly Allowed[] }> => {
  const { file, format, database, everybody } = place
  const options = { databases: [database], allow }
  const text = renderPolicy(found, { ...options, public: everybody, format })
  const policy = format === 'module' ? policyFrom(policyData(found, options), { file }) : readBack(text, file)
  try {
    return { text, plan: await planFor(context, pool, policy), allow }
  } catch (error) {
    const more = allowedBy(error)
    if (more === undefined || allow.includes(more)) throw error
    return writeAndPlan(context, pool, found, place, [...allow, more].toSorted())
  }
}

/** What the file leaves unsaid. That a role is left out is no news of the roles that are in it. */
const unsaidIn = ({ unsaid }: DescribedRoles): readonly string[] =>
  unsaid.filter(({ reason }) => reason !== 'left out').map(({ message }) => message)

/** Writes a policy of the roles that there are. */
export const run = async (context: Context): Promise<ExitName> => {
  const { line, terminal } = context
  const server = serverAt(line.url)
  context.place = server.place
  const { database } = server.place
  const file = line.out ?? 'pgsr.yaml'
  const format = formatOf(file)
  terminal.progress(`reading ${describePlace(server.place)}`)
  const { described, everybody, text, plan, allow } = await withPools(server, [database], async (pools) => {
    const pool = pools[database]!
    const roles = line.roles.length === 0 ? 'all' : line.roles
    const found = await describeRoles(pool, { roles, ...callOptions(context) })
    const hasPublic = await publicAccess(context, pool)
    const place = { file, format, database, everybody: hasPublic }
    return {
      described: found,
      everybody: hasPublic,
      ...(await writeAndPlan(context, pool, found, place)),
    }
  })
  terminal.endProgress()
  if (line.out === undefined) terminal.answerExactly(text)
  else {
    await writeText(line.out, text, line.force, '--force writes over it')
    terminal.answer({
      text: `wrote ${line.out}: ${counted(described.desired.length, 'role')} of database ${JSON.stringify(database)}`,
      tone: 'gain',
    })
  }
  if (allow.length > 0)
    terminal.say({
      text: `it has allow: [${allow.join(', ')}], without which a plan for these roles is refused`,
      tone: 'warning',
    })
  if (everybody.length > 0)
    terminal.say({
      text: 'PUBLIC, and so every role, has more than a new database of PostgreSQL 15 gives it: a comment in the file says what, and how the policy would say it',
      tone: 'warning',
    })
  const unsaid = unsaidIn(described)
  if (unsaid.length > 0)
    terminal.say(
      { text: 'what a policy cannot say, or would change:', tone: 'warning' },
      ...unsaid.map((message) => ({ text: `  ${message}` })),
    )
  if (!hasDrift(plan)) {
    terminal.say({ text: 'a plan for it finds nothing to do' })
    return 'done'
  }
  terminal.say(
    { text: 'a plan for it is not empty:', tone: 'warning' },
    ...reportOf({ shown: plan, database, isLater: false, dropsAtLast: [] }, () => undefined).flatMap(
      ({ title, lines }) => [
        ...(title === undefined ? [] : [title]),
        ...lines.map((one) => ({ ...one, text: `  ${one.text}` })),
      ],
    ),
  )
  return 'remains'
}
