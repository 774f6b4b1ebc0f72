import type { Future } from './future-objects.ts'
import { type ObjectName, objectKinds } from './object-kind.ts'
import type { GrantMembership, LockRole, Operation, SetPassword } from './operation.ts'
import type { Privilege } from './privilege.ts'
import { quoteIdent, quoteLiteral, quoteQualified } from './quote.ts'

/** How statements name an object: quoted parts, but for types, operators and an oid, which are in SQL already. */
const objectInSql = ({ kind, name }: ObjectName): string => {
  const [first, second, ...more] = name
  switch (kind) {
    case 'function':
    case 'procedure':
      return `${quoteQualified([first!, second!])}(${more.join(', ')})`
    case 'operator':
      return `${quoteIdent(first!)}.${second} (${more.join(', ')})`
    case 'operator class':
    case 'operator family':
      return `${quoteQualified([first!, second!])} USING ${quoteIdent(more[0]!)}`
    case 'large object':
      return first!
    default:
      return quoteQualified(name)
  }
}

/** How GRANT and REVOKE name a privilege on an object: `SELECT ON TABLE "s"."t"`, `SELECT ("c") ON TABLE "s"."t"`. */
const privilegeOn = ({ kind, name }: ObjectName, privilege: Privilege): string => {
  const { grantKeyword } = objectKinds[kind]
  if (kind !== 'column') return `${privilege} ON ${grantKeyword} ${objectInSql({ kind, name })}`
  return `${privilege} (${quoteIdent(name[2]!)}) ON ${grantKeyword} ${quoteQualified(name.slice(0, 2))}`
}

const grantee = (role: string): string => (role === 'public' ? 'PUBLIC' : quoteIdent(role))

export const revokeStatement = (revoked: {
  readonly object: ObjectName
  readonly privilege: Privilege
  readonly grantee: string
  readonly grantOptionOnly?: boolean
}): string =>
  `REVOKE ${revoked.grantOptionOnly ? 'GRANT OPTION FOR ' : ''}${privilegeOn(revoked.object, revoked.privilege)} FROM ${grantee(revoked.grantee)}`

const alterDefaults = ({ owner, schema }: Future): string =>
  `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteIdent(owner)}${schema === null ? '' : ` IN SCHEMA ${quoteIdent(schema)}`}`

export const revokeDefaultStatement = (
  revoked: Future & {
    readonly privilege: Privilege
    readonly grantee: string
    readonly grantOptionOnly?: boolean
  },
): string =>
  `${alterDefaults(revoked)} REVOKE ${revoked.grantOptionOnly ? 'GRANT OPTION FOR ' : ''}${revoked.privilege} ON ${revoked.on.toUpperCase()} FROM ${grantee(revoked.grantee)}`

/** `newOwner` as it stands in SQL: a quoted name, or CURRENT_USER. */
export const ownershipStatement = ({ kind, name }: ObjectName, newOwner: string): string =>
  `ALTER ${objectKinds[kind].ownerKeyword} ${objectInSql({ kind, name })} OWNER TO ${newOwner}`

const word = (option: boolean): string => (option ? 'TRUE' : 'FALSE')

const grantMembershipStatement = (granted: GrantMembership): string => {
  const { role, member, grantor, admin, options, namesGrantor } = granted
  const withOptions = options
    ? ` WITH ${admin ? 'ADMIN TRUE, ' : ''}INHERIT ${word(options.inherit)}, SET ${word(options.set)}`
    : admin
      ? ' WITH ADMIN OPTION'
      : ''
  const grantedBy = namesGrantor ? ` GRANTED BY ${quoteIdent(grantor)}` : ''
  return `GRANT ${quoteIdent(role)} TO ${quoteIdent(member)}${withOptions}${grantedBy}`
}

export const revokeMembershipStatement = (revoked: {
  readonly role: string
  readonly member: string
  readonly grantor?: string | null
  readonly adminOptionOnly?: boolean
}): string => {
  const { role, member, grantor = null, adminOptionOnly = false } = revoked
  const grantedBy = grantor === null ? '' : ` GRANTED BY ${quoteIdent(grantor)}`
  return `REVOKE ${adminOptionOnly ? 'ADMIN OPTION FOR ' : ''}${quoteIdent(role)} FROM ${quoteIdent(member)}${grantedBy}`
}

/**
 * From 16 on a setting can make whoever creates a role a member of it besides what a plan says. For a session whose
 * search path begins with pg_catalog.
 * @see https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-CREATEROLE-SELF-GRANT
 */
export const noSelfGrantStatement: string =
  "SELECT set_config(name, '', true) FROM pg_settings WHERE name = 'createrole_self_grant'"

/** Sets a password by its verifier: what a password is never sent as is itself. */
export const passwordStatement = (role: string, verifier: string): string =>
  `ALTER ROLE ${quoteIdent(role)} PASSWORD ${quoteLiteral(verifier)}`

/**
 * Without any option ALTER ROLE writes the role again as it is, which two transactions cannot do at once: the second waits,
 * and fails if the first commits. To reset a setting takes a lock that only DROP ROLE waits for; that one can have no value
 * but its default since PostgreSQL 9.5, so that nobody misses it.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (AlterRole, AlterRoleSet)
 */
const lockStatement = ({ role, mode }: LockRole): string =>
  `ALTER ROLE ${quoteIdent(role)}${mode === 'share' ? ' RESET ssl_renegotiation_limit' : ''}`

/** The statement of an operation, without a semicolon. A password is none: its verifier is in no plan. */
export const statementOf = (operation: Exclude<Operation, SetPassword>): string => {
  switch (operation.kind) {
    case 'createRole':
      return `CREATE ROLE ${quoteIdent(operation.role)}`
    case 'dropRole':
      return `DROP ROLE ${quoteIdent(operation.role)}`
    case 'setAttribute':
      return `ALTER ROLE ${quoteIdent(operation.role)} ${operation.value ? '' : 'NO'}${operation.attribute}`
    case 'setValidUntil':
      return `ALTER ROLE ${quoteIdent(operation.role)} VALID UNTIL ${quoteLiteral(operation.validUntil)}`
    case 'clearPassword':
      return `ALTER ROLE ${quoteIdent(operation.role)} PASSWORD NULL`
    case 'grantMembership':
      return grantMembershipStatement(operation)
    case 'revokeMembership':
      return revokeMembershipStatement(operation)
    case 'lockRole':
      return lockStatement(operation)
    case 'createSchema':
      return `CREATE SCHEMA ${quoteIdent(operation.schema)} AUTHORIZATION ${quoteIdent(operation.owner)}`
    case 'setOwner':
      return ownershipStatement(operation.object, quoteIdent(operation.owner))
    case 'grantPrivilege':
      return `GRANT ${privilegeOn(operation.object, operation.privilege)} TO ${grantee(operation.grantee)}${operation.grantable ? ' WITH GRANT OPTION' : ''}`
    case 'revokePrivilege':
      return revokeStatement(operation)
    case 'grantDefaultPrivilege':
      return `${alterDefaults(operation)} GRANT ${operation.privilege} ON ${operation.on.toUpperCase()} TO ${grantee(operation.grantee)}${operation.grantable ? ' WITH GRANT OPTION' : ''}`
    case 'revokeDefaultPrivilege':
      return revokeDefaultStatement(operation)
  }
}
