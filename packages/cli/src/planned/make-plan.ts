import {
  type AbsentRole,
  type ExecutePlanOptions,
  type Grant,
  operationsOf,
  type Plan,
  planDatabases,
  planRoles,
} from '@pgsr/node-postgres'
import { desiredOf, type Policy, type PolicyRole, type Position } from '@pgsr/policy'
import type pg from 'pg'
import { checkDatabases } from '../connection/check-databases.ts'
import type { Server } from '../connection/connect.ts'
import { describePlace } from '../connection/place.ts'
import { callOptions, type Context } from '../context.ts'
import { readSecrets, referenceKey, type Secrets } from '../policy-file/secrets.ts'
import { rolesNotNamed } from './not-named.ts'
import type { NotAtHand, PlaceOf, Planned, PlannedAssertion, PlannedDatabase } from './planned.ts'

/** Stands for a password that is not at hand. It is never sent: a plan that sets passwords is only executed with them. */
const placeholder = 'a password that is not at hand'

/** The databases of a policy, each of which is planned for. `undefined` is the one that the connection is to. */
export const databasesOf = ({ databases }: Policy): readonly (string | undefined)[] =>
  databases ?? [undefined]

const isAbsent = (one: PolicyRole | AbsentRole): one is AbsentRole => 'absent' in one

/** A password that is not at hand is planned only for a role that has none: whether it is another cannot be known. */
const asInitial = (grant: Grant): Grant =>
  grant.kind === 'attribute' && grant.attribute === 'LOGIN' && typeof grant.password === 'object'
    ? { ...grant, initial: true }
    : grant

/** The roles of a policy, with those passwords that are at hand. */
const desiredWith = (policy: Policy, secrets: Secrets): readonly (PolicyRole | AbsentRole)[] => {
  const isMissing = (role: string): boolean => {
    const reference = policy.passwords.get(role)
    return reference !== undefined && secrets.missing.has(referenceKey(reference))
  }
  return desiredOf(policy, (reference) => secrets.at.get(referenceKey(reference)) ?? placeholder).map((one) =>
    isAbsent(one) || !isMissing(one.role) ? one : { ...one, grants: one.grants.map(asInitial) },
  )
}

/** The roles as one database has them. */
const inOneDatabase = (desired: readonly (PolicyRole | AbsentRole)[], database: string) =>
  desired.map((one) => {
    if (isAbsent(one)) return one
    const { in: more, ...role } = one
    const its = more !== undefined && Object.hasOwn(more, database) ? more[database]! : []
    return { ...role, grants: [...role.grants, ...its] }
  })

/** A grant as the policy has it. */
const asInPolicy = (grant: Grant | null): Grant | null => {
  if (grant === null || !('initial' in grant)) return grant
  const { initial: _, ...rest } = grant
  return rest
}

const textOfPlace = (place: Position | undefined): string | undefined =>
  place === undefined ? undefined : [place.file, place.line].filter((part) => part !== undefined).join(':')

/** Where the policy asks for something; for what it does not say by itself, where the role is. */
export const placesOf =
  ({ lineOf }: Policy): PlaceOf =>
  (role, grant) => {
    return textOfPlace(lineOf(role, grant) ?? lineOf(role, asInPolicy(grant)) ?? lineOf(role, null))
  }

/** Opens a pool for each database, and closes them all when the work is done. */
export const withPools = async <T>(
  server: Server,
  databases: readonly (string | undefined)[],
  work: (pools: Readonly<Record<string, pg.Pool>>) => Promise<T>,
): Promise<T> => {
  const names = databases.map((name = server.place.database) => name)
  const pools = names.map((name) => [name, server.open(name)] as const)
  try {
    return await work(Object.fromEntries(pools))
  } finally {
    // A connection that does not answer any more is not waited for: the process ends anyway.
    void Promise.allSettled(pools.map(([, pool]) => pool.end()))
  }
}

