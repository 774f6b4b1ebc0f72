import { describeName } from '../model/describe.ts'
import type { Grant } from '../model/grant.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import { type Plan, planFormat } from '../model/plan.ts'
import { askersOf, type Request } from '../model/request.ts'
import { getOrMake } from '../util/collections.ts'

const refuse = (field: string, problem: string): never => {
  throw new InvalidGrantError({ field, message: `cannot read the plan: ${problem}` })
}

/** The grants of a request, by role. */
const grantsByRole = (request: Request): ReadonlyMap<string, readonly Grant[]> =>
  new Map(request.kind === 'sync' ? askersOf(request).map(({ role, grants }) => [role, grants]) : [])

/**
 * Finds the index of a grant among those of its role; for a grant that the request does not have, the grant
 * itself. Grants are compared by their texts, since a copied plan has copies of them.
 */
const placesIn = (request: Request): ((role: string, grant: Grant) => number | Grant) => {
  const grants = grantsByRole(request)
  const places = new Map<string, Map<string, number>>()
  const known = new Map<Grant, string>()
  const textOf = (grant: Grant): string => getOrMake(known, grant, () => JSON.stringify(grant))
  return (role, grant) => {
    const all = getOrMake(
      places,
      role,
      () => new Map((grants.get(role) ?? []).map((one, index) => [textOf(one), index])),
    )
    return all.get(textOf(grant)) ?? grant
  }
}

/**
 * Writes a plan as JSON, for a reviewer to read and for {@link parsePlan} to read back. Each grant is written
 * once, in the request; operations name it by its index among the grants of its role.
 *
 * @example
 * const text = renderJson(plan)
 * const same = parsePlan(text)
 */
export const renderJson = (plan: Plan): string => {
  const placeOf = placesIn(plan.request)
  const withPlace = <T extends { readonly role: string; readonly grant: Grant | null }>(one: T) => ({
    ...one,
    grant: one.grant === null ? null : placeOf(one.role, one.grant),
  })
  const written = {
    ...plan,
    transactions: plan.transactions.map((operations) =>
      operations.map((operation) => ({ ...operation, reason: withPlace(operation.reason) })),
    ),
    skipped: plan.skipped.map(withPlace),
  }
  return JSON.stringify(written, null, 2)
}

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isListOfObjects = (value: unknown): value is readonly Fields[] =>
  Array.isArray(value) && value.every(isObject)

const isTransactions = (value: unknown): value is readonly (readonly Fields[])[] =>
  Array.isArray(value) && value.every(isListOfObjects)

const isRequest = (value: unknown): boolean =>
  isObject(value) &&
  (value['kind'] !== 'sync' ||
    (isObject(value['options']) &&
      isListOfObjects(value['desired']) &&
      value['desired'].every(({ grants }) => Array.isArray(grants))))

const listOfObjects = [isListOfObjects, 'an array of objects'] as const

/** What each part of a plan must be: a check, and the same in words. */
const parts: Readonly<Record<keyof Plan, readonly [isGood: (value: unknown) => boolean, expected: string]>> =
  {
    format: [(value) => value === planFormat, String(planFormat)],
    request: [isRequest, 'a request, with an array of grants for each desired role'],
    actingRole: [(value) => typeof value === 'string', 'the name of a role'],
    transactions: [isTransactions, 'an array of arrays of operations'],
    effects: listOfObjects,
    skipped: listOfObjects,
    residue: listOfObjects,
    kept: listOfObjects,
    throughPublic: listOfObjects,
    unmanaged: listOfObjects,
  }

/** The value of a JSON text, or a copy of plain data. */
const copied = (given: unknown): unknown => {
  try {
    return JSON.parse(typeof given === 'string' ? given : (JSON.stringify(given) ?? 'null'))
  } catch {
    return refuse('plan', typeof given === 'string' ? 'the text is not JSON' : 'it cannot be written as JSON')
  }
}

/** Puts a grant in the place of its index. */
const withGrant = (
  grants: ReadonlyMap<unknown, readonly Grant[]>,
  given: unknown,
  where: string,
): unknown => {
  if (!isObject(given)) return refuse('reason', `${where} has no reason`)
  const { role, grant } = given
  if (typeof grant !== 'number') return given
  const found = grants.get(role)?.[grant]
  return found === undefined
    ? refuse(
        'grant',
        `${where} names grant ${grant} of role ${describeName(String(role))}, which its request does not have`,
      )
    : { ...given, grant: found }
}

/**
 * Reads a plan back: the text that {@link renderJson} wrote, or what `JSON.parse` makes of it.
 * @throws InvalidGrantError if it is not a plan, or one of another format
 *
 * @example
 * const plan = parsePlan(await readFile('plan.json', 'utf8'))
 */
export const parsePlan = (given: unknown): Plan => {
  const plan = copied(given)
  if (!isObject(plan) || !('transactions' in plan))
    return refuse('plan', 'it is not a plan; was the await forgotten, or is the plan in the field plan?')
  if (plan['format'] !== planFormat)
    return refuse(
      'format',
      `it has format ${String(plan['format'])}, and this version of pgsr reads ${planFormat}; plan again`,
    )
  for (const [name, [isGood, expected]] of Object.entries(parts))
    if (!isGood(plan[name])) return refuse(name, `${name} must be ${expected}`)
  const unknown = Object.keys(plan).find((name) => !Object.hasOwn(parts, name))
  if (unknown !== undefined) return refuse(unknown, `unknown part ${JSON.stringify(unknown)}`)
  const checked = plan as unknown as Plan
  const { request, transactions, skipped } = checked
  const grants = grantsByRole(request)
  return {
    ...checked,
    transactions: transactions.map((operations, transaction) =>
      operations.map((operation, index) => ({
        ...operation,
        reason: withGrant(
          grants,
          operation.reason,
          `operation ${index + 1} of transaction ${transaction + 1}`,
        ),
      })),
    ) as unknown as Plan['transactions'],
    skipped: skipped.map((one, index) =>
      withGrant(grants, one, `skipped entry ${index + 1}`),
    ) as Plan['skipped'],
  }
}
