import type {
  CreateRole,
  DropUserMapping,
  GrantMembership,
  LockRole,
  Operation,
  SetPassword,
  SetProperty,
} from '../model/operation.ts'
import type { PolicyName } from '../model/mentions.ts'
import { isListOfNames, namesIn, type PropertyName } from '../model/role-property.ts'
import type { Future } from '../postgres/default-privileges.ts'
import { quoteIdent, quoteLiteral, quoteQualified } from '../postgres/identifier.ts'
import type { MembershipOption } from '../postgres/membership-option.ts'
import { type NameSyntax, type ObjectKind, objectKinds, type ObjectName } from '../postgres/object-kind.ts'
import type { Privilege } from '../postgres/privilege.ts'
import { append, flatMap } from '../util/collections.ts'
import type { Group, RoleAlteration, Several } from './group-statements.ts'

/** A setting in SQL. The whole may be longer than a name, but none of its parts is. */
const settingInSql = (setting: string): string => setting.split('.').map(quoteIdent).join('.')

/** How statements spell a name. Types, operators and oids are not quoted. */
const spelledInSql: Readonly<Record<NameSyntax, (parts: readonly string[], kind: ObjectKind) => string>> = {
  routine: ([schema, name, ...types], kind) => {
    const { argumentMode } = objectKinds[kind]
    const all = types.map((type) => (argumentMode === undefined ? type : `${argumentMode} ${type}`))
    return `${quoteQualified([schema!, name!])}(${all.join(', ')})`
  },
  operator: ([schema, operator, ...types]) => `${quoteIdent(schema!)}.${operator} (${types.join(', ')})`,
  'for access method': ([schema, name, method]) =>
    `${quoteQualified([schema!, name!])} USING ${quoteIdent(method!)}`,
  setting: ([setting]) => settingInSql(setting!),
  oid: ([oid]) => oid!,
}

const objectInSql = ({ kind, name }: ObjectName): string => {
  const { syntax } = objectKinds[kind]
  return syntax === undefined ? quoteQualified(name) : spelledInSql[syntax](name, kind)
}

interface OnObject {
  readonly object: ObjectName
  readonly privilege: Privilege
  readonly grantee: string
}

/** A list without duplicates. Each value is written once: operations on all combinations have each value many times. */
const listOf = <T>(
  all: readonly T[],
  valueOf: (one: T) => string,
  inSql: (value: string) => string = (value) => value,
): string => [...new Set(all.map(valueOf))].map(inSql).join(', ')

/** `SELECT ("a", "b"), UPDATE ("a")`: by privilege, the columns. */
const privilegesOnColumns = (all: readonly OnObject[]): string => {
  const columns = new Map<Privilege, string[]>()
  for (const { privilege, object } of all) append(columns, privilege, quoteIdent(object.name[2]!))
  return [...columns]
    .map(([privilege, names]) => `${privilege} (${listOf(names, (name) => name)})`)
    .join(', ')
}

/** Privileges on objects of one kind, as GRANT and REVOKE name them: `SELECT, INSERT ON TABLE "s"."t", "s"."u"`. */
const privilegesOn = (all: Several<OnObject>): string => {
  const { kind } = all[0].object
  const isColumn = kind === 'column'
  const privileges = isColumn ? privilegesOnColumns(all) : listOf(all, ({ privilege }) => privilege)
  const objects = listOf(all, ({ object }) =>
    isColumn ? quoteQualified(object.name.slice(0, 2)) : objectInSql(object),
  )
  return `${privileges} ON ${objectKinds[kind].grantKeyword} ${objects}`
}

const grantees = (all: readonly { readonly grantee: string }[]): string =>
  listOf(
    all,
    ({ grantee }) => grantee,
    (grantee) => (grantee === 'public' ? 'PUBLIC' : quoteIdent(grantee)),
  )

type RevokedPrivilege = OnObject & { readonly grantOptionOnly?: boolean }

const revokePrivileges = (all: Several<RevokedPrivilege>): string =>
  `REVOKE ${all[0].grantOptionOnly ? 'GRANT OPTION FOR ' : ''}${privilegesOn(all)} FROM ${grantees(all)}`

export const revokeStatement = (revoked: RevokedPrivilege): string => revokePrivileges([revoked])

const alterDefaults = ({ owner, schema }: Future): string =>
  `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteIdent(owner)}${schema === null ? '' : ` IN SCHEMA ${quoteIdent(schema)}`}`

