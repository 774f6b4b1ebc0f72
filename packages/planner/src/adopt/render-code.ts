import type { DesiredRole } from '../model/desired-role.ts'
import { describeName } from '../model/describe.ts'
import type { Grant } from '../model/grant.ts'
import { InvalidGrantError } from '../model/invalid-grant.ts'
import { checkOptionNames } from '../model/option-names.ts'
import { isNamed, type Target } from '../model/target.ts'
import { schemaOf } from '../postgres/object-kind.ts'
import { append, flatMap } from '../util/collections.ts'
import { elementsOf } from './level-code.ts'
import { literal, textLiteral } from './literals.ts'

/** How desired roles are written as code. */
export interface RenderCodeOptions {
  /** The module that the code imports from. Default: `@pgsr/node-postgres`. */
  readonly module?: string
  /** The name that the code exports the roles by. Default: `roles`. */
  readonly name?: string
}

/** The most characters in a line that could also be several. */
const width = 100

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`)

/** A list on one line if it is short, else with an element on each line. */
const list = (before: string, elements: readonly string[], after: string): readonly string[] => {
  const line = `${before}[${elements.join(', ')}]${after}`
  return line.length <= width && elements.length < 3
    ? [line]
    : [`${before}[`, ...indented(elements.map((element) => `${element},`)), `]${after}`]
}

/** The code of a role’s grants: those that only it has, and those that others may share. */
interface Parts {
  readonly desired: DesiredRole
  readonly own: readonly string[]
  readonly rest: readonly string[]
}

const isOwn = ({ kind }: Grant): boolean => kind === 'attribute' || kind === 'membership'

/** Divides the grants of a role after the last one that is about the role itself. */
const partsOf = (desired: DesiredRole): Parts => {
  const { grants } = desired
  const start = grants.findLastIndex(isOwn) + 1
  return { desired, own: elementsOf(grants.slice(0, start)), rest: elementsOf(grants.slice(start)) }
}

const schemaIn = (target: Target): string | undefined =>
  isNamed(target) ? (target.kind === 'schema' ? target.name[0] : schemaOf(target)) : target.schema

/** The schema that all grants are about. */
const onlySchema = (grants: readonly Grant[]): string | undefined => {
  const schemas = new Set(
    flatMap(grants, (grant): readonly (string | null | undefined)[] => {
      if (grant.kind === 'default privilege') return [grant.schema]
      return 'object' in grant ? [schemaIn(grant.object)] : []
    }),
  )
  const [first] = schemas
  return schemas.size === 1 ? (first ?? undefined) : undefined
}

/** An identifier that begins with the words of a text, and that is not used yet. */
const identifier = (text: string, used: Set<string>): string => {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const joined = words
    .map((word, index) => (index === 0 ? word : `${word[0]!.toUpperCase()}${word.slice(1)}`))
    .join('')
  const base = /^[a-z]/.test(joined) ? `${joined}Grants` : 'sharedGrants'
  let name = base
  for (let number = 2; used.has(name); number++) name = `${base}${number}`
  used.add(name)
  return name
}

/** The lists that several roles share, by their code, with a name for each. */
const sharedLists = (all: readonly Parts[], used: Set<string>): ReadonlyMap<string, string> => {
  const byCode = new Map<string, Parts[]>()
  for (const parts of all) append(byCode, parts.rest.join(), parts)
  return new Map(
    flatMap(byCode, ([code, sharing]): readonly (readonly [string, string])[] => {
      const [first] = sharing
      if (sharing.length < 2 || first!.rest.length < 2) return []
      const { grants } = first!.desired
      return [[code, identifier(onlySchema(grants.filter((grant) => !isOwn(grant))) ?? '', used)]]
    }),
  )
}

const roleCode = ({ desired, own, rest }: Parts, shared: string | undefined): readonly string[] => {
  const { role, grants: _, members, ...others } = desired
  const fields = {
    ...others,
    ...(members && { members: members.map((one) => (typeof one === 'string' ? one : { ...one })) }),
  }
  const elements = shared === undefined ? [...own, ...rest] : [...own, `...${shared}`]
  const grants =
    shared !== undefined && own.length === 0 ? [`grants: ${shared}`] : list('grants: ', elements, '')
  const more = Object.entries(fields).map(([field, value]) => `${field}: ${literal(value)}`)
  const line = `{ ${[`role: ${textLiteral(role)}`, ...(grants.length === 1 ? grants : []), ...more].join(', ')} },`
  if (grants.length === 1 && line.length <= width) return [line]
  const last = grants.length - 1
  return [
    '{',
    ...indented([
      `role: ${textLiteral(role)},`,
      ...grants.map((text, index) => (index === last ? `${text},` : text)),
      ...more.map((text) => `${text},`),
    ]),
    '},',
  ]
}

/**
 * Desired roles as TypeScript that a person would write: with access levels, and with what several roles share written once.
 * A password is not written down.
 */
export const renderCode = (desired: readonly DesiredRole[], options: RenderCodeOptions = {}): string => {
  checkOptionNames(options, ['module', 'name'], 'cannot write roles as code')
  const { module = '@pgsr/node-postgres', name = 'roles' } = options
  if (!/^[A-Za-z_$][\w$]*$/.test(name))
    throw new InvalidGrantError({
      field: 'name',
      message: `cannot write roles as code: ${describeName(name)} is not a name that code can export`,
    })
  const all = desired.map(partsOf)
  const shared = sharedLists(all, new Set([name, 'access']))
  const lists = flatMap(shared, ([code, identifierOf]) => {
    const { rest } = all.find((parts) => parts.rest.join() === code)!
    return [...list(`const ${identifierOf}: readonly Grant[] = `, rest, ''), '']
  })
  const roles = flatMap(all, (parts) => roleCode(parts, shared.get(parts.rest.join())))
  const body = [
    ...lists,
    ...(roles.length === 0
      ? [`export const ${name}: readonly DesiredRole[] = []`]
      : [`export const ${name}: readonly DesiredRole[] = [`, ...indented(roles), ']']),
  ].join('\n')
  const used = [
    ...(/\baccess\./.test(body) ? ['access'] : []),
    'type DesiredRole',
    ...(/\bGrant\./.test(body) ? ['Grant'] : /\bGrant\[\]/.test(body) ? ['type Grant'] : []),
    ...(/\bTarget\./.test(body) ? ['Target'] : []),
  ]
  return `import { ${used.join(', ')} } from ${textLiteral(module)}\n\n${body}\n`
}
