import type { Future } from '../postgres/default-privileges.ts'
import type { Membership } from './membership.ts'
import type { Operation } from './operation.ts'

/** What some operations change, besides objects. */
export interface Touched {
  /** For each role that is created, the role that creates it. */
  readonly creators: ReadonlyMap<string, string>
  /** The roles that are dropped. */
  readonly dropped: ReadonlySet<string>
  /** The roles whose attributes change. */
  readonly altered: ReadonlySet<string>
  /** The memberships that change, some of them twice. The creator of a role may become a member of it. */
  readonly memberships: readonly Pick<Membership, 'role' | 'member'>[]
  /** The default privileges that change, each once. */
  readonly defaults: readonly Future[]
}

export const touchedBy = (operations: readonly Operation[]): Touched => {
  const creators = new Map<string, string>()
  const [dropped, altered] = [new Set<string>(), new Set<string>()]
  const memberships: Pick<Membership, 'role' | 'member'>[] = []
  const defaults = new Map<string, Future>()
  for (const operation of operations)
    switch (operation.kind) {
      case 'createRole':
        creators.set(operation.role, operation.as)
        memberships.push({ role: operation.role, member: operation.as })
        break
      case 'dropRole':
        dropped.add(operation.role)
        break
      case 'setAttribute':
        altered.add(operation.role)
        break
      case 'grantMembership':
      case 'revokeMembership':
        memberships.push(operation)
        break
      case 'grantDefaultPrivilege':
      case 'revokeDefaultPrivilege': {
        const { owner, schema, on } = operation
        defaults.set(JSON.stringify([owner, schema, on]), { owner, schema, on })
        break
      }
      default:
    }
  return { creators, dropped, altered, memberships, defaults: [...defaults.values()] }
}
