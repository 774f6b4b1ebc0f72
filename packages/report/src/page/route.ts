import type { GrantableKind, ObjectName, Privilege } from '@pgsr/planner'
import { objectKinds } from '@pgsr/planner/internal'

/** What the page shows. The address says it, so that a browser goes back, and a link leads there. */
export type Route =
  | { readonly kind: 'everything' }
  | { readonly kind: 'role'; readonly role: string }
  | { readonly kind: 'object'; readonly object: ObjectName<GrantableKind> }
  | {
      readonly kind: 'why'
      readonly role: string
      readonly privilege: Privilege
      readonly object: ObjectName<GrantableKind>
    }

const joined = (...parts: readonly string[]): string => `#${parts.map(encodeURIComponent).join('/')}`

export const toRole = (role: string): string => joined('role', role)

export const toObject = ({ kind, name }: ObjectName): string => joined('object', kind, ...name)

export const toWhy = (role: string, privilege: Privilege, { kind, name }: ObjectName): string =>
  joined('why', role, privilege, kind, ...name)

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const objectIn = ([kind = '', ...name]: readonly string[]): ObjectName<GrantableKind> | undefined =>
  Object.hasOwn(objectKinds, kind) ? { kind: kind as GrantableKind, name } : undefined

export const routeOf = (hash: string): Route => {
  const [kind, ...parts] = hash.replace(/^#/, '').split('/').map(decoded)
  const [role, privilege, ...rest] = parts
  if (kind === 'role' && role !== undefined) return { kind, role }
  if (kind === 'object') {
    const object = objectIn(parts)
    if (object !== undefined) return { kind, object }
  }
  if (kind === 'why' && role !== undefined && privilege !== undefined) {
    const object = objectIn(rest)
    if (object !== undefined) return { kind, role, privilege: privilege as Privilege, object }
  }
  return { kind: 'everything' }
}
