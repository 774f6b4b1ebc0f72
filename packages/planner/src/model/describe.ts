import { everybody } from '../postgres/acl-item.ts'
import type { Future } from '../postgres/default-privileges.ts'
import { type NameSyntax, objectKinds, type ObjectName, plural } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import type { Effect } from './effect.ts'
import type { Fact } from './fact.ts'
import type { Grant, MembershipGrant } from './grant.ts'
import type { Membership } from './membership.ts'
import type { PolicyName } from './mentions.ts'
import type { LockRole, Operation, ProvidedPrivilege } from './operation.ts'
import { askersOf, type Request } from './request.ts'
import type { PropertyName } from './role-property.ts'
import type { Unmanaged } from './snapshot.ts'
import { isAll, isPattern, type Pattern, type Target } from './target.ts'
import { flatMap } from '../util/collections.ts'

/** Characters that end a line, or make the text after them appear in another order. JSON escapes only some. */
const misleading = /[\p{Control}\p{Surrogate}\p{Line_Separator}\p{Paragraph_Separator}\p{Bidi_Control}]/gu

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** A name for a sentence or a comment, escaped as in JSON: a newline in it must not end the comment. */
export const describeName = (name: string): string => JSON.stringify(name).replaceAll(misleading, escape)

/** A role, or PUBLIC, by its name alone. */
export const describeNameOf = (grantee: string): string =>
  grantee === everybody ? 'PUBLIC' : describeName(grantee)

/** `role "t"`, or `PUBLIC`. */
export const describeGrantee = (grantee: string): string =>
  grantee === everybody ? 'PUBLIC' : `role ${describeName(grantee)}`

/** The name of a type, which is quoted already. Only what could end a comment is escaped. */
const describeType = (type: string): string => describeName(type).slice(1, -1).replaceAll('\\"', '"')

/** How messages spell the name of an object, after its kind. */
const spelled: Readonly<Partial<Record<NameSyntax, (parts: readonly string[]) => string>>> = {
  routine: ([schema = '', name = '', ...types]) =>
    `${describeName(schema)}.${describeName(name)}(${types.map(describeType).join(', ')})`,
  operator: ([schema = '', operator = '', ...types]) =>
    `${describeName(schema)}.${operator}(${types.map(describeType).join(', ')})`,
  'for access method': ([schema = '', name = '', method = '']) =>
    `${describeName(schema)}.${describeName(name)} for access method ${describeName(method)}`,
  oid: ([oid = '']) => oid,
}

/** An object as messages name it: `table "s"."t"`. */
export const describeObject = ({ kind, name }: ObjectName): string => {
  if (kind === 'column') {
    const [schema, table, column] = name as readonly [string, string, string]
    return `column ${describeName(column)} of ${describeObject({ kind: 'table', name: [schema, table] })}`
  }
  const { syntax } = objectKinds[kind]
  const spell = syntax && spelled[syntax]
  return `${kind} ${spell === undefined ? name.map(describeName).join('.') : spell(name)}`
}

/** `future tables of role "o" in schema "s"`. */
export const describeFuture = ({ owner, schema, on }: Future): string =>
  `future ${on} of role ${describeName(owner)}${schema === null ? '' : ` in schema ${describeName(schema)}`}`

const grantOption = ({ grantable }: { readonly grantable?: boolean }): string =>
  grantable === true ? ' with grant option' : ''

/** A pattern as in JavaScript, but with characters escaped that would end a comment. */
const describePattern = ({ source, flags = '' }: Pattern): string =>
  `/${source.replaceAll(misleading, (character) => describeName(character).slice(1, -1))}/${flags}`

/** What a grant is about: `table "s"."t"`, or `all tables in schema "s"`. */
export const describeTarget = (target: Target): string => {
  if (isAll(target)) return `all ${plural(target.kind)} in schema ${describeName(target.schema)}`
  if (!isPattern(target)) return describeObject(target)
  const { kind, schema, pattern, columns = [] } = target
  const what =
    kind === 'column' ? `column ${columns.map(describeName).join(', ')} of the tables` : `the ${plural(kind)}`
  return `${what} of schema ${describeName(schema)} that match ${describePattern(pattern)}`
}

