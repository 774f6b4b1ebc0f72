import { Catalog } from '../catalog/catalog.ts'
import type { CatalogObject } from '../catalog/catalog-object.ts'
import { columnsFor } from '../catalog/column.ts'
import { IntermediateRoles } from '../catalog/intermediate-roles.ts'
import {
  type Assertion,
  type BrokenAssertion,
  isAbout,
  type OnlyAssertion,
  type PublicAssertion,
} from '../model/assertion.ts'
import { describeName, describeObject } from '../model/describe.ts'
import { UnsupportedServerError } from '../model/errors.ts'
import type { RoleAccess } from '../model/explanation.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import type { Plan } from '../model/plan.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { isNamed } from '../model/target.ts'
import { everybody } from '../postgres/acl-item.ts'
import { objectKinds, type ObjectName, schemaOf } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { accessAfter } from './access-difference.ts'
import { AccessGraph } from './access-graph.ts'
import { privilegesOn } from './access-of.ts'
import { subjectsOf } from './assertion-subjects.ts'
import { AccessWorld, checkQuestion, doing, isReadInPart } from './explain.ts'
import { predefinedRoles, sourcesOf } from './sources.ts'
import { stepOf } from './steps.ts'
import { loginFirst, reaches, roleAccessOf } from './who-can.ts'
import { flatMap } from '../util/collections.ts'

/** How many paths are listed for each role that breaks an assertion. */
const mostPaths = 10

const refuse = (index: number, problem: string): never => {
  throw new InvalidGrantError({
    field: `assertions[${index}]`,
    message: `cannot check assertion ${index + 1}: ${problem}`,
  })
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one: unknown) => typeof one === 'string')

/** @throws InvalidGrantError */
export const checkAssertionShape = (given: Assertion, index: number): void => {
  if (typeof given !== 'object' || given === null) return refuse(index, 'it is not an object')
  const { inDatabases } = given
  if (inDatabases !== undefined && (!isTexts(inDatabases) || inDatabases.length === 0))
    refuse(index, 'inDatabases must be an array of names of databases')
  if ('public' in given) {
    if (given.public !== 'nothing') return refuse(index, 'public must be "nothing"')
    return typeof given.in === 'string' ? undefined : refuse(index, 'in must be the name of a schema')
  }
  if (!('only' in given)) return refuse(index, 'it has neither "only" nor "public"')
  if (!isTexts(given.only)) return refuse(index, 'only must be an array of names of roles')
  if (typeof given.on !== 'object' || given.on === null || !Object.hasOwn(objectKinds, given.on.kind))
    return refuse(index, 'on must be a target')
  const can: unknown = given.can
  if (typeof can !== 'string' && (!isTexts(can) || can.length === 0))
    return refuse(index, 'can must be a privilege, or an array of privileges')
}

const privilegesIn = ({ can }: OnlyAssertion): readonly Privilege[] => (typeof can === 'string' ? [can] : can)

const rolesInWords = (roles: readonly RoleAccess[]): string => {
  const more = roles.length > 5 ? ` and ${roles.length - 5} more` : ''
  return `${roles
    .slice(0, 5)
    .map(
      ({ role, verdict }) => `role ${describeName(role)}${verdict === 'not granted' ? ' by SET ROLE' : ''}`,
    )
    .join(', ')}${more}`
}

/**
 * Whether a role is there only for its members, who count themselves: a predefined role, or an intermediate role. Nobody can
 * log in as one.
 */
const standsForMembers = (catalog: Catalog, intermediateRoles: IntermediateRoles, role: string): boolean =>
  catalog.roles.get(role)?.login === false &&
  (predefinedRoles.some((one) => one.role === role) || intermediateRoles.provided(role) !== undefined)

/** Who has a privilege on an object and should not. */
interface Others extends Pick<BrokenAssertion, 'everybody' | 'roles'> {
  readonly object: CatalogObject
}