interface OnFuture extends Future {
  readonly privilege: Privilege
  readonly grantee: string
}

const futurePrivileges = (all: Several<OnFuture>): string =>
  `${listOf(all, ({ privilege }) => privilege)} ON ${all[0].on.toUpperCase()}`

type RevokedDefault = OnFuture & { readonly grantOptionOnly?: boolean }

const revokeDefaults = (all: Several<RevokedDefault>): string =>
  `${alterDefaults(all[0])} REVOKE ${all[0].grantOptionOnly ? 'GRANT OPTION FOR ' : ''}${futurePrivileges(all)} FROM ${grantees(all)}`

export const revokeDefaultStatement = (revoked: RevokedDefault): string => revokeDefaults([revoked])

/** `newOwner` as it stands in SQL: a quoted name, or CURRENT_USER. */
export const ownershipStatement = ({ kind, name }: ObjectName, newOwner: string): string =>
  `ALTER ${objectKinds[kind].ownerKeyword} ${objectInSql({ kind, name })} OWNER TO ${newOwner}`

const word = (option: boolean): string => (option ? 'TRUE' : 'FALSE')

const roles = (all: readonly { readonly role: string }[]): string =>
  listOf(all, ({ role }) => role, quoteIdent)

const members = (all: readonly { readonly member: string }[]): string =>
  listOf(all, ({ member }) => member, quoteIdent)

const grantMemberships = (all: Several<GrantMembership>): string => {
  const { grantor, admin, options, namesGrantor } = all[0]
  const withOptions = options
    ? ` WITH ${admin ? 'ADMIN TRUE, ' : ''}INHERIT ${word(options.inherit)}, SET ${word(options.set)}`
    : admin
      ? ' WITH ADMIN OPTION'
      : ''
  const grantedBy = namesGrantor ? ` GRANTED BY ${quoteIdent(grantor)}` : ''
  return `GRANT ${roles(all)} TO ${members(all)}${withOptions}${grantedBy}`
}

interface RevokedMembership {
  readonly role: string
  readonly member: string
  readonly grantor?: string | null
  readonly option?: MembershipOption | null
}

const revokeMemberships = (all: Several<RevokedMembership>): string => {
  const { grantor = null, option = null } = all[0]
  const grantedBy = grantor === null ? '' : ` GRANTED BY ${quoteIdent(grantor)}`
  return `REVOKE ${option === null ? '' : `${option} OPTION FOR `}${roles(all)} FROM ${members(all)}${grantedBy}`
}

export const revokeMembershipStatement = (revoked: RevokedMembership): string => revokeMemberships([revoked])

/**
 * Clears a setting by which, from 16 on, the creator of a role becomes a member of it, which is not in the
 * plan. Servers before 16 do not know the setting. For a session whose search path begins with pg_catalog.
 * @see https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-CREATEROLE-SELF-GRANT
 */
export const noSelfGrantStatement: string = `SELECT set_config('createrole_self_grant', '', true)
  WHERE current_setting('createrole_self_grant', true) IS NOT NULL`

/** @param sent the verifier of the password, or, where the server is to hash it, the password itself */
export const passwordStatement = (role: string, sent: string): string =>
  `ALTER ROLE ${quoteIdent(role)} PASSWORD ${quoteLiteral(sent)}`

/**
 * ALTER ROLE without options rewrites the role as it is, which two transactions cannot do at once: the second waits,
 * and fails if the first commits. Resetting a setting takes a lock that only DROP ROLE waits for. This setting has had
 * no value but its default since PostgreSQL 9.5, so nobody misses it.
 * @see https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/commands/user.c (AlterRole, AlterRoleSet)
 */
const lockRole = ({ role, mode }: LockRole): string =>
  `ALTER ROLE ${quoteIdent(role)}${mode === 'share' ? ' RESET ssl_renegotiation_limit' : ''}`

/** The value of a setting. A list of names has a literal for each. */
const settingValueInSql = (setting: string, value: string): string =>
  ((isListOfNames(setting) ? namesIn(value) : undefined) ?? [value])
    .map((one) => quoteLiteral(one).trim())
    .join(', ')