/** The options of a membership, as far as they are given, in words that can follow it. */
export const describeMembershipOptions = ({
  admin,
  inherit,
  set,
}: Pick<MembershipGrant, 'admin' | 'inherit' | 'set'>): string =>
  flatMap(Object.entries({ ADMIN: admin, INHERIT: inherit, SET: set }), ([option, value]) =>
    value === undefined ? [] : [` ${value ? 'with' : 'without'} ${option} option`],
  ).join('')

const privilegesIn = ({ privileges }: { readonly privileges: readonly Privilege[] }): string =>
  privileges.length === 0 ? 'no privilege' : privileges.join(', ')

/** What a grant asks for, in words that can follow “cannot grant”. */
export const describeGrant = (grant: Grant): string => {
  switch (grant.kind) {
    case 'attribute':
      return grant.attribute
    case 'privilege':
      return `${privilegesIn(grant)} on ${describeTarget(grant.object)}${grant.direct ? ' directly' : ''}${grantOption(grant)}`
    case 'ownership':
      return `ownership of ${describeTarget(grant.object)}`
    case 'membership':
      return `membership in role ${describeName(grant.role)}${describeMembershipOptions(grant)}`
    case 'default privilege':
      return `${privilegesIn(grant)} on ${describeFuture(grant)}${grantOption(grant)}`
  }
}

/** A request in words that can follow “pgsr”. */
export const describeRequest = (request: Request): string =>
  request.kind === 'sync'
    ? `syncs ${askersOf(request)
        .map(({ role }) => describeNameOf(role))
        .join(', ')}`
    : 'drops unused roles'

/** The privilege that an intermediate role gives, in words. */
export const describeProvided = ({ privilege, object }: ProvidedPrivilege): string =>
  `${privilege} on ${describeObject(object)}`

/** A property in words that can follow “the”: `setting "work_mem" in database "d"`. */
export const describeProperty = ({ property, setting, database }: PropertyName): string => {
  if (setting === undefined) return property
  return `${property} ${describeName(setting)}${database === undefined ? '' : ` in database ${describeName(database)}`}`
}

/** `policy "p" on table "s"."t"`. */
export const describePolicy = ({ policy, table }: PolicyName): string =>
  `policy ${describeName(policy)} on ${describeObject(table)}`

/** A fact in words that can follow the name of its role: `ownership of table "s"."t"`. */
export const describeFact = (fact: Fact): string => {
  switch (fact.kind) {
    case 'role':
      return 'existence'
    case 'attribute':
      return fact.attribute
    case 'property':
      return describeProperty(fact)
    case 'membership':
      return `membership in role ${describeName(fact.role)}${fact.admin ? ' with ADMIN option' : ''}, granted by ${describeName(fact.grantor)}`
    case 'ownership':
      return `ownership of ${describeObject(fact.object)}`
    case 'privilege':
      return `${fact.privilege} on ${describeObject(fact.object)}${grantOption(fact)}, granted by ${describeName(fact.grantor)}`
    case 'default privilege':
      return `${fact.privilege} on ${describeFuture(fact)}${grantOption(fact)}`
    case 'policy':
      return describePolicy(fact)
    case 'user mapping':
      return `its user mapping for foreign server ${describeName(fact.server)}`
  }
}

const options = ({ admin, inherit, set }: Membership): string =>
  `WITH ADMIN ${admin}, INHERIT ${inherit}, SET ${set}`.toUpperCase()

/** A fact as a sentence that names its role. */
export const describeFactInFull = (fact: Fact): string => {
  switch (fact.kind) {
    case 'role':
      return `${describeGrantee(fact.role)} exists`
    case 'attribute':
      return `${describeGrantee(fact.role)} has ${fact.attribute}`
    case 'property':
      return `${describeGrantee(fact.role)} has the ${describeProperty(fact)}, which is ${describeName(fact.value)}`
    case 'membership':
      return `${describeGrantee(fact.member)} is a member of ${describeGrantee(fact.role)} ${options(fact)}, granted by ${describeGrantee(fact.grantor)}`
    case 'ownership':
      return `${describeGrantee(fact.owner)} owns ${describeObject(fact.object)}`
    case 'privilege':
      return `${describeGrantee(fact.grantee)} has ${fact.privilege} on ${describeObject(fact.object)}${grantOption(fact)}, granted by ${describeGrantee(fact.grantor)}`
    case 'default privilege':
      return `${describeGrantee(fact.grantee)} has ${fact.privilege} on ${describeFuture(fact)}${grantOption(fact)}`
    case 'policy':
      return `${describePolicy(fact)} names ${describeGrantee(fact.role)}`
    case 'user mapping':
      return `${describeGrantee(fact.role)} has a user mapping for foreign server ${describeName(fact.server)}`
  }
}