const assertionsIn = ({ assertions, lineOfAssertion }: Policy): readonly PlannedAssertion[] =>
  assertions.map((assertion, index) => {
    const place = textOfPlace(lineOfAssertion(index))
    return { assertion, ...(place !== undefined && { place }) }
  })

/** The option that has assertions checked. Without one, what decides about access of others is not read. */
export const assertionOptions = (
  assertions: readonly PlannedAssertion[],
): Pick<ExecutePlanOptions, 'assertions'> =>
  assertions.length === 0 ? {} : { assertions: assertions.map(({ assertion }) => assertion) }

const planIn = async (
  context: Context,
  policy: Policy,
  desired: readonly (PolicyRole | AbsentRole)[],
  pools: Readonly<Record<string, pg.Pool>>,
): Promise<readonly PlannedDatabase[]> => {
  const options = { ...policy.options, ...assertionOptions(assertionsIn(policy)), ...callOptions(context) }
  const [[database, pool] = [], ...others] = Object.entries(pools)
  if (database !== undefined && pool !== undefined && others.length === 0) {
    const plan: Plan = await planRoles(pool, inOneDatabase(desired, database), options)
    return [{ database, plan }]
  }
  const plans = await planDatabases(pools, desired, options)
  return Object.entries(plans).map(([name, of]) => ({ database: name, ...of }))
}

/** The roles that should have a password only if they have none, with which nothing is compared. */
const initialIn = ({ desired }: Policy): ReadonlySet<string> =>
  new Set(
    desired.flatMap((one) =>
      !isAbsent(one) && one.grants.some((grant) => 'initial' in grant && grant.initial) ? [one.role] : [],
    ),
  )

/** The passwords that are not at hand and make a difference. */
const notAtHandIn = (
  policy: Policy,
  { missing }: Secrets,
  databases: readonly PlannedDatabase[],
): readonly NotAtHand[] => {
  const initial = initialIn(policy)
  const set = new Set(
    databases.flatMap(({ plan }) =>
      operationsOf(plan).flatMap((one) => (one.kind === 'setPassword' ? [one.role] : [])),
    ),
  )
  return [...policy.passwords].flatMap(([role, reference]) => {
    const why = missing.get(referenceKey(reference))
    const isSet = set.has(role)
    return why === undefined || (!isSet && initial.has(role)) ? [] : [{ role, why, isSet }]
  })
}

/**
 * Plans what a policy asks for. It only reads.
 * @throws UsageError if `--url` names another database
 */
export const makePlan = async (
  context: Context,
  policy: Policy,
  policyFile: string,
  server: Server,
  { secrets, listsNotNamed = false }: { readonly secrets?: Secrets; readonly listsNotNamed?: boolean },
): Promise<Planned> => {
  const assertions = assertionsIn(policy)
  if (policy.databases !== undefined)
    checkDatabases(
      context.terminal,
      server,
      policy.databases,
      'policy',
      `leave the database out of --url, or add it to databases in ${policyFile}`,
    )
  context.placeOfAssertion = (index) => assertions[index]?.place
  const known = secrets ?? (await readSecrets(policy.secrets, policyFile))
  const databases = databasesOf(policy)
  const [first = server.place.database] = databases
  const more = databases.length > 1 ? ` and ${databases.length - 1} more` : ''
  context.terminal.progress(`reading ${describePlace({ ...server.place, database: first })}${more}`)
  const { planned, notNamed } = await withPools(server, databases, async (pools) => ({
    planned: await planIn(context, policy, desiredWith(policy, known), pools),
    notNamed: listsNotNamed ? await rolesNotNamed(Object.values(pools)[0]!, policy) : [],
  }))
  context.terminal.endProgress()
  return {
    policyFile,
    databases: planned,
    passwords: policy.passwords,
    notAtHand: notAtHandIn(policy, known, planned),
    placeOf: placesOf(policy),
    notNamed,
    assertions,
  }
}