export const setPropertyStatement = ({
  role,
  property,
  setting,
  database,
  value,
}: Pick<SetProperty, 'role' | 'value'> & PropertyName): string => {
  if (property === 'comment')
    return `COMMENT ON ROLE ${quoteIdent(role)} IS ${value === null ? 'NULL' : quoteLiteral(value).trim()}`
  const alter = `ALTER ROLE ${quoteIdent(role)}`
  if (setting === undefined) return `${alter} CONNECTION LIMIT ${value ?? '-1'}`
  const where = database === undefined ? '' : ` IN DATABASE ${quoteIdent(database)}`
  return value === null
    ? `${alter}${where} RESET ${settingInSql(setting)}`
    : `${alter}${where} SET ${settingInSql(setting)} = ${settingValueInSql(setting, value)}`
}

const policyInSql = ({ policy, table }: PolicyName): string =>
  `POLICY ${quoteIdent(policy)} ON ${objectInSql(table)}`

/** @param to the roles that the policy is for. If there is none, it is dropped: a policy is always for some role */
export const policyStatement = (name: PolicyName, to: readonly string[]): string =>
  to.length === 0
    ? `DROP ${policyInSql(name)}`
    : `ALTER ${policyInSql(name)} TO ${grantees(to.map((grantee) => ({ grantee })))}`

export const dropMappingStatement = ({ role, server }: Pick<DropUserMapping, 'role' | 'server'>): string =>
  `DROP USER MAPPING FOR ${quoteIdent(role)} SERVER ${quoteIdent(server)}`

/** The clause of ALTER ROLE for one change. */
const alteration = (operation: RoleAlteration): string => {
  switch (operation.kind) {
    case 'setAttribute':
      return `${operation.value ? '' : 'NO'}${operation.attribute}`
    case 'setValidUntil':
      return `VALID UNTIL ${quoteLiteral(operation.validUntil)}`
    case 'clearPassword':
      return 'PASSWORD NULL'
  }
}

const alterRole = (all: Several<RoleAlteration>): string =>
  `ALTER ROLE ${quoteIdent(all[0].role)} ${all.map(alteration).join(' ')}`

/** @param rest further changes of the role */
const createRole = ([{ role }, ...rest]: Several<CreateRole | RoleAlteration>): string =>
  [
    `CREATE ROLE ${quoteIdent(role)}`,
    ...flatMap(rest, (one) => (one.kind === 'createRole' ? [] : [alteration(one)])),
  ].join(' ')

type Rendered = Exclude<Operation, SetPassword>

/** By kind: the statement for some operations. Kinds whose statements take no lists come one at a time. */
const statements: {
  readonly [K in Rendered['kind']]: (all: Several<Extract<Rendered, { readonly kind: K }>>) => string
} = {
  createRole,
  dropRole: (all) => `DROP ROLE ${roles(all)}`,
  setAttribute: alterRole,
  setValidUntil: alterRole,
  clearPassword: alterRole,
  grantMembership: grantMemberships,
  revokeMembership: revokeMemberships,
  setProperty: ([one]) => setPropertyStatement(one),
  lockRole: ([lock]) => lockRole(lock),
  createSchema: ([{ schema, owner }]) =>
    `CREATE SCHEMA ${quoteIdent(schema)} AUTHORIZATION ${quoteIdent(owner)}`,
  setOwner: ([{ object, owner }]) => ownershipStatement(object, quoteIdent(owner)),
  grantPrivilege: (all) =>
    `GRANT ${privilegesOn(all)} TO ${grantees(all)}${all[0].grantable ? ' WITH GRANT OPTION' : ''}`,
  revokePrivilege: revokePrivileges,
  grantDefaultPrivilege: (all) =>
    `${alterDefaults(all[0])} GRANT ${futurePrivileges(all)} TO ${grantees(all)}${all[0].grantable ? ' WITH GRANT OPTION' : ''}`,
  revokeDefaultPrivilege: revokeDefaults,
  setPolicyRoles: ([one]) => policyStatement(one, one.roles),
  dropPolicy: ([one]) => policyStatement(one, []),
  dropUserMapping: ([one]) => dropMappingStatement(one),
}

/**
 * The statement of a group of operations, without a semicolon. Setting a password has none: plans contain no verifiers.
 * @see groupsOf
 */
export const statementOfGroup = (group: Group<Rendered>): string =>
  (statements[group[0].kind] as (all: Group<Rendered>) => string)(group)

/** The statement that does one operation by itself. */
export const statementOf = (operation: Rendered): string => statementOfGroup([operation])
