import type { Grant, OwnershipGrant, PrivilegeGrant } from '../model/grant.ts'
import { isAll, isPattern, type Pattern, type Target } from '../model/target.ts'
import { type ObjectKind, objectKinds, plural } from '../postgres/object-kind.ts'
import { call, listLiteral, objectLiteral, textLiteral } from './literals.ts'

/** The function of `Target` for a kind is called as the kind, but for this one. */
const statistics: ObjectKind = 'statistics object'

const camel = (words: string): string =>
  words.replaceAll(/[ -](\w)/g, (_, letter: string) => letter.toUpperCase())

const functionFor = (kind: ObjectKind): string => `Target.${kind === statistics ? 'statistics' : camel(kind)}`

const functionForAll = (kind: ObjectKind): string =>
  `Target.${camel(`all ${kind === statistics ? 'statistics' : plural(kind)}`)}`

/** A regular expression, or the plain data if its literal would have another source. */
const patternCode = ({ source, flags = '' }: Pattern): string => {
  const expression = new RegExp(source, flags)
  return expression.source === source && expression.flags === flags
    ? String(expression)
    : `{ source: ${textLiteral(source)}, flags: ${textLiteral(flags)} }`
}

/** The schema and the name, as the functions for what is in a schema take them. */
const nameCode = (target: Target): readonly string[] => {
  if (isAll(target)) return [textLiteral(target.schema)]
  if (isPattern(target)) return [textLiteral(target.schema), patternCode(target.pattern)]
  return target.name.slice(0, objectKinds[target.kind].parts.length).map(textLiteral)
}

const targetCode = (target: Target): string => {
  const { kind } = target
  if (isAll(target)) return call(functionForAll(kind), ...nameCode(target))
  if (kind === 'column') {
    const columns = isPattern(target) ? (target.columns ?? []) : target.name.slice(2)
    return call('Target.table', ...nameCode(target).slice(0, 2), objectLiteral({ columns }))
  }
  const types = isPattern(target) ? [] : target.name.slice(objectKinds[kind].parts.length)
  return call(functionFor(kind), ...nameCode(target), types.length === 0 ? undefined : listLiteral(types))
}

/** The functions for one privilege on one kind of object. */
const shorthands: Readonly<Record<string, string>> = {
  'CONNECT database': 'Grant.databaseConnect',
  'USAGE schema': 'Grant.schemaUsage',
  'CREATE schema': 'Grant.schemaCreate',
  'SELECT table': 'Grant.tableSelect',
}

const privilegeCode = ({ privileges, object, direct, grantable }: PrivilegeGrant): string => {
  const shorthand = grantable || isAll(object) ? undefined : shorthands[`${privileges.join()} ${object.kind}`]
  const options = objectLiteral({ ...(direct && { direct }), ...(grantable && { grantable }) })
  return shorthand === undefined
    ? call('Grant.privilege', targetCode(object), listLiteral(privileges), options)
    : call(shorthand, ...nameCode(object), options)
}

const ownershipCode = ({ object }: OwnershipGrant): string => {
  if (isAll(object)) return call('Grant.ownership', targetCode(object))
  if (object.kind === 'schema') return call('Grant.schemaOwnership', ...nameCode(object))
  if (object.kind === 'table') return call('Grant.tableOwnership', ...nameCode(object))
  return call('Grant.ownership', targetCode(object))
}

/** A grant as the call that builds it. A password is never written down. */
export const grantCode = (grant: Grant): string => {
  switch (grant.kind) {
    case 'attribute': {
      if (grant.attribute !== 'LOGIN') return call('Grant.attribute', textLiteral(grant.attribute))
      const { validUntil, password } = grant
      const code = call(
        'Grant.login',
        objectLiteral({ validUntil: validUntil === 'infinity' ? undefined : validUntil }),
      )
      return password === 'keep' ? code : `${code} /* its password is not written down */`
    }
    case 'privilege':
      return privilegeCode(grant)
    case 'ownership':
      return ownershipCode(grant)
    case 'membership': {
      const { role, admin, inherit, set } = grant
      return call('Grant.roleMembership', textLiteral(role), objectLiteral({ admin, inherit, set }))
    }
    case 'default privilege': {
      const { owner, schema, on, privileges, grantable } = grant
      return call(
        'Grant.defaultPrivilege',
        objectLiteral({ owner, schema: schema ?? undefined, on }),
        listLiteral(privileges),
        objectLiteral({ ...(grantable && { grantable }) }),
      )
    }
  }
}