/** Who has a privilege without being one of some roles, or a member of one. */
const othersThan = (
  { catalog }: AccessWorld,
  intermediateRoles: IntermediateRoles,
  only: ReadonlySet<string>,
  object: CatalogObject,
  privilege: Privilege,
): Others => {
  const graph = new AccessGraph(catalog, only)
  const sources = sourcesOf(catalog, object, privilege)
  const others = [...catalog.roles.keys()].filter(
    (role) =>
      !only.has(role) &&
      !catalog.isSuperuser(role) &&
      !standsForMembers(catalog, intermediateRoles, role) &&
      reaches(graph, role, sources),
  )
  return {
    object,
    everybody: sources.has(everybody) ? stepOf(graph, everybody, privilege, object, mostPaths).paths : [],
    roles: loginFirst(graph, others).map((role) =>
      roleAccessOf(graph, role, stepOf(graph, role, privilege, object, mostPaths)),
    ),
  }
}

const unknownOf = (
  assertion: Assertion,
  index: number,
  object: ObjectName,
  privilege: Privilege,
  why: string,
): BrokenAssertion => ({
  assertion,
  index,
  privilege,
  object,
  everybody: [],
  roles: [],
  unknown: true,
  message: `assertion ${index + 1} cannot be checked: ${why}`,
})

/** Who has a privilege on a table, or on some of its columns, without being one of some roles. */
const othersOn = (
  world: AccessWorld,
  intermediateRoles: IntermediateRoles,
  only: ReadonlySet<string>,
  object: CatalogObject,
  privilege: Privilege,
): readonly Others[] => {
  const whole = othersThan(world, intermediateRoles, only, object, privilege)
  const known = new Set(whole.roles.map(({ role }) => role))
  return [
    whole,
    ...columnsFor(world.catalog, object, privilege).map((column): Others => {
      const { everybody: forAll, roles } = othersThan(world, intermediateRoles, only, column, privilege)
      return {
        object: column,
        everybody: whole.everybody.length > 0 ? [] : forAll,
        roles: roles.filter(({ role }) => !known.has(role)),
      }
    }),
  ]
}

const brokenOnly = (
  world: AccessWorld,
  assertion: OnlyAssertion,
  index: number,
): readonly BrokenAssertion[] => {
  const { on, only } = assertion
  const allowed = new Set(only)
  const intermediateRoles = new IntermediateRoles(world.catalog)
  const privileges = privilegesIn(assertion)
  for (const privilege of privileges)
    checkQuestion(world.catalog.server.version, {
      privilege,
      object: isNamed(on) ? on : { kind: on.kind, name: [on.schema] },
    })
  const { objects, unknown } = subjectsOf(world, on)
  const whom = only.length === 0 ? 'nobody' : `nobody but ${only.map(describeName).join(', ')}`
  return [
    ...unknown.map(({ object, why }) => unknownOf(assertion, index, object, privileges[0]!, why)),
    ...flatMap(objects, (asked) =>
      flatMap(privileges, (privilege) =>
        flatMap(
          othersOn(world, intermediateRoles, allowed, asked, privilege),
          ({ object, everybody: forAll, roles }): readonly BrokenAssertion[] => {
            if (forAll.length + roles.length === 0) return []
            const who = forAll.length > 0 ? 'PUBLIC, and so every role,' : rolesInWords(roles)
            const where = object === asked ? '' : ` on ${describeObject(object)}`
            const message = `assertion ${index + 1} is broken: ${whom} may have ${privilege} on ${describeObject(asked)}, and ${who} has it${where}`
            const { kind, name } = object
            return [
              { assertion, index, privilege, object: { kind, name }, everybody: forAll, roles, message },
            ]
          },
        ),
      ),
    ),
  ]
}

