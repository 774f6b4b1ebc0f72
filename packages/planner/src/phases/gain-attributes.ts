import type { Catalog } from '../catalog/catalog.ts'
import type { Operation, SetPassword } from '../model/operation.ts'
import { attributes, type GrantableAttribute } from '../postgres/attribute.ts'
import type { Goal, TargetLogin } from '../resolve/target-state.ts'
import { flatMap, sortedBy } from '../util/collections.ts'
import type { Phase } from './phase.ts'

/** Lets a role log in, if it should. A role that is not in the catalog yet is created without LOGIN. */
export const letLogIn = (catalog: Catalog, { logins }: Goal, role: string): readonly Operation[] => {
  const goal = logins.get(role)
  if (goal === undefined) return []
  const { validUntil, password, reason } = goal
  const now = catalog.roles.get(role) ?? { login: false, validUntil: 'infinity' }
  const base = { role, as: catalog.server.actingRole, reason }
  return [
    ...(password === 'clear' && !now.login ? [{ kind: 'clearPassword' as const, ...base }] : []),
    ...(now.validUntil === validUntil ? [] : [{ kind: 'setValidUntil' as const, validUntil, ...base }]),
    ...(now.login
      ? []
      : [{ kind: 'setAttribute' as const, attribute: 'LOGIN' as const, value: true, ...base }]),
  ]
}

const settingPassword = (
  { server }: Catalog,
  role: string,
  { hashedBy, reason }: TargetLogin,
): SetPassword => ({
  kind: 'setPassword',
  role,
  ...(hashedBy !== undefined && { hashedBy }),
  as: server.actingRole,
  reason,
})

/** Sets the password first, in a statement of its own: a password never stands beside anything that can fail. */
const gainLogin: Phase = (catalog, goal) =>
  flatMap(
    sortedBy(goal.logins, ([role]) => role),
    ([role, login]): Operation[] => [
      ...(login.password === 'set' ? [settingPassword(catalog, role, login)] : []),
      ...letLogIn(catalog, goal, role),
    ],
  )

const gaining =
  (chosen: (attribute: GrantableAttribute) => boolean): Phase =>
  (catalog, goal) =>
    flatMap(
      sortedBy(goal.attributes, ([role]) => role),
      ([role, asked]) =>
        flatMap(
          sortedBy(asked, ([attribute]) => attribute),
          ([attribute, reason]): Operation[] =>
            !chosen(attribute) || catalog.roles.get(role)?.[attributes[attribute]] === true
              ? []
              : [
                  {
                    kind: 'setAttribute',
                    role,
                    attribute,
                    value: true,
                    as: catalog.server.actingRole,
                    reason,
                  },
                ],
        ),
    )

/** Comes before changes of owner: some objects can only be owned by superusers. */
export const gainSuperuser: Phase = gaining((attribute) => attribute === 'SUPERUSER')

const gainOthers: Phase = gaining((attribute) => attribute !== 'SUPERUSER')

/** Gives roles their attributes, once they have everything else. */
export const gainAttributes: Phase = (catalog, goal) => [
  ...gainLogin(catalog, goal),
  ...gainOthers(catalog, goal),
]
