import { type Assertion, type Grant, parsePlan, type Plan, renderJson } from '@pgsr/node-postgres'
import type { SecretReference } from '@pgsr/policy'
import { FileError } from '../policy-file/file-error.ts'
import { type Fields, isObject } from '../policy-file/is-plan-file.ts'
import {
  exitOf,
  type NotAtHand,
  type PlaceOf,
  type Planned,
  type PlannedAssertion,
  type PlannedDatabase,
} from './planned.ts'

/** The version of the format. */
const format = 1

/** Where the policy asks for the grants of a role, and for the role itself. */
interface Places {
  readonly role?: string
  readonly grants: readonly (string | null)[]
}

/** The grants of a plan by role, as it numbers them; those of PUBLIC under `public`. */
const grantsIn = ({ request }: Plan): readonly (readonly [role: string, grants: readonly Grant[]])[] =>
  request.kind === 'sync'
    ? [
        ...request.desired.map(({ role, grants }) => [role, grants] as const),
        ...(request.options.public === undefined ? [] : [['public', request.options.public] as const]),
      ]
    : []

const writePlaces = (plan: Plan, placeOf: PlaceOf): Readonly<Record<string, Places>> =>
  Object.fromEntries(
    grantsIn(plan).map(([name, grants]): readonly [string, Places] => {
      const role = placeOf(name, null)
      return [
        name,
        {
          ...(role !== undefined && { role }),
          grants: grants.map((grant) => placeOf(name, grant) ?? null),
        },
      ]
    }),
  )

const writePlan = (plan: Plan, placeOf: PlaceOf) => ({
  plan: JSON.parse(renderJson(plan)) as unknown,
  places: writePlaces(plan, placeOf),
})

/** Writes what is planned, for a reviewer and for {@link readPlanFile}. It has no passwords, but says where they are. */
export const renderPlanFile = (planned: Planned): string => {
  const { policyFile, databases, passwords, notAtHand, placeOf, assertions } = planned
  const written = {
    pgsr: 'plan',
    format,
    ...(policyFile !== undefined && { policy: policyFile }),
    state: exitOf(planned),
    passwords: Object.fromEntries(passwords),
    notAtHand,
    ...(assertions.length > 0 && { assertions }),
    databases: databases.map(({ database, plan, absent }) => ({
      database,
      ...writePlan(plan, placeOf),
      ...(absent !== undefined && { absent: writePlan(absent, placeOf) }),
    })),
  }
  return `${JSON.stringify(written, null, 2)}\n`
}

/** A reader of one file, all of whose errors say which file it is. */
const readerOf = (path: string) => {
  const refuse = (problem: string): never => {
    throw new FileError(`cannot read the plan in ${path}: ${problem}`, {
      hint: 'pgsr plan --out plan.json saves a plan',
    })
  }
  const object = (value: unknown, what: string): Fields =>
    isObject(value) ? value : refuse(`${what} is not an object`)
  const text = (value: unknown, what: string): string =>
    typeof value === 'string' ? value : refuse(`${what} is not a text`)
  return { refuse, object, text }
}

type Reader = ReturnType<typeof readerOf>

const readReference = ({ refuse, object }: Reader, given: unknown): SecretReference => {
  const { env, file } = object(given, 'a password')
  if (typeof env === 'string') return { env }
  return typeof file === 'string' ? { file } : refuse('it does not say where a password is')
}

/** What was not at hand when the plan was made. */
const readNotAtHand = ({ refuse, object, text }: Reader, given: unknown): readonly NotAtHand[] =>
  Array.isArray(given)
    ? given.map((one: unknown): NotAtHand => {
        const { role, why, isSet } = object(one, 'a password that was not at hand')
        return { role: text(role, 'the name of a role'), why: text(why, 'a reason'), isSet: isSet === true }
      })
    : refuse('its passwords that were not at hand are not a list')

/** What the assertions say is checked when the plan is executed. */
const readAssertions = ({ refuse, object }: Reader, given: unknown): readonly PlannedAssertion[] =>
  Array.isArray(given)
    ? given.map((one: unknown): PlannedAssertion => {
        const { assertion, place } = object(one, 'an assertion')
        return { assertion: assertion as Assertion, ...(typeof place === 'string' && { place }) }
      })
    : refuse('its assertions are not a list')

const readPlan = (path: string, { object }: Reader, given: unknown): Plan => {
  try {
    return parsePlan(object(given, 'a plan'))
  } catch (error) {
    if (error instanceof FileError) throw error
    throw new FileError(`${(error as Error).message} (in ${path})`, { cause: error })
  }
}

const keyOf = (role: string, grant: Grant | null): string => JSON.stringify([role, grant])

/** Finds the place of a grant again. Grants are compared by their texts. */
const placesIn = (all: readonly (readonly [Plan, unknown])[]): PlaceOf => {
  const found = new Map<string, string>()
  for (const [plan, places] of all) {
    if (!isObject(places)) continue
    for (const [role, grants] of grantsIn(plan)) {
      const its = Object.hasOwn(places, role) ? places[role] : undefined
      if (!isObject(its)) continue
      if (typeof its['role'] === 'string') found.set(keyOf(role, null), its['role'])
      const list: readonly unknown[] = Array.isArray(its['grants']) ? its['grants'] : []
      for (const [index, grant] of grants.entries()) {
        const place = list[index]
        if (typeof place === 'string') found.set(keyOf(role, grant), place)
      }
    }
  }
  return (role, grant) => found.get(keyOf(role, grant)) ?? found.get(keyOf(role, null))
}

/**
 * Reads a saved plan back.
 * @throws FileError
 */
export const readPlanFile = (text: string, path: string): Planned => {
  const reader = readerOf(path)
  const { refuse, object, text: textOf } = reader
  const given = object(JSON.parse(text), 'it')
  if (given['format'] !== format)
    refuse(
      `it has format ${JSON.stringify(given['format'])}, and this version of pgsr reads ${format}; plan again`,
    )
  if (!Array.isArray(given['databases']) || given['databases'].length === 0) refuse('it has no databases')
  const read = (given['databases'] as readonly unknown[]).map((one) => {
    const { database, plan, places, absent } = object(one, 'a database')
    const later = absent === undefined ? undefined : object(absent, 'a plan')
    const planned: PlannedDatabase = {
      database: textOf(database, 'the name of a database'),
      plan: readPlan(path, reader, plan),
      ...(later !== undefined && { absent: readPlan(path, reader, later['plan']) }),
    }
    return { planned, places, placesLater: later?.['places'] }
  })
  return {
    policyFile: given['policy'] === undefined ? undefined : textOf(given['policy'], 'the name of its policy'),
    databases: read.map(({ planned }) => planned),
    passwords: new Map(
      Object.entries(object(given['passwords'] ?? {}, 'its passwords')).map(([role, reference]) => [
        role,
        readReference(reader, reference),
      ]),
    ),
    isSaved: true,
    notAtHand: readNotAtHand(reader, given['notAtHand'] ?? []),
    assertions: readAssertions(reader, given['assertions'] ?? []),
    placeOf: placesIn(
      read.flatMap(({ planned: { plan, absent }, places, placesLater }) => [
        [plan, places] as const,
        ...(absent === undefined ? [] : [[absent, placesLater] as const]),
      ]),
    ),
  }
}