/** What a role gains or loses, as a sentence. */
export const describeEffect = ({ role, change, fact, newOwner, actsAsNewOwner }: Effect): string => {
  if (fact.kind === 'role' && change === 'loses') return `role ${describeName(role)} is dropped`
  const to = newOwner === undefined ? '' : ` to role ${describeName(newOwner)}`
  const acts = actsAsNewOwner === true ? '; its code may run as that role from then on' : ''
  const who = role === everybody ? 'PUBLIC, and so every role,' : describeGrantee(role)
  return `${who} ${change} ${describeFact(fact)}${to}${acts}`
}

export const describeUnmanaged = ({ role, kind, description }: Unmanaged): string =>
  `role ${describeName(role)}: ${kind}: ${describeName(description)}`

const lockedAgainst: Readonly<Record<LockRole['mode'], string>> = {
  exclusive: 'against syncs in other databases',
  share: 'against being dropped',
}

/** An operation in words that can follow “cannot”. */
export const describeOperation = (operation: Operation): string => {
  switch (operation.kind) {
    case 'createRole':
      return `create role ${describeName(operation.role)}`
    case 'dropRole':
      return `drop role ${describeName(operation.role)}`
    case 'setAttribute':
      return `${operation.value ? 'give' : 'take'} ${operation.attribute} ${operation.value ? 'to' : 'from'} role ${describeName(operation.role)}`
    case 'setValidUntil':
      return `set VALID UNTIL of role ${describeName(operation.role)}`
    case 'setPassword':
      return `set the password of role ${describeName(operation.role)}${operation.hashedBy === 'server' ? ', sent as it is for the server to hash' : ''}`
    case 'clearPassword':
      return `clear the password of role ${describeName(operation.role)}`
    case 'setProperty':
      return `${operation.value === null ? 'reset' : 'set'} the ${describeProperty(operation)} of role ${describeName(operation.role)}`
    case 'grantMembership':
      return `grant role ${describeName(operation.role)} to role ${describeName(operation.member)}`
    case 'revokeMembership':
      return `revoke ${operation.option === null ? '' : `${operation.option} option for `}role ${describeName(operation.role)} from role ${describeName(operation.member)}`
    case 'lockRole':
      return `lock role ${describeName(operation.role)} ${lockedAgainst[operation.mode]}`
    case 'createSchema':
      return `create schema ${describeName(operation.schema)}`
    case 'setOwner':
      return `make role ${describeName(operation.owner)} the owner of ${describeObject(operation.object)}`
    case 'grantPrivilege':
      return `grant ${operation.privilege} on ${describeObject(operation.object)} to ${describeGrantee(operation.grantee)}${grantOption(operation)}`
    case 'revokePrivilege':
      return `revoke ${operation.grantOptionOnly ? 'grant option for ' : ''}${operation.privilege} on ${describeObject(operation.object)} from ${describeGrantee(operation.grantee)}`
    case 'grantDefaultPrivilege':
      return `grant ${operation.privilege} on ${describeFuture(operation)} to ${describeGrantee(operation.grantee)}${grantOption(operation)}`
    case 'revokeDefaultPrivilege':
      return `revoke ${operation.grantOptionOnly ? 'grant option for ' : ''}${operation.privilege} on ${describeFuture(operation)} from ${describeGrantee(operation.grantee)}`
    case 'setPolicyRoles':
      return `make ${describePolicy(operation)} one for ${operation.roles.map(describeGrantee).join(', ')} only`
    case 'dropPolicy':
      return `drop ${describePolicy(operation)}`
    case 'dropUserMapping':
      return `drop the user mapping of role ${describeName(operation.role)} for foreign server ${describeName(operation.server)}`
  }
}
