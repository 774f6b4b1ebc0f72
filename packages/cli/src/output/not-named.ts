import type { NotNamed } from '../planned/not-named.ts'
import { counted } from './counted.ts'

/** The most roles that the note names. */
const most = 20

/** What is said of them. Superusers are named first. */
export const noteOnNotNamed = (roles: readonly NotNamed[]): string => {
  const inOrder = roles.toSorted((a, b) => Number(b.superuser) - Number(a.superuser))
  const names = inOrder
    .slice(0, most)
    .map(({ name, superuser }) => `${JSON.stringify(name)}${superuser ? ' (superuser)' : ''}`)
  const more = roles.length > most ? ` and ${roles.length - most} more` : ''
  const are = roles.length === 1 ? 'is not in the policy, and is' : 'are not in the policy, and are'
  return `note: ${counted(roles.length, 'role')} with LOGIN or SUPERUSER ${are} compared with nothing: ${names.join(', ')}${more}`
}
