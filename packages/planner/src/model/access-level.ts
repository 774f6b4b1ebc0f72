import type { FutureObjects } from '../postgres/default-privileges.ts'
import type { GrantableKind, KindInSchema, PrivilegeOn } from '../postgres/object-kind.ts'
import { Grant } from './grant.ts'
import { checkOptionNames } from './option-names.ts'
import { type AllInSchema, Target } from './target.ts'
import { eachOnGiven } from './unchecked-input.ts'
import { flatMap } from '../util/collections.ts'

/** The privileges that an access level gives on a schema and on everything in it. What is left out gives none. */
export interface AccessPrivileges {
  /** On the schema itself. Default: USAGE. */
  readonly schema?: readonly PrivilegeOn<'schema'>[]
  readonly tables?: readonly PrivilegeOn<'table'>[]
  readonly sequences?: readonly PrivilegeOn<'sequence'>[]
  /** On functions and procedures. */
  readonly routines?: readonly PrivilegeOn<'function'>[]
  readonly types?: readonly PrivilegeOn<'type'>[]
}

export interface AccessOptions {
  /** The role, or the roles, that will create objects in the schema. The level gives the same privileges on these. */
  readonly future?: string | readonly string[]
  /**
   * `true`, the default, puts the role into the ACL of each object, as is right for a group or an application. `false`
   * makes an intermediate role for each privilege on each object, which is for thousands of roles with the same access.
   */
  readonly direct?: boolean
}

/** Makes the grants of an access level in a schema. */
export type AccessLevel = (schema: string, options?: AccessOptions) => readonly Grant[]

/** The parts of a level that are about what is in the schema, now and in the future. */
const parts: readonly {
  readonly part: Exclude<keyof AccessPrivileges, 'schema'>
  readonly targets: readonly ((schema: string) => AllInSchema<GrantableKind & KindInSchema>)[]
  readonly on: FutureObjects
}[] = [
  { part: 'tables', targets: [Target.allTables], on: 'tables' },
  { part: 'sequences', targets: [Target.allSequences], on: 'sequences' },
  { part: 'routines', targets: [Target.allFunctions, Target.allProcedures], on: 'functions' },
  { part: 'types', targets: [Target.allTypes], on: 'types' },
]

/** Everything in a schema that has an owner. */
const contents: readonly ((schema: string) => AllInSchema)[] = [
  ...flatMap(parts, ({ targets }) => targets),
  Target.allOperators,
  Target.allOperatorClasses,
  Target.allOperatorFamilies,
  Target.allCollations,
  Target.allConversions,
  Target.allTextSearchConfigurations,
  Target.allTextSearchDictionaries,
  Target.allStatistics,
]

const unreadable = 'cannot build the grants of an access level: what was given cannot be read'

const levelOf = (given: AccessPrivileges): AccessLevel => {
  checkOptionNames(given, ['schema', ...parts.map(({ part }) => part)], 'cannot make an access level')
  const { schema: onSchema = ['USAGE'], ...privileges } = given
  const grantsIn: AccessLevel = (schema, options = {}) => {
    checkOptionNames(options, ['future', 'direct'], 'cannot build the grants of an access level')
    const { direct = true, future = [] } = options
    const owners = typeof future === 'string' ? [future] : future
    const onContents = flatMap(parts, ({ part, targets, on }): readonly Grant[] => {
      const asked = privileges[part] ?? []
      if (asked.length === 0) return []
      const common = { privileges: asked, grantable: false }
      return [
        ...targets.map((all): Grant => ({ kind: 'privilege', object: all(schema), direct, ...common })),
        ...owners.map((owner): Grant => ({ kind: 'default privilege', owner, schema, on, ...common })),
      ]
    })
    return onSchema.length === 0
      ? onContents
      : [Grant.privilege(Target.schema(schema), onSchema, { direct }), ...onContents]
  }
  return eachOnGiven({ grantsIn }, unreadable).grantsIn
}

const readOnly = levelOf({ tables: ['SELECT'], sequences: ['SELECT'] })

const readWrite = levelOf({
  tables: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  sequences: ['USAGE', 'SELECT'],
  routines: ['EXECUTE'],
})

const levels = {
  /**
   * USAGE on a schema, and SELECT on all its tables and sequences: what the predefined role pg_read_all_data has. It
   * gives no EXECUTE, since a routine can write; PUBLIC has EXECUTE unless somebody has revoked it.
   */
  readOnly: (schema: string, options?: AccessOptions): readonly Grant[] => readOnly(schema, options),

  /**
   * USAGE on a schema; SELECT, INSERT, UPDATE and DELETE on all its tables; USAGE and SELECT on all its sequences;
   * EXECUTE on all its functions and procedures. It gives no TRUNCATE, and no UPDATE on sequences, which `setval` needs.
   */
  readWrite: (schema: string, options?: AccessOptions): readonly Grant[] => readWrite(schema, options),

  /**
   * Ownership of a schema, which is created if it does not exist, and of everything in it. So the role keeps what it
   * creates there, and gets what others have created. What belongs to an extension stays with its owner.
   */
  owner: (schema: string): readonly Grant[] => [
    Grant.schemaOwnership(schema),
    ...contents.map((all) => Grant.ownership(all(schema))),
  ],

  /** Makes an access level of your own, to be used like `readOnly`. */
  level: (privileges: AccessPrivileges): AccessLevel => levelOf(privileges),
} as const

/**
 * Builds all grants that a role needs for one level of access to a schema and everything in it. They are ordinary
 * grants, in the role’s own name unless `direct` is `false`. With `future`, they extend to what these roles will create.
 */
export const access: typeof levels = eachOnGiven(levels, unreadable)
