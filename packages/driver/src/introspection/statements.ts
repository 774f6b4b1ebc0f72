import type { Scope } from '@pgsr/planner'
import { access } from './access.ts'
import { defaultAcl } from './default-acl.ts'
import { dependency } from './dependency.ts'
import { dependentMembership, membership } from './membership.ts'
import { movedTable } from './moved-table.ts'
import { bytesOf } from './names-in-bytes.ts'
import { narrowReading } from './narrow-reading.ts'
import { type Needs, needsKey, readsUsualObjects, readsUsualRoles } from './needs.ts'
import {
  anyObject,
  enclosingSchema,
  object,
  objectAddress,
  ownerOrGrantor,
  regrantedObject,
  snapshotSchema,
} from './object.ts'
import { partsOfOthers } from './parts-of-others.ts'
import { compiler } from './pg-catalog.ts'
import { columnOfRelation, directRelation, movingTable, relation } from './relation.ts'
import {
  actingAs,
  administrator,
  intermediateRole,
  principal,
  reachableRole,
  roleClosure,
  snapshotRole,
  trackedRole,
  unusedRole,
} from './roles.ts'
import { membersOfAbsent, otherDatabases, ownersOfMentions, policies, userMappings } from './mentions.ts'
import { knownSettings, properties } from './properties.ts'
import { requestedName, requestedObject, requestedSchema } from './scope.ts'
import { literalOf, type ScopePart } from './scope-part.ts'
import { session } from './session.ts'
import { inSteps, type Statement } from './statement.ts'
import { unmanaged } from './unmanaged.ts'
import { usualObjects } from './usual-objects.ts'
import { usualRoles } from './usual-roles.ts'

/** The objects that the scope names, and those on which the tracked roles have something. */
const objects: Statement = inSteps({
  uses: ['desired'],
  computes: {
    requested_name: requestedName,
    requested_schema: requestedSchema,
    requested_object: requestedObject,
    unused_role: unusedRole,
    intermediate_role: intermediateRole,
    tracked_role: trackedRole,
    dependency,
    direct_relation: directRelation,
    moving_table: movingTable,
    relation,
    column_of_relation: columnOfRelation,
    object_address: objectAddress,
    any_object: anyObject,
    moved_table: movedTable,
    regranted_object: regrantedObject,
    enclosing_schema: enclosingSchema,
    object,
    default_acl: defaultAcl,
    owner_or_grantor: ownerOrGrantor,
    snapshot_schema: snapshotSchema,
    unmanaged,
  },
  handsOn: ['unused_role', 'tracked_role', 'owner_or_grantor', 'snapshot_schema'],
  answers: ['objects', 'defaultPrivileges', 'unmanaged', 'mayBeUnused', 'dependencies'],
})

/** The roles, and as whom the acting role may act. */
const roles: Statement = inSteps({
  uses: ['desired', 'requested_role', 'unused_role', 'tracked_role', 'owner_or_grantor', 'snapshot_schema'],
  computes: {
    acting_as: actingAs,
    principal,
    reachable_role: reachableRole,
    administrator,
    role_closure: roleClosure,
    dependent_membership: dependentMembership,
    membership,
    snapshot_role: snapshotRole,
  },
  handsOn: [],
  answers: ['roles', 'memberships'],
})

/** The statements that read what is needed, in order. */
export const statementsFor = (needs: Needs, version: number): readonly Statement[] =>
  needs.accessRoles === 'none' ? statementsForPlans(needs, version) : [session, access]

const statementsForPlans = (needs: Needs, version: number): readonly Statement[] => [
  session,
  ...(needs.properties ? [properties, knownSettings] : []),
  ...(needs.absent ? [policies, userMappings, otherDatabases, membersOfAbsent] : []),
  ...(needs.purpose !== 'change'
    ? narrowReading(needs)
    : [
        ...(readsUsualObjects(needs, version) ? usualObjects(needs) : [objects]),
        ...(needs.absent ? [ownersOfMentions] : []),
        ...(readsUsualRoles(needs) ? usualRoles(needs) : [roles]),
        ...(needs.ownsAll ? [partsOfOthers] : []),
      ]),
]

/** The text of a statement between its parameters, and the parts of the scope that these are. */
interface Compiled {
  readonly texts: readonly string[]
  readonly parts: readonly ScopePart[]
}

/** @param inBytes answers hexadecimal digits, for names that are not valid in the encoding of the database */
const compile = (statement: Statement, version: number, needs: Needs, inBytes: boolean): Compiled => {
  const { sql: text, parameters } = statement
    .text(version, needs, (value) => (inBytes ? bytesOf(value) : value))
    .compile(compiler)
  return { texts: text.split(/\$\d+/), parts: parameters as readonly ScopePart[] }
}

const compiled = new Map<string, readonly Compiled[]>()

const majorOf = (version: number): number => version - (version % (version >= 100000 ? 10000 : 100))

const compiledFor = (version: number, needs: Needs, inBytes: boolean): readonly Compiled[] => {
  const major = majorOf(version)
  const key = `${major} ${inBytes} ${needsKey(needs)}`
  const known =
    compiled.get(key) ?? statementsFor(needs, major).map((one) => compile(one, major, needs, inBytes))
  compiled.set(key, known)
  return known
}

const withScope = (statements: readonly Compiled[], scope: Scope): readonly string[] => {
  const literals = new Map<ScopePart, string>()
  const literal = (part: ScopePart): string => {
    const known = literals.get(part) ?? literalOf(part, scope)
    literals.set(part, known)
    return known
  }
  return statements.map(({ texts, parts }) =>
    texts.map((text, index) => (index < parts.length ? text + literal(parts[index]!) : text)).join(''),
  )
}

/** The texts by scope. Calls that ask for the same have the same scope. */
const known = new WeakMap<Scope, Map<readonly Compiled[], readonly string[]>>()

/** The texts of the statements that read a scope, in order, on servers of one version. */
export const introspectionStatements = (
  version: number,
  scope: Scope,
  needs: Needs,
  inBytes = false,
): readonly string[] => {
  const statements = compiledFor(version, needs, inBytes)
  const texts = known.get(scope) ?? new Map<readonly Compiled[], readonly string[]>()
  known.set(scope, texts)
  const text = texts.get(statements) ?? withScope(statements, scope)
  texts.set(statements, text)
  return text
}
