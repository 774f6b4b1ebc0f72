import type { DefaultPrivilegeFact, Fact, PrivilegeFact } from '../model/fact.ts'
import type { Role } from '../model/snapshot.ts'
import type { AclEntry } from '../postgres/acl.ts'
import { attributes, attributeWords } from '../postgres/attribute.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { Catalog, CatalogDefaults } from './catalog.ts'
import type { CatalogObject } from './catalog-object.ts'
import { flatMap } from '../util/collections.ts'

/** The keywords of the attributes that a role has. */
export const attributesOf = (role: Role): readonly string[] =>
  attributeWords.filter((attribute) => role[attributes[attribute]])

/** The facts that a role exists and has its attributes. */
export const roleFacts = (role: Role): readonly Fact[] => [
  { kind: 'role', role: role.name },
  ...[...attributesOf(role), `VALID UNTIL ${role.validUntil}`].map((attribute): Fact => ({
    kind: 'attribute',
    role: role.name,
    attribute,
  })),
]

/** The facts that a role has the properties that were read of it. */
export const propertyFacts = (catalog: Catalog, role: string): readonly Fact[] =>
  [...catalog.properties.of(role).values()].map((property): Fact => ({ kind: 'property', ...property }))

/** The facts that policies name a role, and that it has user mappings. */
export const mentionFacts = ({ mentions }: Catalog, role: string): readonly Fact[] => [
  ...flatMap(mentions.policies, ({ policy, table, roles }): readonly Fact[] =>
    roles.includes(role) ? [{ kind: 'policy', role, policy, table }] : [],
  ),
  ...flatMap(mentions.userMappings, ({ server, ...one }): readonly Fact[] =>
    one.role === role ? [{ kind: 'user mapping', role, server }] : [],
  ),
]

/** One privilege of one item of an object’s ACL. */
export const privilegeFact = (
  { kind, name }: CatalogObject,
  { grantee, grantor, privileges }: AclEntry,
  privilege: Privilege,
): PrivilegeFact => ({
  kind: 'privilege',
  object: { kind, name },
  privilege,
  grantee,
  grantor,
  grantable: privileges.get(privilege) === true,
})

/** Every privilege of every item of some default privileges. */
export const defaultPrivilegeFacts = ({
  owner,
  schema,
  on,
  acl,
}: CatalogDefaults): readonly DefaultPrivilegeFact[] =>
  flatMap(acl.values(), ({ grantee, privileges }) =>
    [...privileges].map(([privilege, grantable]) => ({
      kind: 'default privilege' as const,
      owner,
      schema,
      on,
      privilege,
      grantee,
      grantable,
    })),
  )
