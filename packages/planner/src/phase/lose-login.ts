import type { Operation } from '../operation.ts'
import { notAskedFor, type Wanted } from '../wanted.ts'
import type { World } from '../world.ts'

/** Whether a role may log in and should not. */
export const losesLogin = (world: World, wanted: Wanted, role: string): boolean =>
  world.roles.get(role)?.login === true && !wanted.logins.has(role)

/** LOGIN goes, and the password with it: it must not work again the day somebody grants LOGIN. */
export const loseLogin = (world: World, wanted: Wanted, roles: readonly string[]): readonly Operation[] =>
  roles.flatMap((role): Operation[] => {
    if (!losesLogin(world, wanted, role) || !wanted.authority.mayAlter(role)) return []
    const base = { role, as: world.server.actingRole, because: notAskedFor(role) }
    return [
      { kind: 'setLogin', login: false, ...base },
      { kind: 'clearPassword', ...base },
    ]
  })
