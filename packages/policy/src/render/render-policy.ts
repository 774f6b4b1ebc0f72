import {
  type DescribedRoles,
  InvalidGrantError,
  type ManagesOption,
  type PrivilegeGrant,
  type Unsaid,
} from '@pgsr/planner'
import { checkOptionNames } from '@pgsr/planner/internal'
import { moduleOf } from './module.ts'
import type { Plain } from './plain.ts'
import { publicPlain, remarksOnFuture } from './remarks.ts'
import { rolePlain } from './role.ts'
import { yamlOf } from './yaml.ts'

/** How a policy is written. */
export interface RenderPolicyOptions {
  /** The databases that it is for. Default: it does not say. */
  readonly databases?: readonly string[]
  /** What it manages. Default: it does not say, so that everything is managed. */
  readonly manages?: ManagesOption
  /** What it allows. Default: nothing, so that it is refused if a role is a superuser, or the role that connects. */
  readonly allow?: readonly ('self' | 'superusers')[]
  /** What PUBLIC has, for a comment that says how a policy would say it. Default: nothing is said of PUBLIC. */
  readonly public?: readonly PrivilegeGrant[]
  /** Say in comments what the policy cannot say of the roles. Default: yes. */
  readonly comments?: boolean
  /** As YAML, or as a JavaScript module, which may be of any size. Default: `yaml`. */
  readonly format?: 'yaml' | 'module'
}

/** What makes editors check and complete the file. */
const schemaLine = 'yaml-language-server: $schema=node_modules/@pgsr/policy/schema.json'

const managesPlain = ({ schemas, cluster }: ManagesOption): Plain => ({
  ...(schemas !== undefined && { schemas }),
  ...(cluster !== undefined && { cluster }),
})

const byRole = (unsaid: readonly Unsaid[]): ReadonlyMap<string, readonly string[]> => {
  const all = new Map<string, string[]>()
  for (const { role, message } of unsaid) {
    const known = all.get(role)
    if (known === undefined) all.set(role, [message])
    else known.push(message)
  }
  return all
}

/** What PUBLIC has, as lines to be taken out of a comment. */
const remarksOnPublic = (grants: readonly PrivilegeGrant[]): readonly string[] =>
  grants.length === 0
    ? []
    : [
        'PUBLIC, and so every role, has more on these than a new database of PostgreSQL 15 gives it. It stays until the policy says exactly what',
        'PUBLIC should have there. This says what it has now:',
        ...yamlOf([], { public: publicPlain(grants) }, { beforeRoles: [], ofRoles: new Map() })
          .trimEnd()
          .split('\n'),
      ]

type PolicyData = { readonly [key: string]: Plain }

const dataOf = (
  { desired }: DescribedRoles,
  { databases, manages, allow = [] }: RenderPolicyOptions,
): PolicyData => ({
  pgsr: 1,
  ...(databases !== undefined && { databases }),
  ...(manages !== undefined && { manages: managesPlain(manages) }),
  ...(allow.length > 0 && { allow }),
  roles: Object.fromEntries(desired.map((role) => [role.role, rolePlain(role)])),
})

/**
 * Writes roles as a policy: as a person would write it, with profiles where there are any. Read again, it asks for the same.
 * What it cannot say is in comments.
 * @throws InvalidGrantError
 * @example
 * writeFileSync('policy.yaml', renderPolicy(await describeRoles(pool)))
 */
export const renderPolicy = (described: DescribedRoles, options: RenderPolicyOptions = {}): string => {
  const action = 'cannot write a policy'
  checkOptionNames(options, ['databases', 'manages', 'allow', 'public', 'comments', 'format'], action)
  const { comments = true, format = 'yaml', public: everybody = [] } = options
  if (format !== 'yaml' && format !== 'module')
    throw new InvalidGrantError({
      field: 'format',
      message: `${action}: format is neither 'yaml' nor 'module'`,
    })
  const { desired, unsaid } = described
  const policy = dataOf(described, options)
  const told = comments ? unsaid : []
  const remarks = comments ? [...remarksOnFuture(desired), ...remarksOnPublic(everybody)] : []
  if (format === 'module') return moduleOf(policy, [...told.map(({ message }) => message), ...remarks])
  const names = new Set(desired.map(({ role }) => role))
  const leftOut = told.filter(({ role }) => !names.has(role)).map(({ message }) => message)
  return yamlOf([schemaLine], policy, {
    beforeRoles: [...leftOut, ...remarks],
    ofRoles: byRole(told.filter(({ role }) => names.has(role))),
  })
}

/**
 * The same as data, for {@link policyFrom}. It is what a module of `renderPolicy` exports.
 * @example
 * policyFrom(policyData(await describeRoles(pool)))
 */
export const policyData = (
  described: DescribedRoles,
  options: Pick<RenderPolicyOptions, 'databases' | 'manages' | 'allow'> = {},
): PolicyData => {
  checkOptionNames(options, ['databases', 'manages', 'allow'], 'cannot write a policy')
  return dataOf(described, options)
}
