import { type DescribedRoles, type ManagesOption, type Unsaid } from '@pgsr/planner'
import { checkOptionNames } from '@pgsr/planner/internal'
import type { Plain } from './plain.ts'
import { rolePlain } from './role.ts'
import { yamlOf } from './yaml.ts'

/** How a policy is written. */
export interface RenderPolicyOptions {
  /** The databases that it is for. Default: it does not say. */
  readonly databases?: readonly string[]
  /** What it manages. Default: it does not say, so that everything is managed. */
  readonly manages?: ManagesOption
  /** Say in comments what the policy cannot say of the roles. Default: yes. */
  readonly comments?: boolean
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

/**
 * Writes roles as a policy, in YAML: as a person would write it, with profiles where there are any. Read again, it asks for
 * the same. What it cannot say is in comments.
 * @example
 * writeFileSync('policy.yaml', renderPolicy(await describeRoles(pool)))
 */
export const renderPolicy = (described: DescribedRoles, options: RenderPolicyOptions = {}): string => {
  checkOptionNames(options, ['databases', 'manages', 'comments'], 'cannot write a policy')
  const { databases, manages, comments = true } = options
  const { desired, unsaid } = described
  const names = new Set(desired.map(({ role }) => role))
  const ofRoles = byRole(comments ? unsaid.filter(({ role }) => names.has(role)) : [])
  const leftOut = comments ? unsaid.filter(({ role }) => !names.has(role)).map(({ message }) => message) : []
  const policy: { readonly [key: string]: Plain } = {
    pgsr: 1,
    ...(databases !== undefined && { databases }),
    ...(manages !== undefined && { manages: managesPlain(manages) }),
    roles: Object.fromEntries(desired.map((role) => [role.role, rolePlain(role)])),
  }
  return yamlOf([schemaLine], policy, { beforeRoles: leftOut, ofRoles })
}