const brokenPublic = (
  world: AccessWorld,
  assertion: PublicAssertion,
  index: number,
): readonly BrokenAssertion[] => {
  const schema: ObjectName = { kind: 'schema', name: [assertion.in] }
  world.object(schema)
  const { catalog, graph } = world
  if (catalog.scope !== undefined && isReadInPart(assertion.in))
    return [unknownOf(assertion, index, schema, 'USAGE', `${describeObject(schema)} is read only in part`)]
  return flatMap(catalog.objects.values(), (object) => {
    const isIn =
      schemaOf(object) === assertion.in || (object.kind === 'schema' && object.name[0] === assertion.in)
    // The row type of a table cannot be used without the table.
    if (!isIn || (object.kind === 'type' && object.ownerFollows !== undefined)) return []
    const { kind, name } = object
    return flatMap(privilegesOn(object, catalog.server.version), (privilege): readonly BrokenAssertion[] => {
      const sources = sourcesOf(catalog, object, privilege).get(everybody) ?? []
      // What PUBLIC has on a table is reported once, for the table.
      const isOwn = sources.some((source) => 'object' in source && source.object.kind === kind)
      if (!isOwn) return []
      const message = `assertion ${index + 1} is broken: PUBLIC may have nothing in schema ${describeName(assertion.in)}, and has ${privilege} on ${describeObject(object)}`
      const { paths } = stepOf(graph, everybody, privilege, object, mostPaths)
      return [{ assertion, index, privilege, object: { kind, name }, everybody: paths, roles: [], message }]
    })
  })
}

/** Says of an error which assertion it is about. */
const inAssertion = <T>(index: number, check: () => T): T => {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof InvalidGrantError) && !(error instanceof UnsupportedServerError)) throw error
    return refuse(index, error.message.replace(doing, ''))
  }
}

/** Which assertions are not true in a snapshot that is indexed already. */
export const brokenIn = (
  world: AccessWorld,
  assertions: readonly Assertion[],
): readonly BrokenAssertion[] => {
  if (!Array.isArray(assertions))
    throw new InvalidGrantError({
      field: 'assertions',
      message: 'cannot check assertions: assertions must be an array',
    })
  assertions.forEach(checkAssertionShape)
  const access = world.catalog.scope?.access
  if (world.catalog.scope !== undefined && (access?.roles !== 'all' || access.objects !== 'all'))
    throw new InvalidGrantError({
      field: 'snapshot',
      message: 'cannot check assertions: the snapshot was not read for all roles and objects',
    })
  return (assertions as readonly Assertion[]).flatMap((assertion, index) =>
    isAbout(assertion, world.catalog.server.database)
      ? inAssertion(index, () =>
          'public' in assertion ? brokenPublic(world, assertion, index) : brokenOnly(world, assertion, index),
        )
      : [],
  )
}

/**
 * Checks what has to be true of access, and lists what is not, with the paths that break it. Pure.
 * @param snapshot read for all roles and objects, to explain access
 * @param plans if any are given, the assertions are checked on the outcome of these plans, one after another
 * @throws InvalidGrantError if an assertion is not one, or names a schema or object that does not exist
 * @example
 * ```ts
 * import { checkAssertions, snapshot, Target } from '@pgsr/planner'
 *
 * const world = snapshot().role('payroll').schema('billing').table('billing', 'salaries')
 * const broken = checkAssertions(world, [{ only: ['payroll'], can: 'SELECT', on: Target.table('billing', 'salaries') }])
 * console.log(broken.map(({ message }) => message))
 * ```
 */
export const checkAssertions = (
  snapshot: Snapshot,
  assertions: readonly Assertion[],
  ...plans: readonly Plan[]
): readonly BrokenAssertion[] => {
  const { catalog, unknown } = accessAfter(new Catalog(snapshot), ...plans)
  const broken = brokenIn(new AccessWorld(catalog), assertions)
  const [first] = unknown
  if (first === undefined) return broken
  return [
    ...broken,
    ...assertions.flatMap((assertion, index) =>
      isAbout(assertion, catalog.server.database)
        ? [
            unknownOf(
              assertion,
              index,
              first,
              'SELECT',
              `the plan changes ${describeObject(first)}, which was not read`,
            ),
          ]
        : [],
    ),
  ]
}
