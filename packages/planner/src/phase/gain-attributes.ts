import { attributes, type GrantableAttribute } from '../attribute.ts'
import type { Operation } from '../operation.ts'
import { sortedBy } from '../order.ts'
import type { Phase } from './phase.ts'

/** The password first, each in a statement of its own: a password is never beside anything that can fail. */
const gainLogin: Phase = (world, wanted) =>
  sortedBy(wanted.logins, ([role]) => role).flatMap(
    ([role, { validUntil, password, because }]): Operation[] => {
      const { login, validUntil: validUntilNow } = world.roles.get(role)!
      const base = { role, as: world.server.actingRole, because }
      return [
        ...(password === 'set' ? [{ kind: 'setPassword' as const, ...base }] : []),
        ...(validUntilNow === validUntil ? [] : [{ kind: 'setValidUntil' as const, validUntil, ...base }]),
        ...(login
          ? []
          : [{ kind: 'setAttribute' as const, attribute: 'LOGIN' as const, value: true, ...base }]),
      ]
    },
  )

const gaining =
  (chosen: (attribute: GrantableAttribute) => boolean): Phase =>
  (world, wanted) =>
    sortedBy(wanted.attributes, ([role]) => role).flatMap(([role, asked]) =>
      sortedBy(asked, ([attribute]) => attribute).flatMap(([attribute, because]): Operation[] =>
        !chosen(attribute) || world.roles.get(role)?.[attributes[attribute]] === true
          ? []
          : [{ kind: 'setAttribute', role, attribute, value: true, as: world.server.actingRole, because }],
      ),
    )

/** Before ownerships: some things can only be a superuser’s. */
export const gainSuperuser: Phase = gaining((attribute) => attribute === 'SUPERUSER')

const gainOthers: Phase = gaining((attribute) => attribute !== 'SUPERUSER')

/** What a role is to be, once it has everything else. */
export const gainAttributes: Phase = (world, wanted) => [
  ...gainLogin(world, wanted),
  ...gainOthers(world, wanted),
]
