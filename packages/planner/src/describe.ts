import { isPattern, type Grant, type Pattern, type TablePattern } from './grant.ts'
import type { Effect } from './effects.ts'
import type { Fact } from './fact.ts'
import type { ObjectName } from './object-kind.ts'
import type { Operation, Served } from './operation.ts'
import type { Request } from './request.ts'
import type { Unmanaged } from './snapshot.ts'

/** A name inside a sentence or a comment. Escaped as in JSON: a newline in it must not end the comment. */
export const describeName = (name: string): string => JSON.stringify(name)

/** `table "s"."t"`. */
export const describeObject = (object: ObjectName): string => {
  if (object.kind === 'column') {
    const [schema, table, column] = object.name as readonly [string, string, string]
    return `column ${describeName(column)} of ${describeObject({ kind: 'table', name: [schema, table] })}`
  }
  if (object.kind === 'function' || object.kind === 'procedure') {
    const [schema, routine, parameters] = object.name as readonly [string, string, string]
    return `${object.kind} ${describeName(schema)}.${describeName(routine)}(${describeName(parameters).slice(1, -1)})`
  }
  return `${object.kind} ${object.name.map(describeName).join('.')}`
}

/** As in JavaScript, but without what would end a comment. */
const describePattern = ({ source, flags = '' }: Pattern): string =>
  `/${source.replaceAll(/[\p{Control}\p{Surrogate}]/gu, (character) => JSON.stringify(character).slice(1, -1))}/${flags}`

const describeTarget = (object: ObjectName | TablePattern): string =>
  isPattern(object)
    ? `the tables of schema ${describeName(object.schema)} that match ${describePattern(object.pattern)}`
    : describeObject(object)

/** What a grant asks for, as it would follow “cannot grant”. */
export const describeGrant = (grant: Grant): string => {
  switch (grant.kind) {
    case 'attribute':
      return grant.attribute
    case 'privilege':
      return `${grant.privilege} on ${describeTarget(grant.object)}${grant.direct ? ' directly' : ''}`
    case 'ownership':
      return `ownership of ${describeObject(grant.object)}`
    case 'membership':
      return `membership in role ${describeName(grant.role)}`
  }
}

/** What is asked for, as it would follow “pgsr”. */
export const describeRequest = (request: Request): string =>
  request.kind === 'sync'
    ? `syncs ${request.desired.map(({ role }) => describeName(role)).join(', ')}`
    : 'drops unused roles'

/** What an intermediate role is for. */
export const describeServed = ({ privilege, object }: Served): string =>
  `${privilege} on ${describeObject(object)}`

/** A fact in words, as it would follow the name of the role it is about. */
export const describeFact = (fact: Fact): string => {
  switch (fact.kind) {
    case 'role':
      return 'existence'
    case 'attribute':
      return fact.attribute
    case 'membership':
      return `membership in role ${describeName(fact.role)}${fact.admin ? ' with ADMIN option' : ''}, granted by ${describeName(fact.grantor)}`
    case 'ownership':
      return `ownership of ${describeObject(fact.object)}`
    case 'privilege':
      return `${fact.privilege} on ${describeObject(fact.object)}${fact.grantable ? ' with grant option' : ''}, granted by ${describeName(fact.grantor)}`
  }
}

/** What a role gains or loses, as a sentence. */
export const describeEffect = ({ role, change, fact }: Effect): string =>
  `role ${describeName(role)} ${change} ${describeFact(fact)}`

export const describeUnmanaged = ({ role, kind, description }: Unmanaged): string =>
  `role ${describeName(role)}: ${kind}: ${describeName(description)}`

/** An operation in words, as it would follow “cannot”. */
export const describeOperation = (operation: Operation): string => {
  switch (operation.kind) {
    case 'createRole':
      return `create role ${describeName(operation.role)}`
    case 'dropRole':
      return `drop role ${describeName(operation.role)}`
    case 'setLogin':
      return `${operation.login ? 'let' : 'no longer let'} role ${describeName(operation.role)} log in`
    case 'setInherit':
      return `let role ${describeName(operation.role)} ${operation.inherit ? 'inherit' : 'no longer inherit'}`
    case 'setValidUntil':
      return `set until when the password of role ${describeName(operation.role)} is valid`
    case 'setPassword':
      return `set the password of role ${describeName(operation.role)}`
    case 'clearPassword':
      return `clear the password of role ${describeName(operation.role)}`
    case 'grantMembership':
      return `grant role ${describeName(operation.role)} to role ${describeName(operation.member)}`
    case 'revokeMembership':
      return `revoke ${operation.adminOptionOnly ? 'ADMIN option for ' : ''}role ${describeName(operation.role)} from role ${describeName(operation.member)}`
    case 'createSchema':
      return `create schema ${describeName(operation.schema)}`
    case 'setOwner':
      return `make role ${describeName(operation.owner)} the owner of ${describeObject(operation.object)}`
    case 'grantPrivilege':
      return `grant ${operation.privilege} on ${describeObject(operation.object)} to role ${describeName(operation.grantee)}`
    case 'revokePrivilege':
      return `revoke ${operation.grantOptionOnly ? 'grant option for ' : ''}${operation.privilege} on ${describeObject(operation.object)} from role ${describeName(operation.grantee)}`
  }
}
