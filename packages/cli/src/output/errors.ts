import { type AccessPath, AssertionsError, type BrokenAssertion, describePath } from '@pgsr/planner'
import { inspect } from 'node:util'
import { describePlace, type Place } from '../connection/place.ts'
import type { Line } from '../terminal/line.ts'

/** What errors of pgsr may have besides a message. */
interface Told {
  readonly _tag?: string
  readonly hint?: string
  /** What of the request is wrong. */
  readonly field?: string
  readonly message: string
  readonly outcome?: 'unchanged' | 'unknown'
  readonly operation?: string
  readonly sqlState?: string
  readonly cause?: { readonly detail?: string; readonly hint?: string }
  readonly problems?: readonly unknown[]
  readonly difference?: {
    readonly missing?: readonly { readonly part: string; readonly message: string }[]
    readonly unexpected?: readonly { readonly part: string; readonly message: string }[]
  }
}

const isTold = (error: unknown): error is Told =>
  typeof error === 'object' && error !== null && typeof (error as { message?: unknown }).message === 'string'

const indented = (text: string): Line => ({ text: `  ${text}` })

/** What the library calls an option, and how that is said to the command. */
const otherWords: readonly (readonly [RegExp, string])[] = [
  [/\ballowSuperuser\b/, 'in the policy file: allow: [superusers]'],
  [/\ballowSelf\b/, 'in the policy file: allow: [self]'],
  [/\(lockTimeout is \d/, '--lock-timeout SECONDS waits for longer'],
  [/\btimeout of \d+ milliseconds exceeded\b/, '--timeout SECONDS gives it more time'],
]

const inOtherWords = (message: string): readonly Line[] =>
  otherWords.flatMap(([said, hint]) => (said.test(message) ? [indented(hint)] : []))

/** What the driver says if it has no password to send, and what that means. */
const noPassword = /\bSASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be .*/

const inOurWords = (message: string): string =>
  message.replace(noPassword, 'the server asks for a password, and there is none')

/** What one could do about a connection that fails. */
const connectionAdvice: readonly (readonly [RegExp, string])[] = [
  [
    noPassword,
    'PGPASSWORD can have it, or a line in ~/.pgpass, or the URL: postgres://user:password@host:5432/database',
  ],
  [
    /\bECONNREFUSED\b|\bENOENT\b|\bENOTFOUND\b/,
    '--url URL says where a server is, or PGHOST, PGPORT, PGUSER and PGDATABASE do',
  ],
  [
    /\bself.signed certificate\b|\bunable to (verify the first|get (local )?issuer) certificate\b/,
    'PGSSLROOTCERT=FILE names the certificate of the authority that has signed the one of the server; in a URL it is ?sslrootcert=FILE',
  ],
]

const onConnection = (message: string): readonly Line[] =>
  connectionAdvice.flatMap(([said, advice]) => (said.test(message) ? [indented(advice)] : []))

/** Whether an error is about the connection, so that it helps to know where it was to. */
const isOfConnection = ({ _tag, operation, sqlState }: Told): boolean =>
  _tag === 'DatabaseError' &&
  (operation === 'connect' || sqlState === undefined || /^(08|28|3D|57P)/.test(sqlState))

const ofPolicy = ({ problems = [], message }: Told): readonly Line[] => [
  {
    text: `error: the policy has ${problems.length === 1 ? 'an error' : `${problems.length} errors`}`,
    tone: 'error',
  },
  ...message.split('\n').map(indented),
]

const ofChangedPlan = ({ message, difference }: Told): readonly Line[] => {
  const { missing = [], unexpected = [] } = difference ?? {}
  const differences = [
    ...missing.map((one) => `no longer in its ${one.part}: ${one.message}`),
    ...unexpected.map((one) => `new in its ${one.part}: ${one.message}`),
  ]
  return [
    { text: `error: ${message.split(';')[0]!}`, tone: 'error' },
    ...[...new Set(differences)].map(indented),
    indented('plan and review again'),
  ]
}

/** How many ways are shown of each assertion. More would not help to find the first that is wrong. */
const mostWays = 10

/** An assertion that does not hold, with the ways that break it. */
const ofBroken = (
  { message, index, everybody, roles }: BrokenAssertion,
  placeOf: PlaceOfAssertion,
): readonly Line[] => {
  const from = placeOf(index)
  const ways = [
    ...everybody.map((path) => describePath(path)),
    ...roles.flatMap(({ paths, afterSetRole }) => [
      ...paths.map((path: AccessPath) => describePath(path)),
      ...afterSetRole.map((path) => `after SET ROLE: ${describePath(path)}`),
    ]),
  ]
  const more = ways.length - mostWays
  return [
    { ...indented(message), ...(from !== undefined && { from }) },
    ...ways.slice(0, mostWays).map((way) => indented(`  ${way}`)),
    ...(more > 0 ? [indented(`  and ${more} more ways`)] : []),
  ]
}

const ofBrokenAssertions = ({ broken }: AssertionsError, placeOf: PlaceOfAssertion): readonly Line[] => [
  {
    text: `error: ${broken.length === 1 ? 'an assertion' : `${broken.length} assertions`} would not hold`,
    tone: 'error',
  },
  ...broken.flatMap((one) => ofBroken(one, placeOf)),
]

/** Where the policy asserts something, by the index of the assertion. */
type PlaceOfAssertion = (index: number) => string | undefined

/** An error as a block of lines that people read. It never has a stack, nor a password. */
export const describeError = (
  error: unknown,
  place: Place | undefined,
  placeOfAssertion: PlaceOfAssertion = () => undefined,
): readonly Line[] => {
  if (error instanceof AssertionsError) return ofBrokenAssertions(error, placeOfAssertion)
  if (!isTold(error)) return [{ text: `error: ${String(error)}`, tone: 'error' }]
  if (error._tag === 'PolicyError') return ofPolicy(error)
  if (error._tag === 'PlanChangedError') return ofChangedPlan(error)
  const { detail, hint } = error.cause ?? {}
  const [, index] = /^assertions\[(\d+)\]$/.exec(error.field ?? '') ?? []
  const from = index === undefined ? undefined : placeOfAssertion(Number(index))
  return [
    { text: `error: ${inOurWords(error.message)}`, tone: 'error', ...(from !== undefined && { from }) },
    ...(isOfConnection(error) && place !== undefined
      ? [indented(`it was to be ${describePlace(place)}`)]
      : []),
    ...(isOfConnection(error) ? onConnection(error.message) : []),
    ...(typeof detail === 'string' ? [indented(`detail: ${detail}`)] : []),
    ...(typeof hint === 'string' ? [indented(`hint: ${hint}`)] : []),
    ...(error.outcome === 'unknown'
      ? [indented('everything has been done in this database, or nothing: pgsr plan says which')]
      : []),
    ...(typeof error.hint === 'string' ? [indented(error.hint)] : []),
    ...inOtherWords(error.message),
    ...(error._tag === undefined
      ? [indented('this may be a bug in pgsr; --debug shows where it comes from')]
      : []),
  ]
}

/** Where an error comes from, for `--debug`: the stacks of it and of its causes. */
export const stacksOf = (error: unknown): readonly Line[] => {
  const lines: Line[] = []
  for (let one: unknown = error; one instanceof Error; one = one.cause)
    lines.push(
      ...(one.stack ?? inspect(one.message)).split('\n').map((text): Line => ({ text, tone: 'faint' })),
    )
  return lines
}
