import { type AbsentRole, type Grant, Secret } from '@pgsr/planner'
import type { Policy, PolicyRole, SecretReference } from './policy.ts'

/**
 * The roles of a policy with their passwords, as syncs take them. To plan, the roles of the policy are enough: a plan has
 * no passwords.
 * @param secretOf reads a password. What it throws is thrown
 * @example
 * const desired = desiredOf(policy, (at) => ('env' in at ? process.env[at.env] : readFileSync(at.file, 'utf8').trim()))
 */
export const desiredOf = (
  policy: Policy,
  secretOf: (reference: SecretReference) => string | undefined,
): readonly (PolicyRole | AbsentRole)[] =>
  policy.desired.map((role): PolicyRole | AbsentRole => {
    const reference = policy.passwords.get(role.role)
    if (reference === undefined || 'absent' in role) return role
    const password = new Secret(secretOf(reference))
    const grants = role.grants.map((grant): Grant =>
      grant.kind === 'attribute' && grant.attribute === 'LOGIN' ? { ...grant, password } : grant,
    )
    return { ...role, grants }
  })
