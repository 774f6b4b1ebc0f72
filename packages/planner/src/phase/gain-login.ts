import type { Operation } from '../operation.ts'
import { sortedBy } from '../order.ts'
import type { Phase } from './phase.ts'

/** The password first, each in a statement of its own: a password is never beside anything that can fail. */
export const gainLogin: Phase = (world, wanted) =>
  sortedBy(wanted.logins, ([role]) => role).flatMap(
    ([role, { validUntil, password, because }]): Operation[] => {
      const { login, validUntil: validUntilNow } = world.roles.get(role)!
      const base = { role, as: world.server.actingRole, because }
      return [
        ...(password === 'set' ? [{ kind: 'setPassword', ...base } as const] : []),
        ...(validUntilNow === validUntil ? [] : [{ kind: 'setValidUntil', validUntil, ...base } as const]),
        ...(login ? [] : [{ kind: 'setLogin', login: true, ...base } as const]),
      ]
    },
  )
