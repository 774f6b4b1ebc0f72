import { attributes, type GrantableAttribute } from '../attribute.ts'
import type { Operation, SetPassword } from '../operation.ts'
import { sortedBy } from '../order.ts'
import type { Wanted, WantedLogin } from '../wanted.ts'
import type { World } from '../world.ts'
import type { Phase } from './phase.ts'

/** Lets a role log in, if it is to. What has just been created can do nothing yet. */
export const letLogIn = (world: World, { logins }: Wanted, role: string): readonly Operation[] => {
  const wanted = logins.get(role)
  if (wanted === undefined) return []
  const { validUntil, password, because } = wanted
  const now = world.roles.get(role) ?? { login: false, validUntil: 'infinity' }
  const base = { role, as: world.server.actingRole, because }
  return [
    ...(password === 'clear' && !now.login ? [{ kind: 'clearPassword' as const, ...base }] : []),
    ...(now.validUntil === validUntil ? [] : [{ kind: 'setValidUntil' as const, validUntil, ...base }]),
    ...(now.login
      ? []
      : [{ kind: 'setAttribute' as const, attribute: 'LOGIN' as const, value: true, ...base }]),
  ]
}

const settingPassword = (
  { server }: World,
  role: string,
  { hashedBy, because }: WantedLogin,
): SetPassword => ({
  kind: 'setPassword',
  role,
  ...(hashedBy !== undefined && { hashedBy }),
  as: server.actingRole,
  because,
})

/** The password first, each in a statement of its own: a password is never beside anything that can fail. */
const gainLogin: Phase = (world, wanted) =>
  sortedBy(wanted.logins, ([role]) => role).flatMap(([role, login]): Operation[] => [
    ...(login.password === 'set' ? [settingPassword(world, role, login)] : []),
    ...letLogIn(world, wanted, role),
  ])

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
