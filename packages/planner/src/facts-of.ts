import type { Fact, PrivilegeFact } from './fact.ts'
import { compareText } from './order.ts'
import type { Privilege } from './privilege.ts'
import type { Role } from './snapshot.ts'
import type { WorldAclItem, WorldObject } from './world.ts'

/** The attributes of a role, by the words that CREATE ROLE has for them. */
const attributeWords = {
  login: 'LOGIN',
  superuser: 'SUPERUSER',
  inherit: 'INHERIT',
  createRole: 'CREATEROLE',
  createDb: 'CREATEDB',
  replication: 'REPLICATION',
  bypassRls: 'BYPASSRLS',
} as const

/** The attributes a role has, in words. */
export const attributesOf = (role: Role): readonly string[] =>
  (Object.keys(attributeWords) as (keyof typeof attributeWords)[]).flatMap((attribute) =>
    role[attribute] ? [attributeWords[attribute]] : [],
  )

/** That a role exists, and with which attributes. */
export const roleFacts = (role: Role): readonly Fact[] => [
  { kind: 'role', role: role.name },
  ...[...attributesOf(role), `VALID UNTIL ${role.validUntil}`].map((attribute): Fact => ({
    kind: 'attribute',
    role: role.name,
    attribute,
  })),
]

/** One privilege of one item of an object’s ACL. */
export const privilegeFact = (
  { kind, name }: WorldObject,
  { grantee, grantor, privileges }: WorldAclItem,
  privilege: Privilege,
): PrivilegeFact => ({
  kind: 'privilege',
  object: { kind, name },
  privilege,
  grantee,
  grantor,
  grantable: privileges.get(privilege) === true,
})

/** Every privilege of every item of an object’s ACL. */
export const privilegeFacts = (object: WorldObject): readonly PrivilegeFact[] =>
  [...object.acl.values()].flatMap((item) =>
    [...item.privileges.keys()].sort(compareText).map((privilege) => privilegeFact(object, item, privilege)),
  )
